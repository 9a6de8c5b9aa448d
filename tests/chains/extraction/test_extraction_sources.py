"""Products in archives: the same as unpacked, nothing written, nothing that an archive announces believed."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from refsys.chains.extraction import describe, identify
from refsys.chains.extraction_sources import open_source
from refsys.model.errors import ArchiveUnsafe, InputCorrupt, InputMissing, RefsysError
from refsys.model.settings import LimitSettings

AUX = "S1B_AUX_INS_V20160422T000000_G20211027T134314.SAFE"
EOF = "S2A_OPER_AUX_PREORB_OPOD_20170617T092226_V20170617T110120_20170617T142243.EOF"
MANIFEST = (
    '<x:XFDU xmlns:x="urn:ccsds:schema:xfdu:1"><auxProductType>AUX_INS</auxProductType>'
    "<validity>2016-04-22T00:00:00</validity><generation>2021-10-27T13:43:14</generation>"
    "<instrumentConfigurationId>1</instrumentConfigurationId><dataObject><byteStream size='6'>"
    "<fileLocation href='./data/aux.xml'/><checksum checksumName='MD5'>6f2278a0fc56032287bbd13c66719b86</checksum>"
    "</byteStream></dataObject></x:XFDU>"
)
HEADER = (
    "<Earth_Explorer_File><Fixed_Header><File_Type>AUX_PREORB</File_Type>"
    "<Validity_Start>UTC=2017-06-17T11:01:20</Validity_Start><Validity_Stop>UTC=2017-06-17T14:22:43</Validity_Stop>"
    "<Creation_Date>UTC=2017-06-17T09:22:26</Creation_Date></Fixed_Header></Earth_Explorer_File>"
)
Files = dict[str, bytes]
PRODUCT: Files = {f"{AUX}/manifest.safe": MANIFEST.encode(), f"{AUX}/data/aux.xml": b"<aux/>"}


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, files: Files) -> Path:
    packed = path.name.lower().endswith("gz")
    with tarfile.open(path, "w:gz") if packed else tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write(path: Path, files: Files) -> Path:
    return write_zip(path, files) if path.suffix.lower() == ".zip" else write_tar(path, files)


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz", ".tgz", ".TGZ"])
@pytest.mark.parametrize("around", [f"{AUX}/", "", "./"], ids=["folder", "bare", "dot"])
def test_an_archive_is_what_is_in_it(tmp_path: Path, ending: str, around: str) -> None:
    files = {f"{around}{name.removeprefix(AUX + '/')}": data for name, data in PRODUCT.items()}
    archive = write(tmp_path / f"{AUX}{ending}", files)
    for name, data in PRODUCT.items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert identify(archive) == describe(archive) == identify(tmp_path / "unpacked" / AUX)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([archive.name, "unpacked"])


@pytest.mark.parametrize("ending", [".zip", ".tgz"])
def test_one_file_in_an_archive(tmp_path: Path, ending: str) -> None:
    archive = write(tmp_path / f"{EOF.removesuffix('.EOF')}{ending}", {EOF: HEADER.encode()})
    draft = describe(archive)
    assert (draft.name, draft.product_type) == (EOF, "AUX_PREORB")
    with_header = {"a/x.HDR": b"", "b.HDR": HEADER.encode()}
    draft = describe(write(tmp_path / f"S2A_OPER_AUX_PREORB_OPOD_20170617T092226{ending}", with_header))
    assert draft.name == "S2A_OPER_AUX_PREORB_OPOD_20170617T092226"


def test_an_archive_whose_content_is_unknown_is_known_by_its_name(tmp_path: Path) -> None:
    name = "S2__OPER_AUX_ECMWFD_PDMC_20190216T120000_V20190217T090000_20190217T210000"
    draft = describe(write(tmp_path / f"{name}.TGZ", {"forecast.grib": b"GRIB"}))
    assert (draft.name, draft.product_type, draft.satellite) == (name, "AUX_ECMWFD", "_")
    assert (draft.start.hour, draft.stop.hour) == (9, 21)


def test_what_packers_add_is_passed_over(tmp_path: Path) -> None:
    archive = write(tmp_path / f"{AUX}.zip", PRODUCT | {f"__MACOSX/._{AUX}": b"x"})
    assert identify(archive).product_type == "AUX_INS"


def linked(path: Path, files: Files) -> None:
    write_tar(path, files)
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo(f"{AUX}/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)


def cut(path: Path, files: Files) -> None:
    write(path, files)
    path.write_bytes(path.read_bytes()[:-200])


# ruff: noqa: E501  (a table: one fault a line)
FAULTS: dict[str, tuple[str, Callable[[Path], object], type[RefsysError], str]] = {
    "climbs out": (".zip", lambda p: write(p, PRODUCT | {"../x": b""}), ArchiveUnsafe, "climbs out"),
    "absolute": (".tar", lambda p: write(p, PRODUCT | {"/x": b""}), ArchiveUnsafe, "absolute path"),
    "link": (".tar", lambda p: linked(p, PRODUCT), ArchiveUnsafe, "link, device or sparse"),
    "twice": (".tar", lambda p: write(p, PRODUCT | {f"./{AUX}/manifest.safe": b""}), ArchiveUnsafe, "there twice"),
    "bomb": (".zip", lambda p: write(p, PRODUCT | {"x": bytes(1 << 20)}), ArchiveUnsafe, "more than is allowed"),
    "gzip bomb": (".tgz", lambda p: write(p, PRODUCT | {"x": bytes(1 << 20)}), ArchiveUnsafe, "more than is allowed"),
    "cut zip": (".zip", lambda p: cut(p, PRODUCT), InputCorrupt, "damaged"),
    "cut gzip": (".tgz", lambda p: cut(p, PRODUCT), InputCorrupt, "damaged"),
    "empty": (".tar", lambda p: write(p, {}), InputCorrupt, "no file|no kind"),
    "no archive": (".zip", lambda p: p.write_bytes(b"PK"), InputCorrupt, "of no kind that is accepted"),
    "listed and absent": (".zip", lambda p: write(p, {f"{AUX}/manifest.safe": MANIFEST.encode()}), InputMissing, "listed"),
    "other bytes": (".zip", lambda p: write(p, PRODUCT | {f"{AUX}/data/aux.xml": b"<bux/>"}), InputCorrupt, "another MD5"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_archive(tmp_path: Path, fault: str) -> None:
    ending, make, kind, said = FAULTS[fault]
    archive = tmp_path / f"{AUX}{ending}"
    make(archive)
    with pytest.raises(kind, match=said) as error:
        identify(archive)
    assert str(archive) in str(error.value.where)
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def test_limits(tmp_path: Path) -> None:
    archive = write(tmp_path / f"{AUX}.zip", PRODUCT)
    for limits in (LimitSettings(archive_files=1), LimitSettings(archive_bytes=100)):
        with pytest.raises(ArchiveUnsafe):
            describe(archive, limits)


def test_sources_read_what_is_there(tmp_path: Path) -> None:
    for archive in (write(tmp_path / f"{AUX}{ending}", PRODUCT) for ending in (".zip", ".tar", ".tgz")):
        source = open_source(archive)
        assert source.paths() == ("data/aux.xml", "manifest.safe")
        assert (source.size_bytes("data/aux.xml"), source.read("data/aux.xml", 4)) == (6, b"<aux")
        with pytest.raises(InputMissing):
            source.read("absent")
