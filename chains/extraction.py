"""What a thing that came from outside is: the draft of its product, from its name and metadata.

Sources: mission naming conventions (`refsys.model.names`), DSIB (`refsys.chains.sessions`), manifests, inventories and
headers (`refsys.chains.extraction_s1`, `_s2`, `_s3`, `_earth_explorer`), Sentinel-1 space packets
(`refsys.chains.extraction_packets`).
"""

from collections.abc import Callable
from pathlib import Path

from refsys.chains.extraction_earth_explorer import earth_explorer_draft, header_path
from refsys.chains.extraction_elements import OPEN_END
from refsys.chains.extraction_manifests import SAFE_MANIFEST, SEN3_MANIFEST
from refsys.chains.extraction_names import name_draft
from refsys.chains.extraction_packets import s1_packets_draft
from refsys.chains.extraction_s1 import s1_safe_draft
from refsys.chains.extraction_s2 import s2_draft, s2_hktm_draft
from refsys.chains.extraction_s3 import isip_draft, sen3_draft
from refsys.chains.extraction_sessions import dsib_draft, session_draft
from refsys.chains.extraction_sources import ARCHIVE_ENDINGS, Source, open_source
from refsys.chains.sessions import is_session
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names import S2CompactName, S2HktmName, S2PdiName, parse_name
from refsys.model.settings import LimitSettings
from refsys.model.times import format_time
from refsys.storage.archive_members import archive_kind

ACCEPTED = (
    "session folders with their DSIB files, Sentinel-3 folders (.SEN3, .ISIP), Sentinel-1 folders (.SAFE), "
    "Sentinel-2 folders and images (.jp2), Earth Explorer files (.EOF, .xml), files of Sentinel-1 "
    "space packets (.dat), terrain models (_DEM.tif), and archives of all but the last two (.zip, .tar, .tar.gz, .tgz)"
)
"""What `identify` knows, in words."""

Extractor = Callable[[Source], ProductDraft]


def identify(path: Path, limits: LimitSettings | None = None) -> ProductDraft:
    """Return what a folder, file or archive is, after checking that it is whole.

    Digests are left to publishing; but files that a manifest lists are checked here, size and MD5, where it gives them.

    Parameters
    ----------
    path
        A folder or file as a station delivered it. Archives are read without unpacking them to disk.
    limits
        What an archive may be at most.

    Returns
    -------
    Draft whose name is the session's identifier, or the name of the folder or file, without the ending of an archive.

    Raises
    ------
    NameInvalid
        If the name does not follow its mission's convention.
    InputMissing
        If it, or a file that belongs to it, is absent.
    InputCorrupt
        If it is of no accepted kind, or damaged; `XmlUnsafe`, `ArchiveUnsafe` for hostile metadata or archives.
    """
    return _draft(path, whole=True, limits=limits)


def describe(what: str | Path, limits: LimitSettings | None = None) -> ProductDraft:
    """Return what a product is, without looking at more than its metadata.

    Parameters
    ----------
    what
        A text is a name, and nothing is read (see `name_draft`); of a path the metadata are read, as `identify` does,
        but the files that they list need not be there.
    limits
        What an archive may be at most.

    Raises
    ------
    InputMissing
        If nothing is at the path, or its metadata are absent.
    InputCorrupt
        As `identify`, or if the name alone does not say enough.

    Examples
    --------
    >>> describe("S1A_IW_RAW__0SDV_20171213T121623_20171213T121656_019684_021735_C6DB.SAFE").attributes.data_take_id
    '137013'
    """
    return name_draft(what) if isinstance(what, str) else _draft(what, whole=False, limits=limits)


def _draft(path: Path, *, whole: bool, limits: LimitSettings | None) -> ProductDraft:
    if not path.exists():
        raise InputMissing("nothing is there", where=path)
    if path.is_dir() and is_session(path):
        return _checked(session_draft(path), path)
    if path.is_file() and path.name.startswith("DCS_") and path.suffix == ".xml":
        return _checked(dsib_draft(path), path)
    if path.is_file() and path.suffix == ".dat":
        return _checked(s1_packets_draft(path), path)
    if path.is_file() and path.suffix == ".tif":
        from refsys.chains.extraction_dem import dem_draft  # noqa: PLC0415  (raster libraries are slow to import)

        return _checked(dem_draft(path), path)
    source = open_source(path, whole=whole, limits=limits) if path.is_dir() or _is_readable(path) else None
    extractor = None if source is None else _extractor(source)
    if source is None or extractor is None:
        what = "folder" if path.is_dir() else "file"
        raise InputCorrupt(f"{what} is of no kind that is accepted", where=path, hint=f"accepted are {ACCEPTED}")
    return _checked(extractor(source), path)


def _checked(draft: ProductDraft, path: Path) -> ProductDraft:
    if draft.stop < draft.start:
        two = f"{format_time(draft.stop)} is before its start {format_time(draft.start)}"
        raise InputCorrupt(f"its stop {two}", where=path)
    return draft


def _is_readable(file: Path) -> bool:
    """Return whether a file is what its ending says, as far as archives go."""
    if not file.name.endswith(ARCHIVE_ENDINGS):
        return True
    try:
        archive_kind(file)
    except InputCorrupt:
        return False
    return True


def _extractor(source: Source) -> Extractor | None:
    """Return who reads a source: its ending decides, then the files in it, then its name."""
    ending = Path(source.name).suffix
    if source.is_file:
        by_ending = {".EOF": earth_explorer_draft, ".xml": earth_explorer_draft, ".XML": earth_explorer_draft}
        return s2_draft if ending.lower() == ".jp2" else by_ending.get(ending)
    by_ending = {".SEN3": sen3_draft, ".ISIP": isip_draft}
    if ending in by_ending:
        return by_ending[ending]
    if source.name.startswith("S2") and "_" in source.name:
        return _s2_extractor(source)
    if _has(source, SEN3_MANIFEST):
        return sen3_draft
    if ending == ".SAFE" or _has(source, SAFE_MANIFEST):
        return s1_safe_draft
    return earth_explorer_draft if source.name[:2] in ("S1", "S3") and header_path(source) else None


def _s2_extractor(source: Source) -> Extractor:
    name = parse_name(source.name)
    if isinstance(name, S2HktmName):
        return s2_hktm_draft
    if isinstance(name, S2CompactName):
        return s2_draft
    if isinstance(name, S2PdiName) and (name.file_type.startswith("MSI_") or name.file_type == "AUX_SADATA"):
        return s2_draft
    return earth_explorer_draft if header_path(source) else lambda of: name_draft(of.name)


def _has(source: Source, path: str) -> bool:
    try:
        source.size_bytes(path)
    except InputMissing:
        return False
    return True


__all__ = ["ACCEPTED", "OPEN_END", "describe", "earth_explorer_draft", "identify", "session_draft"]
