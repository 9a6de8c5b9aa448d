"""Reader of SEN3 manifests, ours and the agencies': what tests compare products with."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from pydantic import Field

from refsys.chains.safe_xml import parse_xml
from refsys.chains.sentinel3.sen3 import GML, MANIFEST, SAFE, SENTINEL3, Sen3Object
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.times import parse_time
from refsys.model.values import UtcTime, Value

_LIMIT_BYTES = 64 << 20


class Sen3Manifest(Value):
    """What a manifest, ours or an agency's, says in the fields that both have."""

    product_name: str
    product_type: str
    satellite: str
    start: UtcTime
    stop: UtcTime
    creation_time: UtcTime | None = Field(None, description="To the second, as SEN3 manifests write it.")
    footprint: tuple[tuple[float, float], ...] = ()
    objects: tuple[Sen3Object, ...]


def read_manifest(folder: Path) -> Sen3Manifest:
    """Read the manifest of a SEN3 folder.

    Raises
    ------
    InputMissing
        No manifest.
    InputCorrupt
        A manifest without one of its mandatory fields, or with one that does not parse.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputMissing(f"no {MANIFEST}", where=folder)
    root = parse_xml(path, _LIMIT_BYTES)
    created = root.findtext(f".//{{{SENTINEL3}}}generalProductInformation/{{{SENTINEL3}}}creationTime")
    try:
        return Sen3Manifest(
            product_name=_text(root, path, f"{{{SENTINEL3}}}productName"),
            product_type=_text(root, path, f"{{{SENTINEL3}}}productType"),
            satellite=_text(root, path, f"{{{SAFE}}}platform/{{{SAFE}}}number"),
            start=parse_time(_text(root, path, f"{{{SAFE}}}acquisitionPeriod/{{{SAFE}}}startTime")),
            stop=parse_time(_text(root, path, f"{{{SAFE}}}acquisitionPeriod/{{{SAFE}}}stopTime")),
            creation_time=None if created is None else parse_time(created),
            footprint=_footprint(root.findtext(f".//{{{GML}}}posList") or ""),
            objects=tuple(_listed(root)),
        )
    except ValueError as error:
        if isinstance(error, InputCorrupt):
            raise
        raise InputCorrupt(f"a field of the manifest does not parse: {error}", where=path) from error


def check_objects(folder: Path, manifest: Sen3Manifest) -> None:
    """Compare every file that the manifest lists with what lies in the folder.

    Raises
    ------
    InputMissing
        A listed file is absent.
    InputCorrupt
        A path that leaves the folder, or a size or MD5 that differs.
    """
    for item in manifest.objects:
        path = folder / item.path
        if not path.resolve().is_relative_to(folder.resolve()):
            raise InputCorrupt(f"the manifest lists {item.path!r}, outside the product", where=folder)
        if not path.is_file():
            raise InputMissing(f"{item.path} is in the manifest and not in the product", where=folder)
        found = path.stat().st_size
        if found != item.size_bytes:
            raise InputCorrupt(f"{item.path} has {found} bytes, the manifest says {item.size_bytes}", where=folder)
        if _md5(path) != item.md5.lower():
            raise InputCorrupt(f"{item.path} has another MD5 than the manifest says", where=folder)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _text(root: etree._Element, path: Path, where: str) -> str:
    text = root.findtext(f".//{where}")
    if text is None or not text.strip():
        name = where.rpartition("}")[2]
        raise InputCorrupt(f"the manifest has no {name}", where=path, hint="is this a Sentinel-3 product?")
    return text.strip()


def _listed(root: etree._Element) -> Iterator[Sen3Object]:
    for stream in root.iterfind("dataObjectSection/dataObject/byteStream"):
        place = stream.find("fileLocation")
        href = "" if place is None else place.get("href", "")
        yield Sen3Object(
            path=href.removeprefix("./"), size_bytes=int(stream.get("size", "")), md5=stream.findtext("checksum") or ""
        )


def _footprint(text: str) -> tuple[tuple[float, float], ...]:
    numbers = [float(word) for word in text.split()]
    if len(numbers) % 2:
        raise ValueError(f"posList of {len(numbers)} numbers, not of pairs")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
