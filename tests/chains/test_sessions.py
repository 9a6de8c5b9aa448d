"""Sessions: what real and made lists say, every layout, and each way in which a station's folder can be wrong."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.chains.sessions import Dsib, format_dsib, read_dsib, read_session
from refsys.model.errors import InputCorrupt, InputMissing, NameInvalid, RefsysError, XmlUnsafe
from refsys.model.names import SessionFileName

ID = "S3A_20221101092439034975"
START = datetime(2022, 11, 1, 9, 24, 39, 250_000, tzinfo=UTC)


def name_of(channel: int, number: int | None = None, session_id: str = ID) -> str:
    extension = ".xml" if number is None else ".raw"
    return SessionFileName(
        station_unit="05", session_id=session_id, channel=channel, number=number, extension=extension
    ).format()


def write(
    folder: Path,
    sizes: dict[int, list[int]],
    *,
    size_of: Callable[[list[int]], int] | int = sum,
    session_id: str = ID,
    subfolder: str | None = None,
) -> Path:
    """Write a session: `sizes` holds the bytes of each chunk by channel."""
    for channel, counts in sizes.items():
        place = folder / subfolder.format(channel) if subfolder else folder
        place.mkdir(parents=True, exist_ok=True)
        names = [name_of(channel, number, session_id) for number in range(1, len(counts) + 1)]
        for name, count in zip(names, counts, strict=True):
            (place / name).write_bytes(bytes([channel]) * count)
        dsib = Dsib(
            session_id=session_id,
            start=START + timedelta(seconds=channel),
            stop=START + timedelta(seconds=600 + channel),
            created=START,
            finished=START + timedelta(seconds=700),
            data_size_bytes=size_of(counts) if callable(size_of) else size_of,
            chunks=names,
        )
        (place / name_of(channel, None, session_id)).write_bytes(format_dsib(dsib))
    return folder


@pytest.mark.parametrize("subfolder", [None, "ch{}", "ch_{}", "ch0{}"])
def test_every_layout(tmp_path: Path, subfolder: str | None) -> None:
    session = read_session(write(tmp_path, {1: [100, 100, 30], 2: [100, 50]}, subfolder=subfolder))
    assert (session.session_id, session.mission, session.satellite) == (ID, "S3", "A")
    assert (session.start, session.stop) == (START + timedelta(seconds=1), START + timedelta(seconds=602))
    assert {key: [chunk.size_bytes for chunk in chunks] for key, chunks in session.channels.items()} == {
        "1": [100, 100, 30],
        "2": [100, 50],
    }
    for channel, chunks in session.channels.items():
        for chunk in chunks:
            assert set((tmp_path / chunk.path).read_bytes()) == {int(channel)}
    assert type(session).from_json(session.to_json()) == session


def test_the_size_may_be_that_of_all_channels(tmp_path: Path) -> None:
    session = read_session(write(tmp_path, {1: [100, 30], 2: [100, 50]}, size_of=280))
    assert len(session.channels) == 2


def test_order_is_that_of_the_list_not_of_the_names(tmp_path: Path) -> None:
    write(tmp_path, {1: [10, 20, 30]})
    path = tmp_path / name_of(1)
    dsib = read_dsib(path)
    path.write_bytes(format_dsib(dsib.model_copy(update={"chunks": dsib.chunks[::-1]})))
    assert [chunk.size_bytes for chunk in read_session(tmp_path).channels["1"]] == [30, 20, 10]


def test_other_files_are_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path, {1: [10]})
    for other in (".DCS_hidden", "notes.txt", f"{name_of(1, 9)}.part", f"{name_of(1, 8)}.tmp"):
        (tmp_path / other).write_bytes(b"x")
    (tmp_path / "logs").mkdir()
    assert list(read_session(tmp_path).channels) == ["1"]


def test_a_relay_session_says_nothing_of_its_satellite(tmp_path: Path) -> None:
    write(tmp_path, {1: [10]}, session_id="L20171109175634707000125")
    with pytest.raises(InputCorrupt, match=r"does not begin with mission and satellite.*give mission"):
        read_session(tmp_path)
    session = read_session(tmp_path, mission="S1", satellite="B")
    assert (session.mission, session.satellite) == ("S1", "B")


def edit(path: Path, before: bytes, after: bytes) -> None:
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))


def no_dsib(folder: Path) -> None:
    for channel in (1, 2):
        (folder / name_of(channel)).unlink()


def empty_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def link_out(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_bytes(bytes(100))
    (folder / name_of(1, 1)).unlink()
    (folder / name_of(1, 1)).symlink_to(outside)


def same_file_twice(folder: Path) -> None:
    (folder / "ch1").mkdir()
    (folder / "ch1" / name_of(1, 1)).write_bytes(bytes(100))


# ruff: noqa: E501  (a table: one fault a line)
FAULTS: dict[str, tuple[Callable[[Path], object], type[RefsysError], str, str]] = {
    "no DSIB at all": (no_dsib, InputMissing, "no DSIB", ""),
    "nothing": (empty_folder, InputMissing, "neither DSIB nor chunks", ""),
    "no DSIB of one channel": (lambda f: (f / name_of(2)).unlink(), InputMissing, "channel 2 has chunks but no DSIB", "ch2"),
    "absent chunk": (lambda f: (f / name_of(1, 2)).unlink(), InputMissing, f"lists {name_of(1, 2)!r}, which is not there", name_of(1)),
    "empty chunk": (lambda f: (f / name_of(1, 2)).write_bytes(b""), InputCorrupt, "chunk is empty", name_of(1, 2)),
    "truncated chunk": (lambda f: os.truncate(f / name_of(1, 2), 60), InputCorrupt, "230 bytes, the DSIB .* announces 270: .* truncated", name_of(1, 2)),
    "chunk too long": (lambda f: (f / name_of(1, 1)).write_bytes(bytes(120)), InputCorrupt, "290 bytes, the DSIB .* announces 270", name_of(1)),
    "chunk of no list": (lambda f: (f / name_of(2, 7)).write_bytes(b"x"), InputCorrupt, "named by no DSIB", name_of(2, 7)),
    "not a session file": (lambda f: (f / "DCS_05_x_ch1_DSDB.raw").write_bytes(b"x"), NameInvalid, "kind is", "DSDB.raw"),
    "second DSIB": (lambda f: (f / name_of(1).replace("DCS_05", "DCS_06")).write_bytes((f / name_of(1)).read_bytes()), InputCorrupt, "channel 1 has two DSIBs", ""),
    "path in the list": (lambda f: edit(f / name_of(1), name_of(1, 2).encode(), b"../../etc/passwd"), InputCorrupt, "'../../etc/passwd', a path that may climb", name_of(1)),
    "backslash in the list": (lambda f: edit(f / name_of(1), name_of(1, 2).encode(), b"..\\x"), InputCorrupt, "may climb out", name_of(1)),
    "dots in the list": (lambda f: edit(f / name_of(1), name_of(1, 2).encode(), b".."), InputCorrupt, "may climb out", name_of(1)),
    "chunk of the other channel": (lambda f: edit(f / name_of(1), name_of(1, 2).encode(), name_of(2, 1).encode()), InputCorrupt, "of another session or channel", name_of(1)),
    "listed twice": (lambda f: edit(f / name_of(1), name_of(1, 2).encode(), name_of(1, 1).encode()), InputCorrupt, "2 times", name_of(1)),
    "the list lists itself": (lambda f: edit(f / name_of(1), name_of(1, 2).encode(), name_of(1).encode()), InputCorrupt, "which is no chunk", name_of(1)),
    "empty list": (lambda f: (f / name_of(1)).write_bytes(format_dsib(read_dsib(f / name_of(1)).model_copy(update={"chunks": ()}))), InputCorrupt, "lists no chunk", name_of(1)),
    "another session inside": (lambda f: edit(f / name_of(1), f">{ID}<".encode(), b">S3A_other<"), InputCorrupt, "'S3A_other' in the DSIB", name_of(1)),
    "no size": (lambda f: edit(f / name_of(1), b"data_size", b"size"), InputCorrupt, "no element data_size", name_of(1)),
    "size no number": (lambda f: edit(f / name_of(1), b">270<", b">many<"), InputCorrupt, "wrong form", name_of(1)),
    "size negative": (lambda f: edit(f / name_of(1), b">270<", b">-270<"), InputCorrupt, "wrong form", name_of(1)),
    "time no time": (lambda f: edit(f / name_of(1), b"<time_stop>2022-11-01", b"<time_stop>2022-13-01"), InputCorrupt, "wrong form", name_of(1)),
    "stop before start": (lambda f: edit(f / name_of(1), b"<time_stop>2022", b"<time_stop>2021"), InputCorrupt, "time_stop before", name_of(1)),
    "other XML": (lambda f: edit(f / name_of(1), b"DCSU_Session_Information_Block", b"Other"), InputCorrupt, "must be DCSU", name_of(1)),
    "not XML": (lambda f: (f / name_of(1)).write_bytes(b"hello"), InputCorrupt, "malformed", name_of(1)),
    "document type": (lambda f: edit(f / name_of(1), b"?>", b"?><!DOCTYPE a>"), XmlUnsafe, "DOCTYPE", name_of(1)),
    "link out": (link_out, InputCorrupt, "leads out of the session folder", name_of(1, 1)),
    "same file twice": (same_file_twice, InputCorrupt, "there twice", ""),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_session_is_refused_naming_file_and_cause(tmp_path: Path, fault: str) -> None:
    spoil, kind, said, where = FAULTS[fault]
    folder = write(tmp_path / "session", {1: [100, 100, 70], 2: [100, 50]})
    read_session(folder)
    spoil(folder)
    with pytest.raises(kind, match=said) as error:
        read_session(folder)
    assert error.value.where is not None
    assert where in error.value.where


def test_two_sessions_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path, {1: [10]})
    write(tmp_path, {2: [10]}, session_id="S3B_20221101092439034975")
    with pytest.raises(InputCorrupt, match="several sessions"):
        read_session(tmp_path)


def test_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="does not exist"):
        read_session(tmp_path / "absent")


def test_sizes_of_all_channels_that_do_not_agree(tmp_path: Path) -> None:
    folder = write(tmp_path, {1: [100, 100, 30], 2: [100, 50]}, size_of=380)
    os.truncate(folder / name_of(2, 1), 90)
    with pytest.raises(InputCorrupt, match=r"all channels have 370 bytes, the DSIB .* announces 380") as error:
        read_session(folder)
    assert str(error.value.where).endswith(name_of(2, 1))


times = st.datetimes(datetime(2014, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
dsibs = st.builds(
    Dsib,
    session_id=st.from_regex("S3[AB]_[0-9]{20}", fullmatch=True),
    start=times,
    stop=times,
    created=times,
    finished=times,
    data_size_bytes=st.integers(0, 10**15),
    chunks=st.lists(st.integers(0, 99_999).map(lambda n: name_of(1, n)), min_size=1, max_size=9, unique=True),
).map(lambda d: d.model_copy(update={"start": min(d.start, d.stop), "stop": max(d.start, d.stop)}))


@given(dsibs)
@settings(max_examples=40)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, dsib: Dsib) -> None:
    path = tmp_path_factory.getbasetemp() / "dsib.xml"
    path.write_bytes(format_dsib(dsib))
    assert read_dsib(path) == dsib


def test_real_lists(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("ccsds/dsib/*_DSIB.xml")):
        dsib = read_dsib(path)
        assert dsib.session_id == "L20171109175634707000125"
        assert dsib.start == datetime(2017, 12, 13, 14, 59, 48, tzinfo=UTC)
        assert dsib.stop == datetime(2017, 12, 13, 15, 17, 25, tzinfo=UTC)
        assert dsib.finished == datetime(2017, 12, 13, 15, 16, 58, tzinfo=UTC)
        assert dsib.data_size_bytes == 36_014_692_600
        assert [SessionFileName.parse(name).number for name in dsib.chunks] == list(range(1, 36))
