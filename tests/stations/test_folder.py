"""The folder station: what it finds, what it does not look at, and what it refuses to fetch."""

import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from refsys.model.errors import ArchiveUnsafe, InputCorrupt, InputMissing
from refsys.model.settings import LimitSettings
from refsys.stations.folder import FolderStation, StationItem

LIMITS = LimitSettings()
SESSION = "S3A_20221101092439034975"
SEN3 = "S3A_SR_1_SRA____20230309T204558_20230309T204623_20230309T225028_0024_096_214______PS1_O_NR_004.SEN3"
SAFE = "S1B_AUX_INS_V20160422T000000_G20211027T134314.SAFE"
EOF = "S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507.EOF"
PACKET = bytes(12) + 0x352EF853.to_bytes(4, "big") + bytes(60)


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def put_session(folder: Path, subfolder: str = "") -> Path:
    put(folder / subfolder / f"DCS_05_{SESSION}_ch1_DSIB.xml")
    put(folder / subfolder / f"DCS_05_{SESSION}_ch1_DSDB_00001.raw", b"12345")
    return folder


def found(root: Path) -> dict[str, StationItem]:
    return {item.name: item for item in FolderStation(root, LIMITS).items()}


@pytest.fixture
def pickup(tmp_path: Path) -> Path:
    root = tmp_path / "pickup"
    put_session(root / "S3A" / "first")
    put(root / "products" / SEN3 / "xfdumanifest.xml", b"123")
    put(root / "products" / SEN3 / "inner.zip")
    put(root / "products" / "deeper" / SAFE / "data" / "aux.xml", b"1234567")
    put(root / EOF)
    put(root / "packets.dat", PACKET)
    put(root / "a.tgz")
    return root


def test_every_kind_is_found_once(pickup: Path) -> None:
    items = found(pickup)
    assert sorted(items) == sorted([SESSION, SEN3, SAFE, EOF, "packets.dat", "a.tgz"])
    assert items[SEN3].address == str(pickup / "products" / SEN3)
    assert items[SEN3].size_bytes == 4
    assert items[SESSION].size_bytes == 6
    assert items["packets.dat"].modified.timestamp() == pytest.approx(
        (pickup / "packets.dat").stat().st_mtime, abs=2e-6
    )
    assert StationItem.from_json(items[SEN3].to_json()) == items[SEN3]


@pytest.mark.parametrize("subfolder", ["ch1", "ch_1", "ch01"])
def test_a_session_in_channel_folders_is_one_item(tmp_path: Path, subfolder: str) -> None:
    put_session(tmp_path / "in" / "session", subfolder)
    assert found(tmp_path)[SESSION].address == str(tmp_path / "in" / "session")


def test_the_root_may_be_an_item(pickup: Path) -> None:
    for place in ("S3A/first", f"products/{SEN3}", f"products/deeper/{SAFE}", EOF, "packets.dat", "a.tgz"):
        assert [item.address for item in FolderStation(pickup / place, LIMITS).items()] == [str(pickup / place)]


def test_what_is_not_looked_at(tmp_path: Path) -> None:
    put_session(tmp_path / ".hidden")
    put_session(tmp_path / "coming.part")
    for name in (".x.EOF", "x.EOF.tmp", "x.EOF.part", "notes.txt", "other.dat", "short.dat"):
        put(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.EOF")
    os.mkfifo(tmp_path / "pipe.dat")
    assert found(tmp_path) == {}


def test_a_session_with_a_name_of_its_own_kind(tmp_path: Path) -> None:
    put(tmp_path / "odd" / "DCS_strange.raw")
    assert list(found(tmp_path)) == ["odd"]


def test_what_is_plain_is_fetched_as_it_is(pickup: Path, tmp_path: Path) -> None:
    station = FolderStation(pickup, LIMITS)
    for item in station.items():
        if item.name != "a.tgz":
            assert str(station.fetch(item, tmp_path / "scratch")) == item.address
    assert not (tmp_path / "scratch").exists()


def archive_of(folder: Path, path: Path) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
            for entry in sorted(folder.iterdir()):
                archive.add(entry, entry.name)
    return path


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz"])
def test_an_archive_gives_its_one_folder(pickup: Path, tmp_path: Path, suffix: str) -> None:
    for name in ("S3A", EOF, "packets.dat", "a.tgz", "products/deeper"):
        shutil.rmtree(pickup / name) if (pickup / name).is_dir() else (pickup / name).unlink()
    archive = archive_of(pickup / "products", tmp_path / f"{SEN3}{suffix}")
    station = FolderStation(tmp_path, LIMITS)
    (item,) = (item for item in station.items() if item.address == str(archive))
    got = station.fetch(item, tmp_path / "scratch")
    assert (got.name, (got / "xfdumanifest.xml").read_bytes()) == (SEN3, b"123")


def test_an_archive_of_a_flat_session_gives_its_folder(tmp_path: Path) -> None:
    archive = archive_of(put_session(tmp_path / "s"), tmp_path / "session.zip")
    station = FolderStation(archive, LIMITS)
    got = station.fetch(next(station.items()), tmp_path / "scratch")
    assert sorted(p.name for p in got.iterdir()) == sorted(p.name for p in (tmp_path / "s").iterdir())


def test_a_hostile_archive_is_refused_and_the_others_are_not(pickup: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pickup / "evil.zip", "w") as archive:
        archive.writestr("../evil", b"x")
    station = FolderStation(pickup, LIMITS)
    items = {item.name: item for item in station.items()}
    with pytest.raises(ArchiveUnsafe, match="climbs out"):
        station.fetch(items["evil.zip"], tmp_path / "scratch")
    assert not list((tmp_path / "scratch").rglob("*"))
    assert station.fetch(items[SEN3], tmp_path / "scratch").name == SEN3


@pytest.mark.parametrize("name", ["link.zip", "link.SEN3", "anything"])
def test_a_link_that_leads_out_is_listed_and_refused(pickup: Path, tmp_path: Path, name: str) -> None:
    outside = put(tmp_path / "outside" / "secret").parent
    (pickup / name).symlink_to(outside)
    station = FolderStation(pickup, LIMITS)
    item = {item.name: item for item in station.items()}[name]
    with pytest.raises(ArchiveUnsafe, match="is a link") as error:
        station.fetch(item, tmp_path / "scratch")
    assert error.value.where == str(pickup / name)
    with pytest.raises(ArchiveUnsafe, match="is a link"):
        FolderStation(pickup / name, LIMITS).fetch(item, tmp_path / "scratch")


def test_links_inside_the_root_are_the_same_thing_again(pickup: Path) -> None:
    before = found(pickup)
    (pickup / "latest.SEN3").symlink_to(pickup / "products" / SEN3)
    (pickup / "loop").symlink_to(pickup)
    assert found(pickup) == before


def test_a_link_inside_an_item_that_leads_out_of_it(pickup: Path, tmp_path: Path) -> None:
    (pickup / "products" / SEN3 / "measurement.nc").symlink_to("/etc/passwd")
    station = FolderStation(pickup, LIMITS)
    with pytest.raises(ArchiveUnsafe, match=r"leads out of its item .*measurement\.nc"):
        station.fetch(found(pickup)[SEN3], tmp_path)
    (pickup / "products" / SEN3 / "measurement.nc").unlink()
    (pickup / "products" / SEN3 / "measurement.nc").symlink_to("xfdumanifest.xml")
    assert station.fetch(found(pickup)[SEN3], tmp_path).name == SEN3


def test_an_address_elsewhere_is_refused(pickup: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "else" / EOF)
    (item,) = FolderStation(elsewhere.parent, LIMITS).items()
    with pytest.raises(ArchiveUnsafe, match="elsewhere"):
        FolderStation(pickup, LIMITS).fetch(item, tmp_path)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def touch(path: Path) -> None:
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


@pytest.mark.parametrize("change", [grow, touch])
@pytest.mark.parametrize("place", [f"products/{SEN3}/xfdumanifest.xml", EOF, "a.tgz"])
def test_what_is_still_being_written_is_refused(
    pickup: Path, tmp_path: Path, change: Callable[[Path], None], place: str
) -> None:
    station = FolderStation(pickup, LIMITS)
    items = list(station.items())
    change(pickup / place)
    (item,) = (item for item in items if place.startswith(os.path.relpath(item.address, pickup)))
    with pytest.raises(InputCorrupt, match="still being written"):
        station.fetch(item, tmp_path)


def test_what_has_gone(pickup: Path, tmp_path: Path) -> None:
    station = FolderStation(pickup, LIMITS)
    item = found(pickup)[EOF]
    (pickup / EOF).unlink()
    with pytest.raises(InputMissing, match="no longer"):
        station.fetch(item, tmp_path)
    with pytest.raises(InputMissing, match="nothing is there"):
        list(FolderStation(pickup / "absent", LIMITS).items())


def test_a_file_that_is_no_item(tmp_path: Path) -> None:
    with pytest.raises(InputCorrupt, match="accepted are session folders"):
        list(FolderStation(put(tmp_path / "notes.txt"), LIMITS).items())


def test_real_data(shared_data: Path, tmp_path: Path) -> None:
    sral = FolderStation(shared_data / "s3_sral", LIMITS)
    folders = [sral.fetch(item, tmp_path) for item in sral.items()]
    assert [folder.suffix for folder in folders] == [".SEN3", ".SEN3"]
    assert all((folder / "measurement.nc").is_file() for folder in folders)
    names = found(shared_data / "aux_s1")
    assert sum(name.endswith(".SAFE") for name in names) == 16
    assert sum(name.endswith(".EOF") for name in names) == 6
    assert len(found(shared_data / "s1_l0" / "isp")) == 3
    assert list(found(shared_data / "ccsds")) == ["L20171109175634707000125"]
