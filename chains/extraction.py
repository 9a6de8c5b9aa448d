"""What a thing that came from outside is: the draft of its product, from its name and metadata.

Sources: mission naming conventions (`refsys.model.names`), DSIB (`refsys.chains.sessions`), XFDU manifests
(`refsys.chains.extraction_manifests`), Earth Explorer headers (PE-TN-ESA-GS-0001), Sentinel-1 space packets
(`refsys.chains.extraction_packets`).
"""

from collections.abc import Callable
from pathlib import Path

from lxml import etree
from pydantic import JsonValue

from refsys.chains.extraction_manifests import (
    OPEN_END,
    SAFE_MANIFEST,
    SEN3_MANIFEST,
    first_text,
    sen3_draft,
    time_of,
)
from refsys.chains.extraction_packets import s1_packets_draft
from refsys.chains.extraction_s1 import s1_safe_draft
from refsys.chains.safe_xml import parse_xml
from refsys.chains.sessions import is_session, read_session
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names import EofName, S2PdiName, parse_name
from refsys.model.times import format_time

ACCEPTED = (
    "session folders with their DSIB files, Sentinel-3 folders (.SEN3), Sentinel-1 folders (.SAFE), "
    "Earth Explorer files (.EOF, .xml) and files of Sentinel-1 space packets (.dat)"
)
"""What `identify` knows, in words."""


def identify(path: Path) -> ProductDraft:
    """Return what a folder or file is, after checking that it is whole.

    Digests are left to publishing; but files that a manifest lists are checked here, size and MD5, where it gives them.

    Parameters
    ----------
    path
        A folder or file as a station delivered it, unpacked.

    Returns
    -------
    Draft whose name is the session's identifier, or the name of the folder or file.

    Raises
    ------
    NameInvalid
        If the name does not follow its mission's convention.
    InputMissing
        If it, or a file that belongs to it, is absent.
    InputCorrupt
        If it is of no accepted kind, or damaged; `XmlUnsafe` for hostile metadata.
    """
    if not path.exists():
        raise InputMissing("nothing is there", where=path)
    draft_of = _kind(path)
    if draft_of is None:
        what = "folder" if path.is_dir() else "file"
        raise InputCorrupt(f"{what} is of no kind that is accepted", where=path, hint=f"accepted are {ACCEPTED}")
    draft = draft_of(path)
    if draft.stop < draft.start:
        two = f"{format_time(draft.stop)} is before its start {format_time(draft.start)}"
        raise InputCorrupt(f"its stop {two}", where=path)
    return draft


def _kind(path: Path) -> Callable[[Path], ProductDraft] | None:
    if path.is_dir():
        if is_session(path):
            return session_draft
        if path.suffix == ".SEN3" or (path / SEN3_MANIFEST).is_file():
            return sen3_draft
        return s1_safe_draft if path.suffix == ".SAFE" or (path / SAFE_MANIFEST).is_file() else None
    by_suffix = {".EOF": earth_explorer_draft, ".xml": earth_explorer_draft, ".dat": s1_packets_draft}
    return by_suffix.get(path.suffix)


def session_draft(folder: Path) -> ProductDraft:
    """Return the draft of a session: type `S3_SESSION`, name its identifier, times those of its lists."""
    session = read_session(folder)
    chunks = [chunk for channel in session.channels.values() for chunk in channel]
    return ProductDraft(
        name=session.session_id,
        product_type=f"{session.mission}_SESSION",
        mission=session.mission,
        satellite=session.satellite,
        start=session.start,
        stop=session.stop,
        creation_time=session.created,
        figures={
            "channels": list(session.channels),
            "chunks": len(chunks),
            "chunk_bytes": sum(chunk.size_bytes for chunk in chunks),
        },
    )


def earth_explorer_draft(path: Path) -> ProductDraft:
    """Return the draft of an Earth Explorer file: its times are its validity."""
    name = parse_name(path.name)
    if not isinstance(name, EofName | S2PdiName):
        raise InputCorrupt("file is no Earth Explorer file", where=path, hint=f"accepted are {ACCEPTED}")
    root = parse_xml(path)
    file_type = first_text(root, "File_Type")
    if file_type is not None and file_type != name.file_type:
        raise InputCorrupt(f"file type is {file_type!r} inside, {name.file_type!r} in its name", where=path)
    created = "Creation_Date" if first_text(root, "Creation_Date") is not None else "Creation_Time"
    stop = time_of(root, "Validity_Stop", path)
    return ProductDraft(
        name=path.name,
        product_type=name.product_type,
        mission=name.mission,
        satellite=name.satellite,
        start=time_of(root, "Validity_Start", path),
        stop=OPEN_END if stop.year == 9999 else stop,
        creation_time=time_of(root, created, path),
        figures=_earth_explorer_figures(root),
    )


def _earth_explorer_figures(root: etree._Element) -> dict[str, JsonValue]:
    elements = {"version": "File_Version", "site": "System", "processor_version": "Creator_Version"}
    found: dict[str, JsonValue] = {key: first_text(root, element) for key, element in elements.items()}
    vectors = root.findall(".//{*}OSV")
    if len(vectors) > 1:
        # The second one: the first may lie before the ascending node that begins the orbit.
        found |= {"state_vectors": len(vectors), "orbit": int(vectors[1].findtext("{*}Absolute_Orbit", "0"))}
    return {key: value for key, value in found.items() if value is not None}


__all__ = ["ACCEPTED", "OPEN_END", "earth_explorer_draft", "identify", "session_draft"]
