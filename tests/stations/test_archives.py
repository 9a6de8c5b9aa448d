"""Archives: good ones come out as they went in; hostile, damaged and oversized ones leave nothing behind."""

import gzip
import io
import os
import stat
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refsys.model.errors import ArchiveUnsafe, InputCorrupt, InputMissing, RefsysError, StorageError, StorageFull
from refsys.model.settings import LimitSettings
from refsys.stations.archives import unpack

LIMITS = LimitSettings()
KINDS = ("zip", "tar", "tar.gz")
Members = Iterable[tuple[str | zipfile.ZipInfo | tarfile.TarInfo, bytes | None]]


def pack(path: Path, members: Members) -> Path:
    """Write an archive of (name, content) members; content None makes a folder."""
    if path.name.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                assert not isinstance(name, tarfile.TarInfo)
                entry = name if isinstance(name, zipfile.ZipInfo) else name + ("/" if content is None else "")
                archive.writestr(entry, content or b"", zipfile.ZIP_DEFLATED)
        return path
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in members:
            assert not isinstance(name, zipfile.ZipInfo)
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if content is None and member.isreg():
                member.type = tarfile.DIRTYPE
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return path


def content_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(
    archive: Path, tmp_path: Path, kind: type[RefsysError] = ArchiveUnsafe, limits: LimitSettings = LIMITS
) -> str:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(kind) as error:
        unpack(archive, tmp_path / "into", limits)
    assert sorted(tmp_path.rglob("*")) == before, "something was left behind"
    assert error.value.where is not None
    assert error.value.where.startswith((str(archive), str(tmp_path)))
    return str(error.value)


part = st.text("abcÄ. -_", min_size=1, max_size=6).filter(lambda p: p not in (".", ".."))
trees = st.dictionaries(
    st.lists(part, min_size=1, max_size=3).map("/".join), st.binary(max_size=300), min_size=1, max_size=6
)


@pytest.mark.parametrize("kind", KINDS)
@given(tree=trees)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_what_was_packed_comes_out(tmp_path_factory: pytest.TempPathFactory, kind: str, tree: dict[str, bytes]) -> None:
    files = {name: data for name, data in tree.items() if not any(other.startswith(name + "/") for other in tree)}
    place = tmp_path_factory.mktemp("trees")
    unpack(pack(place / f"a.{kind}", files.items()), place / "into", LIMITS)
    assert content_of(place / "into") == files


@pytest.mark.parametrize("kind", KINDS)
def test_folders_come_out_too(tmp_path: Path, kind: str) -> None:
    unpack(
        pack(tmp_path / f"a.{kind}", [("top", None), ("top/empty", None), ("top/f", b"1")]), tmp_path / "into", LIMITS
    )
    assert (tmp_path / "into/top/empty").is_dir()
    assert content_of(tmp_path / "into") == {"top/f": b"1"}
    assert not (tmp_path / "into/top/f").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../evil", "climbs out"),
        ("a/../../evil", "climbs out"),
        ("a/..", "climbs out"),
        ("/etc/evil", "absolute"),
        ("//evil", "absolute"),
        ("C:/evil", "absolute"),
        ("c:evil", "absolute"),
        ("..\\evil", "backslash"),
        ("a\\b", "backslash"),
    ],
)
def test_a_path_that_climbs_out(tmp_path: Path, kind: str, name: str, said: str) -> None:
    archive = pack(tmp_path / f"a.{kind}", [("good", b"1"), (name, b"evil")])
    message = refused(archive, tmp_path)
    assert said in message
    assert repr(name) in message


def test_a_nul_in_a_zip_name(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", [("good@.txt", b"1")])
    archive.write_bytes(archive.read_bytes().replace(b"good@", b"good\0"))
    assert "NUL" in refused(archive, tmp_path)


LINKS_AND_DEVICES = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]


def tar_entry(kind: bytes, name: str = "link", target: str = "/etc/passwd") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


@pytest.mark.parametrize("kind", LINKS_AND_DEVICES)
@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_links_and_devices_in_tar(tmp_path: Path, kind: bytes, suffix: str) -> None:
    archive = pack(tmp_path / f"a.{suffix}", [("good", b"1"), (tar_entry(kind), None), ("link/evil", b"2")])
    assert "'link' is a link, device" in refused(archive, tmp_path)


def test_a_link_in_zip(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "'link' is a link" in refused(pack(tmp_path / "a.zip", [(link, b"/etc/passwd")]), tmp_path)


def test_an_encrypted_member(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", [("secret", b"x" * 50)])
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(data)
    assert "'secret' is encrypted" in refused(archive, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "members",
    [
        [("a", b"1"), ("a", b"2")],
        [("a", b"1"), ("./a", b"2")],
        [("a", b"1"), ("a", None)],
        [("a", None), ("a", b"1")],
        [("a/b", b"1"), ("a", b"2")],
        [("a", b"1"), ("a/b", b"2")],
        [("x/a", b"1"), ("x/a/b/c", None)],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice(tmp_path: Path, kind: str, members: Members) -> None:
    message = refused(pack(tmp_path / f"a.{kind}", members), tmp_path)
    assert "twice" in message or "is a file" in message


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_files(tmp_path: Path, kind: str) -> None:
    archive = pack(tmp_path / f"a.{kind}", [(f"f{n}", b"") for n in range(12)])
    assert "more than 10 files and folders" in refused(archive, tmp_path, limits=LimitSettings(archive_files=10))
    unpack(archive, tmp_path / "into", LimitSettings(archive_files=13))


@pytest.mark.parametrize("kind", KINDS)
def test_one_member_that_makes_many_folders(tmp_path: Path, kind: str) -> None:
    archive = pack(tmp_path / f"a.{kind}", [("/".join("abcdefghijkl"), b""), ("z", b"")])
    assert "files and folders" in refused(archive, tmp_path, limits=LimitSettings(archive_files=10))


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_bytes(tmp_path: Path, kind: str) -> None:
    archive = pack(tmp_path / f"a.{kind}", [("a", os.urandom(600)), ("b", os.urandom(600))])
    message = refused(archive, tmp_path, limits=LimitSettings(archive_bytes=1000))
    assert "more than 1000 bytes, at 'b'" in message
    assert "limits.archive_bytes" in message


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb(tmp_path: Path, kind: str) -> None:
    archive = pack(tmp_path / f"a.{kind}", [("zeros", bytes(20_000_000))])
    assert archive.stat().st_size < 30_000
    assert "200 bytes per packed byte, at 'zeros'" in refused(archive, tmp_path)


def test_a_zip_whose_header_lies_about_the_size(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", [("zeros", bytes(5_000_000))])
    data = archive.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(data)
    refused(archive, tmp_path, kind=InputCorrupt)


def test_a_zip_whose_members_share_their_bytes(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", [("one", bytes(4_000_000)), ("two", b"x")])
    data = archive.read_bytes()
    first = data.index(b"PK\1\2")
    entry = data[first : first + 46 + 3]
    copies = b"".join(entry.replace(b"one", b"%03d" % n) for n in range(300))
    archive.write_bytes(data[:first] + copies + end_of_zip(300, len(copies), first))
    refused(archive, tmp_path, kind=InputCorrupt)


def end_of_zip(count: int, size: int, offset: int) -> bytes:
    counts = count.to_bytes(2, "little") * 2
    return b"PK\5\6" + bytes(4) + counts + size.to_bytes(4, "little") + offset.to_bytes(4, "little") + bytes(2)


def test_a_tar_header_that_would_fill_the_memory(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("pax")
    entry.type, entry.size = tarfile.XHDTYPE, 40 << 30
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(
        gzip.compress(entry.tobuf(tarfile.USTAR_FORMAT if entry.size < 8 << 30 else tarfile.GNU_FORMAT))
    )
    assert "header of" in refused(archive, tmp_path)


def test_tar_headers_nested_without_end(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("pax")
    entry.type, entry.size = tarfile.XHDTYPE, 512
    block = entry.tobuf(tarfile.USTAR_FORMAT) + b"11 path=aa\n".ljust(512, b"\0")
    (tmp_path / "a.tar").write_bytes(block * 5_000)
    refused(tmp_path / "a.tar", tmp_path, kind=InputCorrupt)


def test_zeros_without_end_after_a_tar(tmp_path: Path) -> None:
    packed = pack(tmp_path / "b.tar", [("a", b"1")]).read_bytes() + bytes(30_000_000)
    (tmp_path / "b.tar").unlink()
    (tmp_path / "a.tgz").write_bytes(gzip.compress(packed))
    assert "after its end" in refused(tmp_path / "a.tgz", tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.95])
def test_a_truncated_archive(tmp_path: Path, kind: str, part: float) -> None:
    archive = pack(tmp_path / f"a.{kind}", [("a", os.urandom(5_000)), ("b", os.urandom(5_000))])
    size = archive.stat().st_size if kind != "tar" else 2 * (512 + 5_120)  # without padding at the end
    os.truncate(archive, int(part * size))
    refused(archive, tmp_path, kind=InputCorrupt)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_damaged_archive_is_refused_or_unharmed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("damaged")
    members = {"top/a": b"first " * 50, "top/b": bytes(range(256))}
    archive = pack(place / f"a.{kind}", members.items())
    raw = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    archive.write_bytes(raw)
    try:
        unpack(archive, place / "into", LIMITS)
    except RefsysError:
        assert sorted(place.iterdir()) == [archive]
    else:
        assert set(content_of(place / "into").values()) <= set(members.values())


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\3\4", b"\x1f\x8b", bytes(600), b"\x1f\x8b\x08" + bytes(100)])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", tmp_path, kind=InputCorrupt)


def test_an_absent_archive(tmp_path: Path) -> None:
    refused(tmp_path / "absent.zip", tmp_path, kind=InputMissing)


def test_a_zip_method_that_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"x" * 100)
    assert "'a' is packed by method 14" in refused(tmp_path / "a.zip", tmp_path, kind=InputCorrupt)


def test_the_place_is_taken(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", [("a", b"1")])
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "mine").write_bytes(b"2")
    refused(archive, tmp_path, kind=StorageError)
    assert content_of(tmp_path / "into") == {"mine": b"2"}


def test_a_name_too_long_for_the_file_system(tmp_path: Path) -> None:
    assert "too long" in refused(pack(tmp_path / "a.tar", [("x" * 300, b"1")]), tmp_path)


FULL = """
    import sys
    from pathlib import Path
    from refsys.model.errors import StorageFull
    from refsys.model.settings import LimitSettings
    from refsys.stations.archives import unpack

    archive, disk = map(Path, sys.argv[1:])
    try:
        unpack(archive, disk / "into", LimitSettings())
    except StorageFull as error:
        assert str(disk) in str(error), error
        assert list(disk.iterdir()) == [], "something was left behind"
        print("refused:", error.message)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk(tmp_path: Path, kind: str) -> None:
    archive = pack(tmp_path / f"a.{kind}", [(f"f{n}", os.urandom(200_000)) for n in range(10)])
    (disk := tmp_path / "disk").mkdir()
    script = tmp_path / "full.py"
    script.write_text(textwrap.dedent(FULL))
    mount = f"mount -t tmpfs -o size=1m none '{disk}' && exec '{sys.executable}' '{script}' '{archive}' '{disk}'"
    run = subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, text=True, check=False)
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip(f"no small file system can be mounted here: {run.stderr.strip()}")
    assert run.stdout.strip() == "refused: no space is left to unpack", run.stderr


def test_a_full_disk_as_the_system_reports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    archive = pack(tmp_path / "a.zip", [("a", b"1")])
    monkeypatch.setattr(Path, "replace", full)
    refused(archive, tmp_path, kind=StorageFull)


def test_real_archives(shared_data: Path, tmp_path: Path) -> None:
    archives = [*shared_data.glob("*/*.zip"), *shared_data.glob("*/*/*.zip")]
    assert archives
    for number, archive in enumerate(archives):
        unpack(archive, tmp_path / str(number), LIMITS)
        with zipfile.ZipFile(archive) as packed:
            expected = {m.filename: m.file_size for m in packed.infolist() if not m.is_dir()}
        assert {name: len(data) for name, data in content_of(tmp_path / str(number)).items()} == expected
