"""SEN3 product folders: `xfdumanifest.xml` written.

Layout and element names as in the manifests of real Sentinel-3 products (CCSDS 661.0-B XFDU with the SAFE 1.1 and
Sentinel-3 1.0 vocabularies), in simplified form. What those vocabularies have no word for (quality figures, parameters,
digests of inputs) stands under a namespace of our own.
"""

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from lxml import etree
from pydantic import Field, JsonValue

from refsys.chains.units import ProductDraft, UnitContext
from refsys.model.errors import InputMissing
from refsys.model.names_s3 import S3ProductName
from refsys.model.products import InputRef, Quality
from refsys.model.times import compact_time, format_time
from refsys.model.values import UtcTime, Value, canonical_json

MANIFEST = "xfdumanifest.xml"
XFDU = "urn:ccsds:schema:xfdu:1"
SAFE = "http://www.esa.int/safe/sentinel/1.1"
SENTINEL3 = "http://www.esa.int/safe/sentinel/sentinel-3/1.0"
GML = "http://www.opengis.net/gml"
REFSYS = "urn:refsys:manifest:1"
_PREFIXES = {"xfdu": XFDU, "sentinel-safe": SAFE, "gml": GML, "sentinel3": SENTINEL3, "refsys": REFSYS}
_NSSDC = {"A": "2016-011A", "B": "2018-039A"}
_MIME = {".nc": "application/x-netcdf", ".json": "application/json", ".xml": "text/xml", ".png": "image/png"}
_LIMIT_BYTES = 64 << 20


class Sen3Processing(Value):
    """How a SEN3 product came to be."""

    software: str = Field(description="Distribution and version, for example `refsys 0.1.0`.")
    processor: str
    processor_version: str
    output_level: int = Field(ge=0, le=2)
    parameters: dict[str, JsonValue] = {}
    inputs: tuple[InputRef, ...] = ()
    uuid: str


class Sen3Content(Value):
    """What the manifest of a SEN3 product says, apart from its list of files."""

    product_name: str
    product_type: str
    satellite: str = Field(pattern="^[A-D]$")
    instrument: str = Field(description="Abbreviation, for example `MWR`.")
    instrument_name: str
    start: UtcTime
    stop: UtcTime
    creation_time: UtcTime
    timeliness: str = Field(description="`NR`, `ST` or `NT`.")
    baseline: str = Field(description="Baseline collection, three characters.")
    quality: Quality = Quality.NOMINAL
    figures: dict[str, JsonValue] = {}
    processing: Sen3Processing
    footprint: tuple[tuple[float, float], ...] = Field((), description="Latitude, longitude in degrees; empty: none.")


class Sen3Object(Value):
    """One file that a manifest lists."""

    path: str = Field(description="Below the product's folder, with forward slashes.")
    size_bytes: int
    md5: str


def write_manifest(folder: Path, content: Sen3Content, descriptions: Mapping[str, str]) -> Path:
    """Write `xfdumanifest.xml` over all files that lie in a product folder, in order of their paths.

    Same files and same content give the same bytes.

    Parameters
    ----------
    folder
        The product folder, complete but for its manifest.
    content
        What the manifest says.
    descriptions
        For each file or folder at the top of the product one sentence.

    Returns
    -------
    The manifest's path.

    Raises
    ------
    InputMissing
        A description of something that is not in the folder, or something without description.
    """
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if wrong := sorted(present.symmetric_difference(descriptions)):
        raise InputMissing(f"files and descriptions of the product differ: {', '.join(wrong)}", where=folder.name)
    objects = list(_objects(folder))
    root = etree.Element(etree.QName(XFDU, "XFDU"), nsmap=_PREFIXES)
    root.set("version", f"refsys/sen3/{content.product_type.rstrip('_')}/1")
    _package_map(root, content, descriptions, objects)
    _metadata(root, content, sum(item.size_bytes for item in objects))
    _data_objects(root, objects)
    etree.indent(root)
    path = folder / MANIFEST
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")
    return path


def content_of(
    context: UnitContext,
    draft: ProductDraft,
    *,
    instrument: tuple[str, str],
    parameters: Value,
    inputs: tuple[InputRef, ...],
    footprint: tuple[tuple[float, float], ...] = (),
) -> Sen3Content:
    """Return what the manifest of a product says, taken from its draft, its name and the step that made it.

    Parameters
    ----------
    context
        Of the unit.
    draft
        The product; its name follows the Sentinel-3 convention.
    instrument
        Abbreviation and name.
    parameters
        Of the unit.
    inputs
        What the product was made from.
    footprint
        Latitude and longitude in degrees of each point.
    """
    name = S3ProductName.parse(draft.name)
    return Sen3Content(
        product_name=draft.name,
        product_type=draft.product_type,
        satellite=draft.satellite,
        instrument=instrument[0],
        instrument_name=instrument[1],
        start=draft.start,
        stop=draft.stop,
        creation_time=draft.creation_time,
        timeliness=name.class_id[2:4],
        baseline=name.class_id[5:8],
        quality=draft.quality,
        figures=draft.figures,
        processing=Sen3Processing(
            software=f"refsys {version('refsys')}",
            processor=context.step.processor,
            processor_version=context.step.processor_version,
            output_level=int(name.level),
            parameters=parameters.plain(),
            inputs=inputs,
            uuid=context.volatile(draft.name).uuid,
        ),
        footprint=footprint,
    )


def _objects(folder: Path) -> Iterator[Sen3Object]:
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        if path.is_file() and path != folder / MANIFEST:
            yield Sen3Object(path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, md5=_md5(path))


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _package_map(
    root: etree._Element, content: Sen3Content, descriptions: Mapping[str, str], objects: list[Sen3Object]
) -> None:
    package = _add(_add(root, "informationPackageMap"), etree.QName(XFDU, "contentUnit"))
    package.set("ID", "packageUnit")
    package.set("unitType", "Information Package")
    package.set("textInfo", f"Sentinel-3 {content.instrument} Level {content.processing.output_level}")
    package.set("pdiID", "processing")
    package.set("dmdID", "acquisitionPeriod platform generalProductInformation measurementQualityInformation")
    for number, top in enumerate(sorted(descriptions), 1):
        unit = _add(package, etree.QName(XFDU, "contentUnit"))
        unit.set("ID", f"unit{number}")
        unit.set("unitType", "Data Unit")
        unit.set("textInfo", descriptions[top])
        for index, item in enumerate(objects):
            if item.path.partition("/")[0] == top:
                _add(unit, "dataObjectPointer").set("dataObjectID", f"data{index + 1}")


def _data_objects(root: etree._Element, objects: list[Sen3Object]) -> None:
    section = _add(root, "dataObjectSection")
    for index, item in enumerate(objects):
        data = _add(section, "dataObject")
        data.set("ID", f"data{index + 1}")
        stream = _add(data, "byteStream")
        stream.set("mimeType", _MIME.get(Path(item.path).suffix, "application/octet-stream"))
        stream.set("size", str(item.size_bytes))
        place = _add(stream, "fileLocation")
        place.set("locatorType", "URL")
        place.set("href", item.path)
        _add(stream, "checksum", item.md5).set("checksumName", "MD5")


def _metadata(root: etree._Element, content: Sen3Content, size_bytes: int) -> None:
    section = _add(root, "metadataSection")
    _processing(_wrapped(section, "processing", "PROVENANCE", "PDI"), content)
    period = _safe(_wrapped(section, "acquisitionPeriod"), "acquisitionPeriod")
    _safe(period, "startTime", format_time(content.start))
    _safe(period, "stopTime", format_time(content.stop))
    platform = _safe(_wrapped(section, "platform"), "platform")
    if content.satellite in _NSSDC:
        _safe(platform, "nssdcIdentifier", _NSSDC[content.satellite])
    _safe(platform, "familyName", "Sentinel-3")
    _safe(platform, "number", content.satellite)
    family = _safe(_safe(platform, "instrument"), "familyName", content.instrument_name)
    family.set("abbreviation", content.instrument)
    _product_information(_wrapped(section, "generalProductInformation"), content, size_bytes)
    _quality(_wrapped(section, "measurementQualityInformation"), content)
    if content.footprint:
        frame = _safe(_wrapped(section, "measurementFrameSet"), "frameSet")
        place = _safe(frame, "footPrint")
        place.set("srsName", "http://www.opengis.net/def/crs/EPSG/0/4326")
        _add(place, etree.QName(GML, "posList"), " ".join(f"{lat:.6f} {lon:.6f}" for lat, lon in content.footprint))


def _processing(data: etree._Element, content: Sen3Content) -> None:
    said = content.processing
    processing = _safe(data, "processing")
    processing.set("name", said.processor)
    processing.set("outputLevel", str(said.output_level))
    processing.set("stop", format_time(content.creation_time))
    software = _safe(_safe(processing, "facility"), "software")
    software.getparent().set("name", "refsys")  # type: ignore[union-attr]  # it was made with a parent just now
    software.set("name", said.software)
    software.set("version", said.processor_version)
    for used in said.inputs:
        resource = _safe(processing, "resource")
        resource.set("name", used.name)
        resource.set("role", used.role)
        resource.set(etree.QName(REFSYS, "productType"), used.product_type)
        resource.set(etree.QName(REFSYS, "digest"), used.digest)
    _add(processing, etree.QName(REFSYS, "parameters"), canonical_json(dict(said.parameters)).decode())
    _add(processing, etree.QName(REFSYS, "uuid"), said.uuid)


def _product_information(data: etree._Element, content: Sen3Content, size_bytes: int) -> None:
    said = _add(data, etree.QName(SENTINEL3, "generalProductInformation"))
    for name, text in (
        ("productName", content.product_name),
        ("productType", content.product_type),
        ("timeliness", content.timeliness),
        ("baselineCollection", content.baseline),
        ("creationTime", compact_time(content.creation_time)),
        ("productSize", str(size_bytes)),
    ):
        _add(said, etree.QName(SENTINEL3, name), text)


def _quality(data: etree._Element, content: Sen3Content) -> None:
    extension = _safe(_safe(data, "qualityInformation"), "extension")
    _add(extension, etree.QName(REFSYS, "quality"), content.quality.value)
    for name in sorted(content.figures):
        figure = _add(extension, etree.QName(REFSYS, "figure"), canonical_json(content.figures[name]).decode())
        figure.set("name", name)


def _wrapped(
    section: etree._Element, name: str, classification: str = "DESCRIPTION", category: str = "DMD"
) -> etree._Element:
    item = _add(section, "metadataObject")
    item.set("ID", name)
    item.set("classification", classification)
    item.set("category", category)
    wrap = _add(item, "metadataWrap")
    wrap.set("mimeType", "text/xml")
    wrap.set("vocabularyName", "Sentinel-SAFE")
    return _add(wrap, "xmlData")


def _safe(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    return _add(parent, etree.QName(SAFE, name), text)


def _add(parent: etree._Element, tag: str | etree.QName, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, tag)
    child.text = text
    return child
