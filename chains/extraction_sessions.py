"""Sessions that came from outside: whole folders, one channel's list alone, and what the path of a file says.

Source: the DCSU session information block and the folders of acquisition stations.
"""

from pathlib import Path, PurePath

from pydantic import Field

from refsys.chains.sessions import (
    CHANNEL_FOLDER,
    SATELLITE_BEGINNING,
    SATELLITE_FOLDER,
    read_dsib,
    read_session,
    satellite_of,
)
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt
from refsys.model.names import SessionFileName
from refsys.model.values import Value


class SessionPlace(Value):
    """What path and name say of a session's file, without reading it."""

    name: str
    session_id: str = Field(description="Of the folder `<satellite>/<session>`, else of the name.")
    channel: int
    mission: str | None = Field(None, description="None where neither folder nor session identifier say it.")
    satellite: str | None = None


def session_place(path: PurePath) -> SessionPlace:
    """Return what the path of a chunk or list says: flat, or `<satellite>/<session>/ch<nn>/<name>`.

    Raises
    ------
    NameInvalid
        If the name is none of a session's file.
    InputCorrupt
        If the channel of the folder is not that of the name.

    Examples
    --------
    >>> place = session_place(PurePath("S1B/512000176/ch02/DCS_02_L20171109180334512000176_ch2_DSDB_00034.raw"))
    >>> place.session_id, place.channel, place.mission, place.satellite
    ('512000176', 2, 'S1', 'B')
    """
    name = SessionFileName.parse(path.name)
    folders = list(path.parts[:-1])
    if folders and CHANNEL_FOLDER.fullmatch(folders[-1]):
        channel = int(folders.pop()[-1])
        if channel != name.channel:
            raise InputCorrupt(f"channel is {channel} by the folder, {name.channel} by the name", where=str(path))
    above = SATELLITE_FOLDER.fullmatch(folders[-2]) if len(folders) > 1 else None
    found = above or SATELLITE_BEGINNING.match(name.session_id)
    return SessionPlace(
        name=path.name,
        session_id=folders[-1] if above else name.session_id,
        channel=name.channel,
        mission=found and found[1],
        satellite=found and found[2],
    )


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


def dsib_draft(path: Path, *, mission: str | None = None, satellite: str | None = None) -> ProductDraft:
    """Return the draft of one channel's list alone: type `S1_DSIB`; its chunks need not be there.

    `mission` and `satellite` are needed only where neither session identifier nor folders say them.
    """
    dsib = read_dsib(path)
    place = session_place(path)
    mission, satellite = mission or place.mission, satellite or place.satellite
    if mission is None or satellite is None:
        mission, satellite = satellite_of(dsib.session_id, "", path)
    return ProductDraft(
        name=path.name,
        product_type=f"{mission}_DSIB",
        mission=mission,
        satellite=satellite,
        start=dsib.start,
        stop=dsib.stop,
        creation_time=dsib.created,
        figures={
            "session_id": dsib.session_id,
            "channel": place.channel,
            "chunks": list(dsib.chunks),
            "data_size_bytes": dsib.data_size_bytes,
        },
    )
