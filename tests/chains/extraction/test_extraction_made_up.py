"""Made-up products of every family: the fields that queries ask for, and each fault told by element and file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from refsys.chains.extraction import describe, identify
from refsys.model.errors import InputCorrupt, InputMissing, NameInvalid
from refsys.model.times import parse_time

S1_TIMES = "20260101T050000_20260101T050032_012345_0381C5_ABCD.SAFE"
TILE = "S2C_OPER_MSI_L1C_TL_2BPS_20260101T120000_A001234_T32TNS_N05.11"
STRIP = "S2C_OPER_MSI_L0__DS_2BPS_20260101T120000_S20260101T100000_N05.11"
SEN3 = "S3D_OL_0_EFR____20260101T050000_20260101T050300_20260101T060000_0179_077_334_4320_LN1_O_NR_002.SEN3"
ISIP = "S3A_OL_0_EFR__G_20260101T050000_20260101T050300_20260101T060000___________________LN1_D_NR____.ISIP"


def put(folder: Path, path: str, text: str | bytes) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def s1(
    parent: Path, name: str, *, said: str = "", places: str = "10,20 10,22 12,22 12,20", pass_: str = "ASCENDING"
) -> Path:
    return put(
        parent / f"S1C_{name}_{S1_TIMES}",
        "manifest.safe",
        "<XFDU><acquisitionPeriod><startTime>2026-01-01T05:00:00.25</startTime>"
        "<stopTime>2026-01-01T05:03:20.25</stopTime></acquisitionPeriod>"
        '<processing start="2026-01-01T06:00:00" stop="2026-01-01T06:10:00"><facility site="Made"/></processing>'
        '<orbitReference><orbitNumber type="start">12345</orbitNumber><orbitNumber type="stop">12346</orbitNumber>'
        '<relativeOrbitNumber type="start">12</relativeOrbitNumber><cycleNumber>3</cycleNumber>'
        f"<pass>{pass_}</pass></orbitReference><instrumentConfigurationID>6</instrumentConfigurationID>"
        f"<missionDataTakeID>229829</missionDataTakeID>{said}"
        f"<frameSet><frame><footPrint><coordinates>{places}</coordinates></footPrint></frame></frameSet></XFDU>",
    )


def inventory(name: str, kind: str, said: str = "") -> str:
    points = "".join(
        f"<Geo_Pnt><LATITUDE>{y}</LATITUDE><LONGITUDE>{x}</LONGITUDE></Geo_Pnt>" for x, y in ((1, 1), (2, 1), (2, 2))
    )
    return (
        f'<Inventory_Metadata xmlns="urn:x"><File_ID>{name}</File_ID><Parent_ID>{STRIP}</Parent_ID>'
        "<Group_ID>GS2C_20260101T095900_001234_N05.11</Group_ID><Generation_Time>UTC=2026-01-01T12:00:00</Generation_Time>"
        "<Validity_Start>UTC=2026-01-01T10:00:00.000140</Validity_Start>"
        "<Validity_Stop>UTC=2026-01-01T10:00:05</Validity_Stop><Start_Orbit_Number>001234</Start_Orbit_Number>"
        f"<Stop_Orbit_Number>001235</Stop_Orbit_Number>{points}<Quality_Info>100.0</Quality_Info>"
        f"<File_Type>{kind}</File_Type><Acquisition_Station>SGS_</Acquisition_Station>"
        f"<Ascending_Flag>false</Ascending_Flag><CloudPercentage>12.5</CloudPercentage>{said}</Inventory_Metadata>"
    )


def sen3(parent: Path, said: str = "", ring: str = "10 20 10 22 12 22 12 20") -> Path:
    return put(
        parent / SEN3,
        "xfdumanifest.xml",
        "<XFDU><acquisitionPeriod><startTime>2026-01-01T05:00:00.5Z</startTime>"
        "<stopTime>2026-01-01T05:03:00Z</stopTime></acquisitionPeriod>"
        f'<L1Triggering triggers="RAC"/><footPrint><posList>{ring}</posList></footPrint>{said}</XFDU>',
    )


def isip(parent: Path, position: str = "LAST", number: str = "3") -> Path:
    return put(
        parent / ISIP,
        f"{ISIP.removesuffix('.ISIP')}_iif.xml",
        "<IIF><temporalCoverage><startTime>20260101T050000</startTime><stopTime>2026-01-01T05:03:00.5</stopTime>"
        f'</temporalCoverage><feature key="granuleNumber">{number}</feature>'
        f'<feature key="granulePosition">{position}</feature><feature key="dumpStart">2026-01-01T04:00:00</feature></IIF>',
    )


SLICE = "<sliceProductFlag>TRUE</sliceProductFlag><sliceNumber>4</sliceNumber><packetStoreID>24</packetStoreID>"
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "IW_RAW__0SDV": (SLICE, {"slice_number": 4, "slice_count": None, "timeliness": "FAST24", "mode": "IW", "swath": "IW"}),
    "EW_RAW__0SSH": ("<packetStoreID>8</packetStoreID>", {"slice_number": None, "timeliness": "NRT", "polarisation": "SH"}),
    "EW_RAW__0ADH": ("", {"slice_number": 1, "slice_count": 4, "timeliness": None}),
    "IW_RAW__0CDV": ("", {"slice_number": 1, "slice_count": 8}),
    "S3_RAW__0NSV": ("", {"slice_number": 1, "slice_count": 8, "swath": "S3"}),
    "WV_RAW__0SSV": ("", {"slice_number": 1, "slice_count": None}),
    "RF_RAW__0SHH": ("<productConsolidation>PARTIAL</productConsolidation>", {"consolidation": "PARTIAL", "polarisation": "HH"}),
    "GP_RAW__0___": ("", {"timeliness": "NRT", "polarisation": None, "footprint_state": None}),
    "HK_RAW__0___": ("<packetStoreID>45</packetStoreID>", {"timeliness": "NRT", "footprint_state": None}),
    "IW_SLC__1SDV": ("<totalSlices>9</totalSlices><sliceNumber>2</sliceNumber>", {"slice_number": 2, "slice_count": 9}),
    "IW_GRDH_1ADV": ("<productTimelinessCategory>NRT-3h</productTimelinessCategory>", {"timeliness": "NRT", "slice_number": None}),
    "IW_OCN__2SDV": ("<productTimelinessCategory>Off-line</productTimelinessCategory>", {"timeliness": None}),
    "IW_ETA__AXDV": ("", {"mode": "IW", "data_take_id": "229829"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_families_of_sentinel_1(tmp_path: Path, name: str) -> None:
    said, expected = FAMILIES[name]
    draft = describe(s1(tmp_path, name, said=said))
    assert draft.product_type == f"{name[:10]}"
    told = draft.attributes.model_dump()
    common: dict[str, Any] = {"absolute_orbit": 12345, "absolute_orbit_stop": 12346, "relative_orbit": 12, "cycle": 3}
    common |= {"pass_direction": "ASCENDING", "instrument_configuration_id": 6, "station": "Made"}
    assert {key: told[key] for key in common | expected} == common | expected
    assert draft.creation_time == datetime(2026, 1, 1, 6, 10, tzinfo=UTC)
    assert describe(draft.name).product_type == draft.product_type


def test_a_footprint_beyond_repair_is_kept(tmp_path: Path) -> None:
    draft = describe(s1(tmp_path, "IW_SLC__1SDV", places="1,1 2,2 3,3 1,1"))
    assert draft.footprint is None
    assert draft.attributes.footprint_state == "unrepairable"
    assert draft.figures["given_footprint"] == [[1, 1], [2, 2], [3, 3], [1, 1]]
    crossing = describe(s1(tmp_path, "IW_GRDH_1SDV", places="0,0 2,2 2,0 0,2"))
    assert crossing.attributes.footprint_state == "repaired"


def test_a_tile(tmp_path: Path) -> None:
    folder = put(tmp_path / TILE, "Inventory_Metadata.xml", inventory(TILE, "MSI_L1C_TL"))
    put(
        folder,
        "MTD_TL.xml",
        f"<x><DATASTRIP_ID>{STRIP}</DATASTRIP_ID><SENSING_TIME>2026-01-01T10:00:01Z</SENSING_TIME></x>",
    )
    draft = identify(folder)
    assert (draft.product_type, draft.satellite, draft.start.microsecond) == ("MSI_L1C_TL", "C", 140)
    told = draft.attributes
    assert (told.tile, told.datastrip, told.data_take_id) == ("32TNS", STRIP, "GS2C_20260101T095900_001234_N05.11")
    assert (told.absolute_orbit, told.absolute_orbit_stop, told.pass_direction) == (1234, 1235, "DESCENDING")
    assert (told.cloud_cover_percent, told.baseline, told.station) == (12.5, "05.11", "SGS_")


def test_sensing_times_of_level_0_and_what_is_lost(tmp_path: Path) -> None:
    folder = put(tmp_path / STRIP, "Inventory_Metadata.xml", inventory(STRIP, "MSI_L0__DS"))
    put(
        folder,
        "S2C_OPER_MTD_L0__DS_2BPS_20260101T120000_S20260101T100000.xml",
        "<x><DATASTRIP_SENSING_START>2026-01-01T10:00:00.456Z</DATASTRIP_SENSING_START>"
        "<DATASTRIP_SENSING_STOP>2026-01-01T10:01:00.573Z</DATASTRIP_SENSING_STOP>"
        "<NUMBER_OF_LOST_PACKETS>2</NUMBER_OF_LOST_PACKETS><SENSING_ORBIT_NUMBER>34</SENSING_ORBIT_NUMBER></x>",
    )
    draft = describe(folder)
    assert draft.start == parse_time("2026-01-01T10:00:00.456Z")
    assert (draft.quality, draft.figures["quality_info"], draft.attributes.relative_orbit) == ("degraded", 2, 34)


def test_an_image(tmp_path: Path) -> None:
    name = "S2C_OPER_MSI_L1C_TC_2BPS_20260101T120000_A001234_T32TNS_N05.11.jp2"
    grid = '<gml:FeatureCollection xmlns:gml="g"><gml:origin><gml:Point srsName="urn:ogc:def:crs:EPSG::32632">'
    grid += "<gml:pos>499980 5400000</gml:pos></gml:Point></gml:origin></gml:FeatureCollection>"
    data = b"\0\0\0\x0cjP  \xff\xfe" + grid.encode() + b"\0xml " + inventory(name, "MSI_L1C_TC").encode() + bytes(50)
    (tmp_path / name).write_bytes(data)
    draft = identify(tmp_path / name)
    assert (draft.attributes.tile, draft.figures["epsg"], draft.figures["grid_origin_m"]) == (
        "32TNS",
        32632,
        [499980, 5400000],
    )
    (tmp_path / name).write_bytes(data.replace(b"<Inventory_M", b"<Inventory_X"))
    with pytest.raises(InputCorrupt, match="no Inventory_Metadata"):
        identify(tmp_path / name)


def test_a_user_product(tmp_path: Path) -> None:
    name = "S2C_MSIL2A_20260101T100000_N0511_R108_T32TNS_20260101T120000.SAFE"
    folder = put(
        tmp_path / name,
        "MTD_MSIL2A.xml",
        "<x><PRODUCT_START_TIME>2026-01-01T10:00:00.5Z</PRODUCT_START_TIME>"
        "<PRODUCT_STOP_TIME>2026-01-01T10:00:00.5Z</PRODUCT_STOP_TIME><GENERATION_TIME>2026-01-01T12:00:00Z</GENERATION_TIME>"
        '<Datatake datatakeIdentifier="GS2C_20260101T100000_001234_N05.11"/>'
        "<EXT_POS_LIST>1 1 1 2 2 2 1 1</EXT_POS_LIST></x>",
    )
    draft = identify(folder)
    assert (draft.product_type, draft.attributes.absolute_orbit, draft.attributes.relative_orbit) == (
        "MSIL2A",
        1234,
        108,
    )
    assert draft.attributes.footprint_state == "given"


def test_a_granule_and_a_product_of_sentinel_3(tmp_path: Path) -> None:
    granule = describe(isip(tmp_path))
    assert (granule.attributes.granule_number, granule.attributes.granule_position) == (3, "LAST")
    assert granule.start == parse_time("2026-01-01T05:00:00Z")
    product = describe(sen3(tmp_path, "<granuleNumber>7</granuleNumber>"))
    assert (product.satellite, product.attributes.calibration_class) == ("D", "RAC")
    assert (product.attributes.granule_number, product.attributes.granule_position) == (7, None)
    assert product.attributes.timeliness == "NRT"


# ruff: noqa: E501  (tables: one family or fault a line)
def tile(parent: Path, said: str) -> Path:
    return put(parent / TILE, "Inventory_Metadata.xml", inventory(TILE, "MSI_L1C_TL", said))


FAULTS: dict[str, tuple[Any, str, str]] = {
    "orbit": (lambda p: sen3(p, "<orbitReference><orbitNumber>12x</orbitNumber></orbitReference>"), "orbitNumber is '12x'", "xfdumanifest.xml"),
    "cycle": (lambda p: sen3(p, "<cycleNumber>-1</cycleNumber>"), "cycleNumber is '-1', no whole number", "xfdumanifest.xml"),
    "position": (lambda p: sen3(p, "<granulePosition>MIDDLE</granulePosition>"), "granulePosition is 'MIDDLE', must be one of", "xfdumanifest.xml"),
    "percentage": (lambda p: sen3(p, '<classificationSummary><cloudyPixels percentage="101"/></classificationSummary>'), "cloudyPixels/@percentage is '101'", "xfdumanifest.xml"),
    "node": (lambda p: sen3(p, '<orbitReference><elementSet><ephemeris><epoch type="UTC">soon</epoch></ephemeris></elementSet></orbitReference>'), "ephemeris/epoch is 'soon'", "xfdumanifest.xml"),
    "granule number": (lambda p: isip(p, number="three"), "granuleNumber is 'three'", "_iif.xml"),
    "granule position": (lambda p: isip(p, position="X"), "granulePosition is 'X'", "_iif.xml"),
    "pass": (lambda p: s1(p, "IW_SLC__1SDV", pass_="UP"), "pass is 'UP', must be one of ASCENDING", "manifest.safe"),
    "packet store": (lambda p: s1(p, "IW_RAW__0SDV", said="<packetStoreID>99</packetStoreID>"), "packetStoreID is 99", "manifest.safe"),
    "slice": (lambda p: s1(p, "IW_SLC__1SDV", said="<sliceNumber>2.5</sliceNumber>"), "sliceNumber is '2.5'", "manifest.safe"),
    "not finite": (lambda p: s1(p, "IW_RAW__0SDV", said="<sliceOverlap>nan</sliceOverlap>"), "sliceOverlap is 'nan'", "manifest.safe"),
    "corners": (lambda p: s1(p, "WV_SLC__1SVV", places="1,1 2,2 3,1"), "other than 4 positions", "manifest.safe"),
    "not on the globe": (lambda p: s1(p, "IW_SLC__1SDV", places="91,1 2,2 3,1"), "is no polygon", "manifest.safe"),
    "cloud": (lambda p: put(p / TILE, "Inventory_Metadata.xml", inventory(TILE, "MSI_L1C_TL").replace("12.5", "125")), "CloudPercentage is 125.0, no percentage", "Inventory_Metadata.xml"),
    "flag": (lambda p: put(p / TILE, "Inventory_Metadata.xml", inventory(TILE, "MSI_L1C_TL").replace("false", "maybe")), "Ascending_Flag is 'maybe'", "Inventory_Metadata.xml"),
    "other type": (lambda p: put(p / TILE, "Inventory_Metadata.xml", inventory(TILE, "MSI_L2A_TL")), "type is 'MSI_L2A_TL' in its inventory", "Inventory_Metadata.xml"),
    "point": (lambda p: put(p / TILE, "Inventory_Metadata.xml", inventory(TILE, "MSI_L1C_TL").replace("LATITUDE", "LAT")), "Geo_Pnt holds no pairs", "Inventory_Metadata.xml"),
    "two metadata": (lambda p: put(put(tile(p, ""), "MTD_TL.xml", "<x/>"), "MTD_DS.xml", "<x/>"), "2 files of product metadata", TILE),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_element_is_told_with_its_file(tmp_path: Path, fault: str) -> None:
    make, said, where = FAULTS[fault]
    folder = make(tmp_path)
    with pytest.raises(InputCorrupt, match=said) as error:
        describe(folder)
    assert str(error.value.where).startswith(str(folder))
    assert str(error.value.where).endswith(where)


def test_metadata_that_are_absent(tmp_path: Path) -> None:
    for name in (SEN3, ISIP, f"S1C_IW_SLC__1SDV_{S1_TIMES}"):
        with pytest.raises(InputMissing):
            describe(put(tmp_path / name, "other.txt", "x"))
    with pytest.raises(InputMissing, match="neither Inventory_Metadata"):
        describe(put(tmp_path / TILE, "other.txt", "x"))
    with pytest.raises(NameInvalid, match="satellite is 'E'"):
        describe(SEN3.replace("S3D", "S3E"))
    with pytest.raises(InputCorrupt, match="name alone"):
        describe(TILE)
