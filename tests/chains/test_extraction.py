"""Extraction: what real things are, and what each damaged or unknown one is refused for."""

import hashlib
import shutil
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.extraction import identify
from refsys.chains.extraction_manifests import OPEN_END, footprint_of
from refsys.chains.safe_xml import parse_xml
from refsys.chains.sessions import Dsib, format_dsib
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt, InputMissing, NameInvalid, RefsysError, XmlUnsafe
from refsys.storage.footprints import planar

SEN3 = "S3B_OL_1_ERR____20210831T200148_20210831T204600_20210902T011514_2652_056_242______LN1_O_NT_002.SEN3"
AUX_SEN3 = "S3A_AX___BA__AX_20040702T223000_20040704T042158_20171130T082116___________________WER_D_AL____.SEN3"
AUX_SAFE = "S1B_AUX_INS_V20160422T000000_G20211027T134314.SAFE"
EOF = "S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507.EOF"


def data_object(path: str, data: bytes) -> str:
    md5 = hashlib.md5(data).hexdigest()
    return (
        f'<dataObject><byteStream size="{len(data)}"><fileLocation href="./{path}"/>'
        f'<checksum checksumName="MD5">{md5}</checksum></byteStream></dataObject>'
    )


def write_sen3(
    parent: Path,
    *,
    name: str = SEN3,
    ring: str = "10 20 10 22 12 22 12 20 10 20",
    files: dict[str, bytes] | None = None,
    extra: str = "",
) -> Path:
    folder = parent / name
    (folder / "data").mkdir(parents=True)
    files = {"measurement.nc": b"measured", "data/more.nc": b"more"} if files is None else files
    for path, data in files.items():
        (folder / path).write_bytes(data)
    (folder / "xfdumanifest.xml").write_text(
        '<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:s="http://www.esa.int/safe/sentinel/1.1"><metadata>'
        "<s:acquisitionPeriod><s:startTime>2021-08-31T20:01:48.25Z</s:startTime>"
        "<s:stopTime>2021-08-31T20:46:00.5Z</s:stopTime></s:acquisitionPeriod>"
        f"<s:productName>{name}</s:productName><s:onlineQualityCheck>PASSED</s:onlineQualityCheck>"
        '<s:orbitReference><s:orbitNumber groundTrackDirection="ascending">17454</s:orbitNumber>'
        "<s:relativeOrbitNumber>242</s:relativeOrbitNumber><s:cycleNumber>56</s:cycleNumber></s:orbitReference>"
        f"<s:footPrint><s:posList>{ring}</s:posList></s:footPrint>{extra}</metadata><dataObjectSection>"
        + "".join(data_object(path, data) for path, data in files.items())
        + "</dataObjectSection></xfdu:XFDU>"
    )
    return folder


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_sentinel_3_folder(tmp_path: Path) -> None:
    draft = identify(write_sen3(tmp_path))
    assert (draft.name, draft.product_type, draft.mission, draft.satellite) == (SEN3, "OL_1_ERR___", "S3", "B")
    assert draft.start == datetime(2021, 8, 31, 20, 1, 48, 250_000, tzinfo=UTC)
    assert draft.stop == datetime(2021, 8, 31, 20, 46, 0, 500_000, tzinfo=UTC)
    assert draft.creation_time == datetime(2021, 9, 2, 1, 15, 14, tzinfo=UTC)
    assert draft.footprint is not None
    assert draft.footprint["type"] == "Polygon"
    assert planar(draft.footprint).equals(shapely.box(20, 10, 22, 12))
    assert draft.quality == "nominal"
    assert draft.figures == {
        "cycle": 56,
        "online_quality_check": "PASSED",
        "orbit": 17454,
        "orbit_direction": "ascending",
        "relative_orbit": 242,
    }
    assert ProductDraft.from_json(draft.to_json()) == draft


def test_a_failed_quality_check_degrades(tmp_path: Path) -> None:
    folder = write_sen3(tmp_path)
    edit(folder / "xfdumanifest.xml", "PASSED", "FAILED")
    assert identify(folder).quality == "degraded"


def test_an_auxiliary_sentinel_3_folder_has_a_validity(tmp_path: Path) -> None:
    extra = (
        "<generalProductInformation><validityStartTime>20040702T223000</validityStartTime>"
        "<validityStopTime>9999-12-31T23:59:59</validityStopTime></generalProductInformation>"
    )
    draft = identify(write_sen3(tmp_path, name=AUX_SEN3, extra=extra))
    assert (draft.product_type, draft.start) == ("AX___BA__AX", datetime(2004, 7, 2, 22, 30, tzinfo=UTC))
    assert draft.stop == OPEN_END


@pytest.mark.parametrize(
    ("ring", "parts"),
    [
        ("10 170 10 -170 20 -170 20 170 10 170", [[170, 180], [-180, -170]]),
        ("10 -170 10 170 20 170 20 -170", [[170, 180], [-180, -170]]),
        ("-1 1 -1 -1 1 -1 1 1 -1 1", [[-1, 1]]),
        ("0 0 2 2 2 0 0 2 0 0", [[0, 2], [0, 2]]),
    ],
    ids=["antimeridian", "the other way, open", "Greenwich", "crossing itself"],
)
def test_footprints_are_cut_and_repaired(tmp_path: Path, ring: str, parts: list[list[int]]) -> None:
    footprint = identify(write_sen3(tmp_path, ring=ring)).footprint
    assert footprint is not None
    polygons = [footprint["coordinates"]] if footprint["type"] == "Polygon" else footprint["coordinates"]
    spans = [[min(x for x, _ in rings[0]), max(x for x, _ in rings[0])] for rings in polygons]
    assert sorted(spans) == sorted(parts)


def test_a_footprint_round_a_pole(tmp_path: Path) -> None:
    ring = " ".join(f"70 {longitude}" for longitude in (-150, -90, -30, 30, 90, 150, -150))
    footprint = identify(write_sen3(tmp_path, ring=ring)).footprint
    assert footprint is not None
    assert planar(footprint).area == pytest.approx(360 * 20)


@given(
    st.floats(-70, 70).map(lambda v: round(v, 4)),
    st.floats(-180, 179.99).map(lambda v: round(v, 4)),
    st.floats(0.1, 15).map(lambda v: round(v, 4)),
)
def test_a_footprint_keeps_its_area_wherever_it_lies(south: float, west: float, size: float) -> None:
    east = west + size if west + size < 180 else west + size - 360
    ring = f"{south} {west} {south} {east} {south + size} {east} {south + size} {west} {south} {west}"
    footprint = footprint_of(parse_xml(f"<x><posList>{ring}</posList></x>".encode()), Path("manifest"))
    assert footprint is not None
    assert planar(footprint).area == pytest.approx(size * size, rel=1e-6)
    assert footprint["type"] == ("Polygon" if west + size <= 180 else "MultiPolygon")


def write_aux_safe(parent: Path, *, name: str = AUX_SAFE, validity: bool = True) -> Path:
    folder = parent / name
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "aux.xml").write_bytes(b"<auxiliary/>")
    times = "<validity>2016-04-22T00:00:00.000000</validity><generation>2021-10-27T13:43:14.000000</generation>"
    aux_type = f"<auxProductType>{name[4:11]}</auxProductType><instrumentConfigurationId>1</instrumentConfigurationId>"
    (folder / "manifest.safe").write_text(
        '<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1"><standAloneProductInformation>'
        + (aux_type + times if validity else "<origin>ECMWF</origin>")
        + "</standAloneProductInformation><dataObjectSection>"
        + data_object("data/aux.xml", b"<auxiliary/>")
        + "</dataObjectSection></xfdu:XFDU>"
    )
    return folder


def test_a_sentinel_1_auxiliary_folder(tmp_path: Path) -> None:
    draft = identify(write_aux_safe(tmp_path))
    assert (draft.name, draft.product_type, draft.mission, draft.satellite) == (AUX_SAFE, "AUX_INS", "S1", "B")
    assert (draft.start, draft.stop) == (datetime(2016, 4, 22, tzinfo=UTC), OPEN_END)
    assert draft.creation_time == datetime(2021, 10, 27, 13, 43, 14, tzinfo=UTC)
    assert draft.figures == {"instrument_configuration": 1}


def test_times_from_the_name_where_the_manifest_has_none(tmp_path: Path) -> None:
    name = "S1__AUX_TEC_V20190805T000000_20190805T235959_G20200210T102615.SAFE"
    draft = identify(write_aux_safe(tmp_path, name=name, validity=False))
    assert (draft.start.day, draft.stop.hour, draft.creation_time.year, draft.satellite) == (5, 23, 2020, "_")


def write_eof(path: Path) -> Path:
    path.write_text(
        "<Earth_Explorer_File><Fixed_Header><File_Type>AUX_RESORB</File_Type>"
        "<Validity_Start>UTC=2017-12-13T10:27:37</Validity_Start><Validity_Stop>UTC=2017-12-13T13:45:07</Validity_Stop>"
        "<Creation_Date>UTC=2017-12-13T14:38:38</Creation_Date></Fixed_Header></Earth_Explorer_File>"
    )
    return path


def test_an_earth_explorer_file(tmp_path: Path) -> None:
    draft = identify(write_eof(tmp_path / EOF))
    assert (draft.name, draft.product_type, draft.satellite) == (EOF, "AUX_RESORB", "A")
    assert draft.stop - draft.start == timedelta(hours=3, minutes=17, seconds=30)
    edit(tmp_path / EOF, "UTC=2017-12-13T13:45:07", "UTC=9999-99-99T99:99:99")
    with pytest.raises(InputCorrupt, match=r"Validity_Stop is 'UTC=9999-99-99T99:99:99', no time"):
        identify(tmp_path / EOF)
    edit(tmp_path / EOF, "9999-99-99T99:99:99", "9999-12-31T00:00:00")
    assert identify(tmp_path / EOF).stop == OPEN_END


def packet(
    coarse: int, fine: int, *, data_take: int = 87747936, ecc_number: int = 13, data: bytes = b"\1" * 10
) -> bytes:
    header = struct.pack(">HHHIHIIB", 0x0C1C, 0xC000, 61 + len(data), coarse, fine, 0x352EF853, data_take, ecc_number)
    return header + bytes(68 - len(header)) + data


def test_sentinel_1_packets(tmp_path: Path) -> None:
    path = tmp_path / "packets.dat"
    path.write_bytes(packet(1276273468, 0) + packet(1276273467, 43887) + packet(1276273469, 65535, data=b"x" * 300))
    draft = identify(path)
    assert (draft.name, draft.product_type, draft.mission, draft.satellite) == ("packets.dat", "S1_ISP", "S1", "_")
    assert draft.start == datetime(2020, 6, 15, 16, 24, 9, 669_670, tzinfo=UTC)
    assert draft.stop == datetime(2020, 6, 15, 16, 24, 11, 999_992, tzinfo=UTC)
    assert draft.figures == {"packets": 3, "data_takes": [87747936], "ecc_numbers": [13]}


def test_a_session(tmp_path: Path) -> None:
    session_id = "S3A_20221101092439034975"
    start = datetime(2022, 11, 1, 9, 24, 39, tzinfo=UTC)
    for channel in (1, 2):
        name = f"DCS_05_{session_id}_ch{channel}"
        (tmp_path / f"{name}_DSDB_00001.raw").write_bytes(b"12345")
        dsib = Dsib(
            session_id=session_id,
            start=start,
            stop=start + timedelta(seconds=600),
            created=start,
            finished=start,
            data_size_bytes=10,
            chunks=(f"{name}_DSDB_00001.raw",),
        )
        (tmp_path / f"{name}_DSIB.xml").write_bytes(format_dsib(dsib))
    draft = identify(tmp_path)
    assert (draft.name, draft.product_type, draft.mission, draft.satellite) == (session_id, "S3_SESSION", "S3", "A")
    assert (draft.start, draft.stop - draft.start, draft.creation_time) == (start, timedelta(seconds=600), start)
    assert draft.figures == {"channels": ["1", "2"], "chunks": 2, "chunk_bytes": 10}
    next(tmp_path.glob("*ch2_DSIB.xml")).unlink()
    with pytest.raises(InputMissing, match="channel 2 has chunks but no DSIB"):
        identify(tmp_path)


def manifest_of(folder: Path) -> Path:
    return folder / "xfdumanifest.xml"


# ruff: noqa: E501  (a table: one fault a line)
SEN3_FAULTS: dict[str, tuple[Callable[[Path], object], type[RefsysError], str]] = {
    "no manifest": (lambda f: manifest_of(f).unlink(), InputMissing, "does not exist"),
    "listed file absent": (lambda f: (f / "data/more.nc").unlink(), InputMissing, r"not there .*data/more\.nc"),
    "other size": (lambda f: (f / "measurement.nc").write_bytes(b"m"), InputCorrupt, r"1 bytes, the manifest says 8 .*measurement\.nc"),
    "other bytes": (lambda f: (f / "measurement.nc").write_bytes(b"MEASURED"), InputCorrupt, r"another MD5 .*measurement\.nc"),
    "path climbs out": (lambda f: edit(manifest_of(f), "./data/more.nc", "../../etc/passwd"), InputCorrupt, r"'\.\./\.\./etc/passwd', outside"),
    "absolute path": (lambda f: edit(manifest_of(f), "./data/more.nc", "/etc/passwd"), InputCorrupt, "outside the product"),
    "no path": (lambda f: edit(manifest_of(f), 'href="./data/more.nc"', ""), InputCorrupt, "outside the product"),
    "size no number": (lambda f: edit(manifest_of(f), 'size="8"', 'size="-8"'), InputCorrupt, "size of a listed file is '-8'"),
    "other name": (lambda f: edit(manifest_of(f), "S3B_OL", "S3A_OL"), InputCorrupt, "by its folder"),
    "no times": (lambda f: edit(manifest_of(f), "acquisitionPeriod", "period"), InputCorrupt, "no element acquisitionPeriod/st"),
    "no time": (lambda f: edit(manifest_of(f), "2021-08-31T20:01", "2021-08-31T25:01"), InputCorrupt, "'2021-08-31T25:01:48.25Z', no time"),
    "stop before start": (lambda f: edit(manifest_of(f), "2021-08-31T20:46", "2020-08-31T20:46"), InputCorrupt, "is before its start"),
    "odd positions": (lambda f: edit(manifest_of(f), "12 20 10 20<", "12 20 10<"), InputCorrupt, "no pairs"),
    "position no number": (lambda f: edit(manifest_of(f), "12 20 10 20<", "12 20 ten 20<"), InputCorrupt, "no pairs"),
    "not on the globe": (lambda f: edit(manifest_of(f), ">10 20", ">100 20"), InputCorrupt, "posList is no polygon"),
    "one position": (lambda f: edit(manifest_of(f), ">10 20 10 22 12 22 12 20 10 20<", ">10 20<"), InputCorrupt, "posList is no polygon"),
    "broken XML": (lambda f: manifest_of(f).write_text("{}"), InputCorrupt, "malformed"),
    "hostile XML": (lambda f: manifest_of(f).write_text("<!DOCTYPE a><a/>"), XmlUnsafe, "DOCTYPE"),
}  # fmt: skip


@pytest.mark.parametrize("fault", SEN3_FAULTS)
def test_a_wrong_sentinel_3_folder(tmp_path: Path, fault: str) -> None:
    spoil, kind, said = SEN3_FAULTS[fault]
    folder = write_sen3(tmp_path)
    spoil(folder)
    with pytest.raises(kind, match=said) as error:
        identify(folder)
    assert str(folder) in str(error.value.where)


def test_a_listed_file_that_is_a_link_out(tmp_path: Path) -> None:
    folder = write_sen3(tmp_path)
    shutil.move(folder / "measurement.nc", tmp_path / "elsewhere")
    (folder / "measurement.nc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputCorrupt, match="outside the product"):
        identify(folder)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (bytes(100), "does not begin with a Sentinel-1 space packet"),
        (b"\x0c\x1c", "byte 0 is cut off: 2 bytes"),
        (packet(1, 1)[:-1], "byte 0 is cut off: 77 of 78 bytes"),
        (packet(1, 1) + packet(2, 2)[:70], "byte 78 is cut off: 70 of 78 bytes"),
        (packet(1, 1) + b"\xff" * 80, "byte 78 does not begin a Sentinel-1 space packet"),
    ],
)
def test_wrong_packets(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.dat").write_bytes(data)
    with pytest.raises(InputCorrupt, match=said) as error:
        identify(tmp_path / "x.dat")
    assert error.value.where == str(tmp_path / "x.dat")


def test_what_is_of_no_kind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.zip").write_bytes(b"PK")
    for path in (tmp_path / "folder", tmp_path / "a.zip"):
        with pytest.raises(InputCorrupt, match="accepted are session folders"):
            identify(path)
    with pytest.raises(InputMissing):
        identify(tmp_path / "absent")
    with pytest.raises(NameInvalid, match="satellite is 'X'"):
        identify(write_sen3(tmp_path, name=SEN3.replace("S3B", "S3X")))
    with pytest.raises(InputCorrupt, match="no Sentinel-3 product"):
        identify(write_sen3(tmp_path, name="S2A_MSIL1C_20150802T105414_N0102_R008_20150803T124046.SEN3"))
    with pytest.raises(InputCorrupt, match="no element acquisitionPeriod/startTime"):
        identify(
            write_aux_safe(tmp_path, name="S1A_IW_OCN__2SDV_20200101T050000_20200101T050032_030612_0381C5_ABCD.SAFE")
        )
    with pytest.raises(InputCorrupt, match="file type is 'AUX_RESORB' inside, 'AUX_POEORB' in its name"):
        identify(write_eof(tmp_path / EOF.replace("RESORB", "POEORB")))
    with pytest.raises(InputCorrupt, match="no Earth Explorer file"):
        identify(write_eof(tmp_path / "S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.xml"))


def test_a_type_that_differs_from_the_name(tmp_path: Path) -> None:
    folder = write_aux_safe(tmp_path)
    edit(folder / "manifest.safe", "AUX_INS", "AUX_CAL")
    with pytest.raises(InputCorrupt, match="type is 'AUX_CAL' in its manifest, 'AUX_INS' by its folder"):
        identify(folder)


def test_real_sral_products(shared_data: Path, tmp_path: Path) -> None:
    for archive in shared_data.glob("s3_sral/*.zip"):
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(tmp_path)
    a, b = (identify(path) for path in sorted(tmp_path.iterdir()))
    assert (a.product_type, a.satellite, a.figures["orbit"], a.figures["timeliness"]) == (
        "SR_1_SRA___",
        "A",
        36762,
        "NR",
    )
    assert a.start == datetime(2023, 3, 9, 20, 45, 58, 338_747, tzinfo=UTC)
    assert a.footprint is not None
    assert a.footprint["type"] == "Polygon"
    assert max(x for x, _ in a.footprint["coordinates"][0]) == 1.21834
    assert min(x for x, _ in a.footprint["coordinates"][0]) == -0.185998
    assert (b.satellite, b.figures["cycle"]) == ("B", 77)


def test_real_auxiliary_files(shared_data: Path) -> None:
    drafts = [identify(path) for path in sorted(shared_data.glob("aux_s1/safe/*.SAFE"))]
    assert len(drafts) == 11
    assert {draft.product_type for draft in drafts} == {
        "AUX_CAL",
        "AUX_INS",
        "AUX_ITC",
        "AUX_PP1",
        "AUX_PP2",
        "AUX_SCF",
    }
    orbit = identify(shared_data / "aux_s1" / "orbits" / EOF)
    assert orbit.figures == {
        "version": "0001",
        "site": "OPOD",
        "processor_version": "1.4.0",
        "state_vectors": 1186,
        "orbit": 19683,
        "first_azimuth_time": "2017-12-13T10:27:47.593331Z",
    }
    mask = identify(next(shared_data.glob("aux_s1/masks/*MSK__LAND*.EOF")))
    assert (mask.satellite, mask.stop) == ("_", OPEN_END)
    assert mask.creation_time == datetime(2019, 7, 11, 11, 33, tzinfo=UTC)
    memory = identify(shared_data / "aux_s1" / "misc" / "S1B_OPER_AUX_OBMEMC_PDMC_20140212T000000.xml")
    assert memory.start == datetime(2014, 2, 1, tzinfo=UTC)
    assert memory.stop == datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_real_manifests_without_their_files(shared_data: Path) -> None:
    folders = [*shared_data.glob("s3_manifests/stactools/*.SEN3"), *shared_data.glob("aux_s1/manifests/*.SAFE")]
    assert len(folders) == 13
    for folder in folders:
        with pytest.raises((InputMissing, InputCorrupt), match=r"listed in the manifest|the manifest says"):
            identify(folder)


def test_real_packets(shared_data: Path) -> None:
    echo = identify(shared_data / "s1_l0" / "isp" / "000408-echo.dat")
    assert echo.start.replace(microsecond=0) == datetime(2020, 6, 15, 16, 24, 9, tzinfo=UTC)
    assert echo.start.microsecond == 943_962
    assert echo.figures == {"packets": 1, "data_takes": [87747936], "ecc_numbers": [13]}
    with pytest.raises(InputCorrupt, match="Sentinel-1 space packet"):
        identify(next(shared_data.glob("s3_l0/*_isp.dat")))
