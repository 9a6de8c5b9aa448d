"""The folder station and extraction know the same families: what is offered is read, and once."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from refsys.chains.extraction import identify
from refsys.model.errors import InputCorrupt, RefsysError
from refsys.model.names import SessionFileName, parse_name
from refsys.model.settings import LimitSettings
from refsys.stations.folder import FolderStation

LIMITS = LimitSettings()
SEN3 = "S3A_AX___BA__AX_20040702T223000_20040704T042158_20171130T082116___________________WER_D_AL____.SEN3"
ISIP = "S3A_SL_0_SLT__G_20040702T235915_20040703T000415_20150424T160530___________________WER_D_______.ISIP"
SAFE = "S1A_IW_RAW__0SDV_20171213T121623_20171213T121656_019684_021735_C6DB.SAFE"
GRANULE = "S2A_OPER_MSI_L0__GR_SGS__20191001T101733_S20191001T083650_D01_N02.08"
STRIP = "S2A_OPER_MSI_L0__DS_SGS__20191001T101733_S20191001T083647_N02.08"
ANCILLARY = "S2A_OPER_AUX_SADATA_EPAE_20190222T003515_V20190221T190438_20190221T204519_A019158_WF_LN"
COMPACT = "S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911"
HKTM = "S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.SAFE"
TRUE_COLOUR = "S2B_OPER_MSI_L1C_TC_EPAE_20191001T102654_A013417_T39UWP_N02.08.jp2"
ORBIT = "S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507"
MEMORY = "S1A_OPER_AUX_OBMEMC_PDMC_20140201T000000.xml"
GIPP = "S2A_OPER_GIP_VIEDIR_MPC__20150101T000000_V20150101T000000_21000101T000000_B8A"
FRAME = "S3A_OPER_MPL_ORBSCT_20160216T192404_99999999T999999_0006"

FOLDERS = {
    SEN3: "xfdumanifest.xml",
    ISIP: f"{ISIP.removesuffix('.ISIP')}.SAFE/manifest.safe",
    SAFE: "manifest.safe",
    GRANULE: f"IMG_DATA/{GRANULE}_B01.jp2",
    STRIP: f"QI_DATA/{ORBIT}.EOF",
    ANCILLARY: "Inventory_Metadata.xml",
    COMPACT: "MTD_MSIL1C.xml",
    HKTM: "manifest.safe",
    SAFE.removesuffix(".SAFE"): "manifest.safe",
    SEN3.removesuffix(".SEN3"): "xfdumanifest.xml",
    f"{ORBIT}.EOF.d": f"{ORBIT}.HDR",
    GIPP: f"{GIPP}.HDR",
}
FILES = (TRUE_COLOUR, f"{ORBIT}.EOF", MEMORY, f"{GIPP}.xml", "N46_E008_DEM.tif")
ARCHIVES = (f"{SAFE}.zip", f"{GIPP}.TGZ", f"{SEN3}.tar", f"{FRAME}.tar.gz")


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(root: Path) -> list[str]:
    return sorted(item.name for item in FolderStation(root, LIMITS).items())


def test_every_family_is_offered_once(tmp_path: Path) -> None:
    for number, (folder, inside) in enumerate(FOLDERS.items()):
        put(tmp_path / f"S{number % 3 + 1}A" / folder / inside)
        put(tmp_path / f"S{number % 3 + 1}A" / folder / "data" / MEMORY)
    for name in (*FILES, *ARCHIVES):
        put(tmp_path / "loose" / "S2A_OPER_MSI_L0__GR" / name)
    put(tmp_path / "session" / "ch1" / "DCS_01_S3A_20221101092439034975_ch1_DSIB.xml")
    assert names(tmp_path) == sorted([*FOLDERS, *FILES, *ARCHIVES, "S3A_20221101092439034975"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_product_as_the_root_is_one_item(tmp_path: Path, folder: str) -> None:
    put(tmp_path / folder / FOLDERS[folder])
    put(tmp_path / folder / MEMORY)
    (item,) = FolderStation(tmp_path / folder, LIMITS).items()
    assert (item.name, item.address) == (folder, str(tmp_path / folder))


@pytest.mark.parametrize(
    "name",
    ["notes.xml", "S1A.xml", "image.jp2", "map.tif", f"{ORBIT}.HDR", f"{ORBIT}.DBL", "manifest.safe", "x.zip.part"],
)
def test_what_is_no_product_is_not_offered(tmp_path: Path, name: str) -> None:
    put(tmp_path / name)
    assert names(tmp_path) == []


def test_folders_that_only_sort_products_are_looked_into(tmp_path: Path) -> None:
    put(tmp_path / "S1A_IW_20240101T000000_tray" / MEMORY.replace(".xml", "") / "readme.txt")
    put(tmp_path / "S1A_IW" / f"{ORBIT}.EOF")
    put(tmp_path / "S2A_OPER_MSI_L0__GR_" / GRANULE / "a")
    assert names(tmp_path) == sorted([f"{ORBIT}.EOF", GRANULE])


@pytest.mark.parametrize("name", [*FOLDERS, *FILES])
def test_extraction_knows_all_that_is_offered(tmp_path: Path, name: str) -> None:
    """It may find fault with what is in these empty products, but not with their kind."""
    put(tmp_path / name / FOLDERS[name] if name in FOLDERS else tmp_path / name)
    (item,) = FolderStation(tmp_path, LIMITS).items()
    with pytest.raises(RefsysError) as error:
        identify(Path(item.address))
    assert "of no kind that is accepted" not in str(error.value)


@pytest.mark.parametrize("name", ["notes.xml.txt", "x.HDR", "map.png"])
def test_what_extraction_does_not_know_is_not_offered(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputCorrupt, match="of no kind that is accepted"):
        identify(put(tmp_path / name))
    assert names(tmp_path) == []


def test_header_and_data_in_an_archive_are_fetched_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for ending in ("HDR", "DBL"):
        put(tmp_path / "made" / f"{GIPP}.{ending}")
    with tarfile.open(tmp_path / "in" / f"{GIPP}.TGZ", "w:gz") as archive:
        for file in sorted((tmp_path / "made").iterdir()):
            archive.add(file, file.name)
    with zipfile.ZipFile(tmp_path / "in" / f"{TRUE_COLOUR}.ZIP", "w") as packed:
        packed.writestr(TRUE_COLOUR, b"x")
    station = FolderStation(tmp_path / "in", LIMITS)
    got = [station.fetch(item, tmp_path / "scratch") for item in station.items()]
    assert [path.name for path in got] == [GIPP, TRUE_COLOUR]
    assert sorted(path.name for path in got[0].iterdir()) == [f"{GIPP}.DBL", f"{GIPP}.HDR"]


def test_names_that_are_offered_are_parsed() -> None:
    for name in (SEN3, SAFE, GRANULE, STRIP, ANCILLARY, COMPACT, HKTM, TRUE_COLOUR, MEMORY):
        parsed = parse_name(name)
        assert not isinstance(parsed, SessionFileName)
        assert parsed.mission == name[:2]


def test_every_real_product_is_offered_once(shared_data: Path) -> None:
    root = shared_data.parent / "production-input/rs-core/metadata-catalog-extraction/src/test/resources/workDir"
    if not root.is_dir():
        pytest.skip("the data are not here")
    places = [place for place in root.iterdir() if not place.name.startswith("DCS_")]  # which make all one session
    offered = [item for place in places for item in FolderStation(place, LIMITS).items()]
    addresses = {item.address for item in offered}
    assert len(addresses) == len(offered)
    assert not [one for one in addresses if any(str(up) in addresses for up in Path(one).parents)]
    suffixes = {Path(address).suffix for address in addresses}
    assert {".SAFE", ".SEN3", ".ISIP", ".EOF", ".xml", ".jp2"} <= suffixes
    names_of_folders = {item.name for item in offered}
    assert {GRANULE, ANCILLARY} <= names_of_folders
