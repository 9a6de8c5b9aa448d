"""What is common to products with an XFDU manifest (SAFE, SEN3): the files that it lists, and its footprint.

Sources: CCSDS 661.0-B (XFDU), Sentinel SAFE control book, and the manifests of real products. Elements are found by
their local names, for the name spaces differ from issue to issue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypedDict

from lxml import etree
from pydantic import JsonValue

from refsys.chains.extraction_elements import OPEN_END, Elements
from refsys.chains.extraction_sources import METADATA_LIMIT_BYTES, Source, open_source
from refsys.chains.footprints import given_footprint
from refsys.chains.safe_xml import parse_xml
from refsys.chains.units import ProductDraft
from refsys.model.attributes import Attributes
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names import S1AuxName, parse_name

SEN3_MANIFEST = "xfdumanifest.xml"
SAFE_MANIFEST = "manifest.safe"


class FootprintFields(TypedDict):
    """What a draft says of a footprint."""

    geometry: dict[str, Any] | None
    state: Any
    figures: dict[str, JsonValue]


def read_elements(source: Source, path: str) -> Elements:
    """Return the elements of an XML file of a product (`InputMissing`, `InputCorrupt`, `XmlUnsafe` as `parse_xml`)."""
    where = source.place(path)
    return Elements(parse_xml(source.read(path, METADATA_LIMIT_BYTES + 1), where=where), where)


def aux_safe_draft(folder: Source | Path) -> ProductDraft:
    """Return the draft of a Sentinel-1 auxiliary SAFE folder; without a stop it is valid until replaced.

    Times come from the manifest; where it holds none (AUX_TEC, AUX_TRO), from the name.
    """
    source = open_source(folder, whole=True) if isinstance(folder, Path) else folder
    name = parse_name(source.name)
    if not isinstance(name, S1AuxName):
        raise InputCorrupt("of .SAFE folders only auxiliary files of Sentinel-1 are accepted", where=source.where)
    manifest = read_elements(source, SAFE_MANIFEST)
    said = manifest.text("auxProductType")
    if said is not None and said != name.product_type:
        two = f"{said!r} in its manifest, {name.product_type!r} by its folder"
        raise InputCorrupt(f"type is {two}", where=manifest.where)
    check_listed_files(source, manifest)
    has_times = manifest.text("validity") is not None
    configuration = manifest.integer("instrumentConfigurationId")
    return ProductDraft(
        name=source.name,
        product_type=name.product_type,
        mission="S1",
        satellite=name.satellite,
        start=manifest.time("validity") if has_times else name.start,
        stop=name.stop or OPEN_END,
        creation_time=manifest.time("generation") if has_times else name.creation_time,
        attributes=Attributes(
            instrument_configuration_id=configuration, station=manifest.attribute("processing/facility", "site")
        ),
        figures={} if configuration is None else {"instrument_configuration": configuration},
    )


@dataclass(frozen=True)
class ListedFile:
    """A file as a manifest lists it; what the manifest does not say is None."""

    path: str
    size_bytes: int | None
    md5: str | None


def listed_files(manifest: Elements) -> Iterator[ListedFile]:
    """Yield the files that a manifest's data objects point to (`InputCorrupt` for a size that is no number)."""
    for stream in manifest.all("dataObject/byteStream"):
        size = stream.get("size")
        if size is not None and not size.isdecimal():
            raise InputCorrupt(f"size of a listed file is {size!r}", where=manifest.where)
        checksum = next((e for e in stream.iterfind("{*}checksum") if e.get("checksumName") == "MD5"), None)
        md5 = None if checksum is None else (checksum.text or "").strip().lower()
        for location in stream.iterfind("{*}fileLocation"):
            yield ListedFile(location.get("href", ""), None if size is None else int(size), md5)


def check_listed_files(source: Source, manifest: Elements) -> None:
    """Compare every file that a manifest lists with what is there, if the source is to be whole.

    Raises
    ------
    InputMissing
        If a listed file is absent.
    InputCorrupt
        If a listed path leads out of the folder, or a size or MD5 differs.
    """
    for listed in listed_files(manifest) if source.whole else ():
        parts = PurePosixPath(listed.path).parts
        if not parts or ".." in parts or parts[0] == "/" or "\0" in listed.path:
            raise InputCorrupt(f"manifest lists {listed.path!r}, outside the product", where=manifest.where)
        path = "/".join(parts)
        try:
            size_bytes = source.size_bytes(path)
        except InputMissing as error:
            said = "file is listed in the manifest and not there"
            raise InputMissing(said, where=source.place(path), hint="fetch it again") from error
        if listed.size_bytes is not None and size_bytes != listed.size_bytes:
            said = f"file has {size_bytes} bytes, the manifest says {listed.size_bytes}"
            raise InputCorrupt(said, where=source.place(path))
        if listed.md5 and source.md5(path) != listed.md5:
            said = "file has another MD5 than the manifest says"
            raise InputCorrupt(said, where=source.place(path), hint="fetch it again")


def footprint_of(root: etree._Element, where: Path) -> dict[str, Any] | None:
    """Return the footprint of a manifest as GeoJSON, cut at the antimeridian and made valid; None if it has none.

    Raises
    ------
    InputCorrupt
        If positions are no pairs of numbers on the globe.
    """
    return manifest_footprint(Elements(root, where))["geometry"]


def manifest_footprint(manifest: Elements) -> FootprintFields:
    """Return the footprint of a manifest (`posList`, else `footPrint/coordinates`); errors as `footprint_of`."""
    text = manifest.text("posList") or manifest.text("footPrint/coordinates")
    return footprint_fields(manifest, "posList", manifest.positions("posList", text) if text else [])


def footprint_fields(elements: Elements, path: str, positions: Sequence[tuple[float, float]]) -> FootprintFields:
    """Return what a draft says of a footprint; an unrepairable one is kept in the figures as it was given.

    Raises
    ------
    InputCorrupt
        If the positions are none on the globe, naming the element.
    """
    if not positions:
        return {"geometry": None, "state": None, "figures": {}}
    try:
        found = given_footprint(positions)
    except InputCorrupt as error:
        raise InputCorrupt(f"{path} is no polygon: {error.message}", where=elements.where) from error
    kept: dict[str, JsonValue] = {}
    if found.state == "unrepairable":
        kept["given_footprint"] = [[longitude, latitude] for longitude, latitude in positions]
    return {"geometry": found.geometry, "state": found.state, "figures": kept}


def creation_of(manifest: Elements, *attributes: str) -> datetime:
    """Return when the processing that made a product ended, else began (`InputCorrupt` if it says neither).

    Attributes of `processing` may be given to look for others: `start`.
    """
    for name in attributes or ("stop", "start"):
        if (text := manifest.attribute("processing", name)) is not None:
            return manifest.as_time(f"processing/@{name}", text)
    raise InputCorrupt("manifest does not say when the product was made (processing/@stop)", where=manifest.where)


def orbit_fields(manifest: Elements) -> dict[str, Any]:
    """Return the orbits of a manifest as `Attributes` call them; the stop is the start where only that is said."""
    found: dict[str, Any] = {"cycle": manifest.integer("cycleNumber")}
    for field, element in (("absolute_orbit", "orbitNumber"), ("relative_orbit", "relativeOrbitNumber")):
        numbers: dict[str, int] = {}
        for entry in manifest.all(f"orbitReference/{element}"):
            if text := (entry.text or "").strip():
                numbers.setdefault(entry.get("type", "start"), manifest.as_integer(element, text))
        found[field] = numbers.get("start")
        if field == "absolute_orbit":
            found["absolute_orbit_stop"] = numbers.get("stop", numbers.get("start"))
    return found


PassDirection = Literal["ASCENDING", "DESCENDING"]
_PASSES: tuple[PassDirection, ...] = ("ASCENDING", "DESCENDING")


def pass_direction(elements: Elements, path: str, text: str | None) -> PassDirection | None:
    """Return `ASCENDING` or `DESCENDING` (`InputCorrupt` for another text, None for none)."""
    return elements.choice(path, text, _PASSES)


__all__ = [
    "OPEN_END",
    "SAFE_MANIFEST",
    "SEN3_MANIFEST",
    "FootprintFields",
    "ListedFile",
    "PassDirection",
    "aux_safe_draft",
    "check_listed_files",
    "creation_of",
    "footprint_fields",
    "footprint_of",
    "listed_files",
    "manifest_footprint",
    "orbit_fields",
    "pass_direction",
    "read_elements",
]
