"""Annotation, calibration and noise files, written and read."""

from pathlib import Path
from typing import TypeVar

from lxml import etree

from refsys.chains.safe_xml import parse_xml
from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.annotation_layout import ANNOTATION
from refsys.chains.sentinel1.safe.calibration import CALIBRATION, NOISE, Calibration, Noise
from refsys.chains.sentinel1.safe.xml_layout import Layout
from refsys.model.errors import InputCorrupt

T = TypeVar("T")


def write_annotation(path: Path, annotation: Annotation) -> None:
    """Write the annotation of an image; the same value gives the same bytes (`ValueError`: not a finite number)."""
    _write(path, "product", ANNOTATION, annotation)


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write the calibration file of an image (`ValueError`: not a finite number)."""
    _write(path, "calibration", CALIBRATION, calibration)


def write_noise(path: Path, noise: Noise) -> None:
    """Write the noise file of an image (`ValueError`: not a finite number)."""
    _write(path, "noise", NOISE, noise)


def read_annotation(source: Path | bytes) -> Annotation:
    """Read the annotation of an image.

    Raises
    ------
    InputMissing
        If there is no such file.
    InputCorrupt
        If it is no XML, no annotation, or lacks or misspells an element, which the message names.
    """
    return _read(source, "product", ANNOTATION)


def read_calibration(source: Path | bytes) -> Calibration:
    """Read the calibration file of an image; errors as for `read_annotation`."""
    return _read(source, "calibration", CALIBRATION)


def read_noise(source: Path | bytes) -> Noise:
    """Read the noise file of an image (range and azimuth vectors); errors as for `read_annotation`."""
    return _read(source, "noise", NOISE)


def _write(path: Path, tag: str, layout: Layout[T], value: T) -> None:
    root = etree.Element(tag)
    layout.write(root, value)
    etree.indent(root)
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")


def _read(source: Path | bytes, tag: str, layout: Layout[T]) -> T:
    root = parse_xml(source)
    where = str(source) if isinstance(source, Path) else "XML text"
    if root.tag != tag:
        raise InputCorrupt(f"root element is {root.tag}, not {tag}", where=where)
    return layout.read(root, where)
