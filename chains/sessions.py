"""Acquisition sessions: a station's chunk files (DSDB) and, per channel, the list of them (DSIB).

Source: the DCSU session information block as acquisition stations write it. Folders are flat, or have one folder per
channel (`ch1`, `ch_1`, `ch01`).
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lxml import etree
from pydantic import Field

from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names import SessionFileName
from refsys.model.times import format_time, parse_time
from refsys.model.values import UtcTime, Value

_ROOT = "DCSU_Session_Information_Block"
CHANNEL_FOLDER = re.compile("ch[0_]?[1-9]")
SATELLITE_BEGINNING = re.compile("(S[123])([A-D])_")
SATELLITE_FOLDER = re.compile("(S[123])([A-D])")


class Dsib(Value):
    """What the list of one channel says."""

    session_id: str
    start: UtcTime
    stop: UtcTime
    created: UtcTime
    finished: UtcTime
    data_size_bytes: int = Field(ge=0, description="Bytes of this channel, or of all: stations differ.")
    chunks: tuple[str, ...] = Field(description="File names in order of reception.")


class Chunk(Value):
    """One chunk file; its path is below the session's folder."""

    path: str
    size_bytes: int


@dataclass(frozen=True)
class _Channel:
    number: int
    dsib_path: str
    dsib: Dsib
    chunks: tuple[Chunk, ...]

    @property
    def size_bytes(self) -> int:
        return sum(chunk.size_bytes for chunk in self.chunks)


class Session(Value):
    """A session whose files are all there, in the sizes their lists say."""

    session_id: str
    mission: str
    satellite: str
    start: UtcTime
    stop: UtcTime
    created: UtcTime
    channels: dict[str, tuple[Chunk, ...]] = Field(
        description="Chunks in order of reception by the channel's number, which is a text: `1`, `2`."
    )


def read_dsib(path: Path) -> Dsib:
    """Return what a DSIB file says.

    Raises
    ------
    InputCorrupt
        If it is no DSIB, lacks an element, lists no chunk or one twice, or a listed name is a path; `XmlUnsafe` as
        `parse_xml` does.
    InputMissing
        If there is no such file.
    """
    root = parse_xml(path)
    if etree.QName(root).localname != _ROOT:
        raise InputCorrupt(f"root element is {etree.QName(root).localname}, must be {_ROOT}", where=path)
    texts = {etree.QName(e).localname: (e.text or "").strip() for e in root.iter("{*}*")}
    names = tuple((element.text or "").strip() for element in root.iter("{*}dsdb_name"))
    try:
        dsib = Dsib(
            session_id=texts["session_id"],
            start=parse_time(texts["time_start"]),
            stop=parse_time(texts["time_stop"]),
            created=parse_time(texts["time_created"]),
            finished=parse_time(texts["time_finished"]),
            data_size_bytes=int(texts["data_size"]),
            chunks=names,
        )
    except KeyError as error:
        raise InputCorrupt(f"DSIB has no element {error.args[0]}", where=path) from error
    except ValueError as error:
        raise InputCorrupt(f"DSIB holds a value of the wrong form: {_line(error)}", where=path) from error
    _check_names(dsib, path)
    return dsib


def format_dsib(dsib: Dsib) -> bytes:
    """Return a DSIB file; `read_dsib` returns the same value from it."""
    root = etree.Element(_ROOT)
    times = (("start", dsib.start), ("stop", dsib.stop), ("created", dsib.created), ("finished", dsib.finished))
    etree.SubElement(root, "session_id").text = dsib.session_id
    for name, time in times:
        etree.SubElement(root, f"time_{name}").text = format_time(time)
    etree.SubElement(root, "data_size").text = str(dsib.data_size_bytes)
    listed = etree.SubElement(root, "dsdb_list")
    for chunk in dsib.chunks:
        etree.SubElement(listed, "dsdb_name").text = chunk
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def read_session(folder: Path, *, mission: str | None = None, satellite: str | None = None) -> Session:
    """Return the session in a folder, every chunk found and its size verified.

    Hidden files, unfinished ones (`.part`, `.tmp`) and files that are no `DCS_...` are not looked at; a chunk that no
    list names is refused, for its data would be lost in silence.

    Parameters
    ----------
    folder
        Folder with the DSIB files and chunks, or with one folder per channel.
    mission, satellite
        `S3` and `A`, needed only where the session identifier does not begin with them.

    Raises
    ------
    InputMissing
        If there is no session, a channel has chunks but no DSIB, or a listed chunk is absent.
    InputCorrupt
        If lists and files disagree, a chunk is empty or truncated, a channel or file is there twice, or a file is a
        link that leads out of the folder.
    """
    files = _session_files(folder)
    lists = {path: name for path, name in files.items() if name.is_list}
    chunks = {path: name for path, name in files.items() if not name.is_list}
    _check_lists(folder, lists, chunks)
    channels = [_channel(folder, path, name, chunks) for path, name in lists.items()]
    channels.sort(key=lambda channel: channel.number)
    _check_all_listed(folder, chunks, channels)
    _check_sizes(folder, channels)
    session_id = channels[0].dsib.session_id
    told = satellite_of(session_id, folder.parent.name, folder) if mission is None or satellite is None else ("", "")
    return Session(
        session_id=session_id,
        mission=mission or told[0],
        satellite=satellite or told[1],
        start=min(channel.dsib.start for channel in channels),
        stop=max(channel.dsib.stop for channel in channels),
        created=min(channel.dsib.created for channel in channels),
        channels={str(channel.number): channel.chunks for channel in channels},
    )


def satellite_of(session_id: str, folder_above: str, where: Path) -> tuple[str, str]:
    """Return mission and satellite by a session's identifier, else by the folder above that of the session.

    Raises
    ------
    InputCorrupt
        If neither says them.
    """
    match = SATELLITE_BEGINNING.match(session_id) or SATELLITE_FOLDER.fullmatch(folder_above)
    if match is None:
        raise InputCorrupt(
            f"session identifier {session_id!r} does not begin with mission and satellite, as in S3A_...",
            where=where,
            hint="give mission and satellite when ingesting it, or put it into a folder <satellite>/<session>",
        )
    return match[1], match[2]


def is_session(folder: Path) -> bool:
    """Return whether a folder, or a channel folder in it, holds a file `DCS_...`."""
    places = [folder, *(p for p in folder.iterdir() if p.is_dir() and CHANNEL_FOLDER.fullmatch(p.name))]
    return any(path.name.startswith("DCS_") for place in places for path in place.iterdir())


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _check_names(dsib: Dsib, path: Path) -> None:
    if not dsib.chunks:
        raise InputCorrupt("DSIB lists no chunk", where=path)
    if dsib.stop < dsib.start:
        raise InputCorrupt("DSIB has time_stop before time_start", where=path)
    name, count = Counter(dsib.chunks).most_common(1)[0]
    if count > 1:
        raise InputCorrupt(f"DSIB lists {name!r} {count} times", where=path)
    for name in dsib.chunks:
        if re.search(r"[/\\\0]", name) or name in ("", ".", ".."):
            raise InputCorrupt(f"DSIB lists {name!r}, a path that may climb out of the session folder", where=path)
        if SessionFileName.parse(name).is_list:
            raise InputCorrupt(f"DSIB lists {name!r}, which is no chunk", where=path)


def _session_files(folder: Path) -> dict[str, SessionFileName]:
    """Return the session's files by path below the folder, in order of path."""
    if not folder.is_dir():
        raise InputMissing("session folder does not exist", where=folder)
    found: dict[str, SessionFileName] = {}
    places: dict[str, str] = {}
    subfolders = (p for p in folder.iterdir() if p.is_dir() and CHANNEL_FOLDER.fullmatch(p.name))
    for place in (folder, *subfolders):
        for path in place.iterdir():
            if not path.name.startswith("DCS_") or path.suffix in (".part", ".tmp") or path.is_dir():
                continue
            inside = path.relative_to(folder).as_posix()
            if not path.resolve().is_relative_to(folder.resolve()):
                raise InputCorrupt("file is a link that leads out of the session folder", where=path)
            if path.name in places:
                raise InputCorrupt(f"file is there twice: {places[path.name]} and {inside}", where=folder)
            places[path.name] = inside
            found[inside] = SessionFileName.parse(path.name)
    return dict(sorted(found.items()))


def _check_lists(folder: Path, lists: dict[str, SessionFileName], chunks: dict[str, SessionFileName]) -> None:
    if not lists:
        what = "no DSIB (DCS_.._ch<n>_DSIB.xml)" if chunks else "neither DSIB nor chunks (DCS_...)"
        raise InputMissing(f"session folder has {what}", where=folder, hint="wait for the station, or fetch it again")
    seen: dict[int, str] = {}
    for path, name in lists.items():
        if name.channel in seen:
            raise InputCorrupt(f"channel {name.channel} has two DSIBs: {seen[name.channel]} and {path}", where=folder)
        seen[name.channel] = path
    for path, name in chunks.items():
        if name.channel not in seen:
            raise InputMissing(f"channel {name.channel} has chunks but no DSIB", where=folder / path)


def _channel(folder: Path, path: str, name: SessionFileName, chunks: dict[str, SessionFileName]) -> _Channel:
    dsib = read_dsib(folder / path)
    if dsib.session_id != name.session_id:
        two = f"{dsib.session_id!r} in the DSIB, {name.session_id!r} in its name"
        raise InputCorrupt(f"session is {two}", where=folder / path)
    places = {PurePosixPath(place).name: place for place in chunks}
    listed = []
    for chunk in dsib.chunks:
        said = SessionFileName.parse(chunk)
        if (said.session_id, said.channel) != (name.session_id, name.channel):
            raise InputCorrupt(f"DSIB lists {chunk!r}, a chunk of another session or channel", where=folder / path)
        if chunk not in places:
            raise InputMissing(f"DSIB lists {chunk!r}, which is not there", where=folder / path)
        size_bytes = (folder / places[chunk]).stat().st_size
        if size_bytes == 0:
            raise InputCorrupt("chunk is empty", where=folder / places[chunk], hint="fetch it again")
        listed.append(Chunk(path=places[chunk], size_bytes=size_bytes))
    return _Channel(number=name.channel, dsib_path=path, dsib=dsib, chunks=tuple(listed))


def _check_all_listed(folder: Path, chunks: Iterable[str], channels: list[_Channel]) -> None:
    ids = sorted({channel.dsib.session_id for channel in channels})
    if len(ids) > 1:
        raise InputCorrupt(f"files of several sessions are mixed: {', '.join(ids)}", where=folder)
    listed = {chunk.path for channel in channels for chunk in channel.chunks}
    if extra := sorted(set(chunks) - listed):
        raise InputCorrupt("chunk is named by no DSIB", where=folder / extra[0], hint="fetch the newest DSIB")


def _check_sizes(folder: Path, channels: list[_Channel]) -> None:
    """Raise `InputCorrupt` unless each DSIB's size is that of its channel, or of all channels."""
    total = sum(channel.size_bytes for channel in channels)
    for channel in channels:
        announced = channel.dsib.data_size_bytes
        if announced in (channel.size_bytes, total):
            continue
        of_all = len(channels) > 1 and all(other.dsib.data_size_bytes == announced for other in channels)
        chunks = [chunk for other in (channels if of_all else [channel]) for chunk in other.chunks]
        have = sum(chunk.size_bytes for chunk in chunks)
        what = "the chunks of all channels" if of_all else f"the chunks of channel {channel.number}"
        suspect = _truncated(chunks, announced - have) if have < announced else None
        raise InputCorrupt(
            f"{what} have {have} bytes, the DSIB {channel.dsib_path} announces {announced}"
            + ("" if suspect is None else f": this chunk of {suspect.size_bytes} bytes is probably truncated"),
            where=folder / (channel.dsib_path if suspect is None else suspect.path),
            hint="fetch it again",
        )


def _truncated(chunks: list[Chunk], missing_bytes: int) -> Chunk | None:
    """Return the chunk that would be as long as most others with the missing bytes, or that alone differs."""
    usual = Counter(chunk.size_bytes for chunk in chunks).most_common(1)[0][0]
    for chunk in chunks:
        if chunk.size_bytes != usual and chunk.size_bytes + missing_bytes == usual:
            return chunk
    odd = [chunk for chunk in chunks if chunk.size_bytes != usual]
    return odd[0] if len(odd) == 1 and len(chunks) > 2 else chunks[0] if len(chunks) == 1 else None
