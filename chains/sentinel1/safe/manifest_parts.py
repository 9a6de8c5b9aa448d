"""What the manifests of Sentinel-1 SAFE products of all levels have in common.

Element names and order as in the manifests of real products (XFDU of CCSDS 661.0-B with the SAFE 1.0 vocabulary and its
Sentinel-1 extension, S1-RS-MDA-52-7441).
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from lxml import etree
from pydantic import Field

from refsys.chains.sentinel1.safe.naming import MANIFEST, cycle_number, relative_orbit
from refsys.model.times import require_utc
from refsys.model.values import UtcTime, Value

XFDU = "urn:ccsds:schema:xfdu:1"
SAFE = "http://www.esa.int/safe/sentinel-1.0"
S1 = f"{SAFE}/sentinel-1"
SAR = f"{S1}/sar"
LEVEL1 = f"{SAR}/level-1"
GML = "http://www.opengis.net/gml"
PREFIXES = {"gml": GML, "xfdu": XFDU, "safe": SAFE, "s1": S1, "s1sar": SAR, "s1sarl1": LEVEL1}
SIMULATED = " Simulated: no satellite measured these data. "
_NSSDC = {"A": "2014-016A", "B": "2016-025A"}


class Origin(Value):
    """How a product came to be; a simulated one says so in its manifest."""

    processing: str = Field(description="For example `SLC Processing`.")
    start: UtcTime
    stop: UtcTime
    software: str = "refsys"
    version: str
    facility: str = Field("refsys", description="Name of the processing facility.")
    inputs: tuple[tuple[str, str], ...] = Field((), description="Name and role of each.")
    simulated: bool = False


class OrbitReference(Value):
    """Where in its orbits the satellite was."""

    absolute_orbit: int = Field(ge=0)
    pass_direction: Literal["ASCENDING", "DESCENDING"]
    ascending_node_time: UtcTime = Field(description="Of the last crossing before the first line.")


class DataObject(NamedTuple):
    """A file that a manifest lists.

    Attributes
    ----------
    identifier
        `ID` of the data object.
    schema
        `repID`: name of the schema that describes it.
    path
        Below the product's folder, with forward slashes.
    size_bytes, md5
        Of its content.
    text
        `textInfo` of the file's location; empty: none.
    """

    identifier: str
    schema: str
    path: str
    size_bytes: int
    md5: str
    text: str = ""


def data_object(folder: Path, path: str, identifier: str, schema: str, text: str = "") -> DataObject:
    """Return the data object of a file below a product's folder, its digest taken now."""
    with (folder / path).open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return DataObject(identifier, schema, path, (folder / path).stat().st_size, md5, text)


def safe_time(time: datetime, end: str = "") -> str:
    """Return a time as Sentinel-1 metadata spell it: microseconds, no zone; `end` is `Z` at Level 0."""
    return require_utc(time).strftime("%Y-%m-%dT%H:%M:%S.%f") + end


def add(parent: etree._Element, namespace: str, name: str, text: str | None = None, /, **said: str) -> etree._Element:
    """Append an element with attributes and text."""
    child = etree.SubElement(parent, etree.QName(namespace, name) if namespace else name)
    for key, value in said.items():
        child.set(key, value)
    child.text = text
    return child


def new_manifest(version: str, *, simulated: bool) -> etree._Element:
    """Return the root of a manifest; a simulated product says so in a comment at the top."""
    root = etree.Element(etree.QName(XFDU, "XFDU"), nsmap=PREFIXES)
    root.set("version", version)
    if simulated:
        root.append(etree.Comment(SIMULATED))
    return root


def write_root(root: etree._Element, folder: Path) -> Path:
    """Write a manifest and return its path; the same tree gives the same bytes."""
    etree.indent(root)
    path = folder / MANIFEST
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")
    return path


def wrapped(
    section: etree._Element, name: str, text: str, classification: str = "DESCRIPTION", category: str = "DMD"
) -> etree._Element:
    """Append a metadata object and return the element that holds its XML."""
    item = add(section, "", "metadataObject", ID=name, classification=classification, category=category)
    wrap = add(item, "", "metadataWrap", mimeType="text/xml", vocabularyName="SAFE", textInfo=text)
    return add(wrap, "", "xmlData")


def add_pointer_object(section: etree._Element, name: str, target: str) -> None:
    """Append a metadata object that is one of the product's own files."""
    item = add(section, "", "metadataObject", ID=name, classification="DESCRIPTION", category="DMD")
    add(item, "", "dataObjectPointer", dataObjectID=target)


def add_schemas(section: etree._Element, schemas: Iterable[tuple[str, str, str]]) -> None:
    """Append references to schemas: identifier, vocabulary, path."""
    for identifier, vocabulary, path in schemas:
        item = add(section, "", "metadataObject", ID=identifier, classification="SYNTAX", category="REP")
        said = {"mimeType": "text/xml", "vocabularyName": vocabulary, "locatorType": "URL", "href": path}
        add(item, "", "metadataReference", None, **said)


def add_processing(section: etree._Element, origin: Origin) -> None:
    """Append what made the product, of what."""
    data = wrapped(section, "processing", "Processing", "PROVENANCE", "PDI")
    times = {"start": safe_time(origin.start), "stop": safe_time(origin.stop)}
    processing = add(data, SAFE, "processing", None, name=origin.processing, **times)
    name = origin.facility + (" (simulated data)" if origin.simulated else "")
    facility = add(processing, SAFE, "facility", None, country="", name=name, organisation="", site="")
    add(facility, SAFE, "software", None, name=origin.software, version=origin.version)
    for used, role in origin.inputs:
        add(processing, SAFE, "resource", None, name=used, role=role)


def add_platform(section: etree._Element, satellite: str, mode: str, swaths: tuple[str, ...], namespace: str) -> None:
    """Append satellite, instrument and mode; `namespace` is that of the level's vocabulary."""
    platform = add(wrapped(section, "platform", "Platform Description"), SAFE, "platform")
    add(platform, SAFE, "nssdcIdentifier", _NSSDC.get(satellite, ""))
    add(platform, SAFE, "familyName", "SENTINEL-1")
    add(platform, SAFE, "number", satellite)
    instrument = add(platform, SAFE, "instrument")
    add(instrument, SAFE, "familyName", "Synthetic Aperture Radar", abbreviation="SAR")
    said = add(add(instrument, SAFE, "extension"), namespace, "instrumentMode")
    add(said, namespace, "mode", mode)
    for swath in swaths:
        add(said, namespace, "swath", swath)


def add_period(section: etree._Element, start: datetime, stop: datetime, node: datetime, zone: str = "") -> None:
    """Append first and last sensing time, and both after the ascending node, in milliseconds."""
    period = add(wrapped(section, "acquisitionPeriod", "Acquisition Period"), SAFE, "acquisitionPeriod")
    add(period, SAFE, "startTime", safe_time(start, zone))
    add(period, SAFE, "stopTime", safe_time(stop, zone))
    since = add(add(period, SAFE, "extension"), S1, "timeANX")
    add(since, S1, "startTimeANX", f"{(start - node).total_seconds() * 1e3:.6e}")
    add(since, S1, "stopTimeANX", f"{(stop - node).total_seconds() * 1e3:.6e}")


def add_orbit(section: etree._Element, satellite: str, orbit: OrbitReference, zone: str = "") -> None:
    """Append orbit numbers, direction and time of the ascending node."""
    said = add(wrapped(section, "measurementOrbitReference", "Orbit Reference"), SAFE, "orbitReference")
    for name, number in (
        ("orbitNumber", orbit.absolute_orbit),
        ("relativeOrbitNumber", relative_orbit(satellite, orbit.absolute_orbit)),
    ):
        add(said, SAFE, name, str(number), type="start")
        add(said, SAFE, name, str(number), type="stop")
    add(said, SAFE, "cycleNumber", str(cycle_number(satellite, orbit.absolute_orbit)))
    add(said, SAFE, "phaseIdentifier", "1")
    properties = add(add(said, SAFE, "extension"), S1, "orbitProperties")
    add(properties, S1, "pass", orbit.pass_direction)
    add(properties, S1, "ascendingNodeTime", safe_time(orbit.ascending_node_time, zone))


def add_footprint(section: etree._Element, corners: Iterable[tuple[float, float]]) -> None:
    """Append the footprint: latitude and longitude in degrees of each corner, in flight and look order."""
    frames = add(wrapped(section, "measurementFrameSet", "Frame Set"), SAFE, "frameSet")
    place = add(add(frames, SAFE, "frame"), SAFE, "footPrint")
    place.set("srsName", "http://www.opengis.net/gml/srs/epsg.xml#4326")
    add(place, GML, "coordinates", " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in corners))


def add_data_objects(root: etree._Element, objects: Iterable[DataObject]) -> None:
    """Append the section that lists the files with sizes and MD5 sums."""
    section = add(root, "", "dataObjectSection")
    for item in objects:
        data = add(section, "", "dataObject", ID=item.identifier, repID=item.schema)
        mime = "text/xml" if item.path.endswith(".xml") else "application/octet-stream"
        stream = add(data, "", "byteStream", mimeType=mime, size=str(item.size_bytes))
        place = add(stream, "", "fileLocation", locatorType="URL")
        if item.text:
            place.set("textInfo", item.text)
        place.set("href", f"./{item.path}")
        add(stream, "", "checksum", item.md5, checksumName="MD5")
