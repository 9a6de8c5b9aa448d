"""Sentinel-1 products and auxiliary files of other people's tests: the values that are known of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from refsys.chains.extraction import OPEN_END, describe, identify
from refsys.chains.extraction_earth_explorer import mask_features
from refsys.chains.extraction_elements import Elements
from refsys.chains.extraction_s1_interference import (
    interference_mitigation,
    polarisations_mitigated,
    polarisations_with_interference,
)
from refsys.chains.safe_xml import parse_xml
from refsys.chains.units import ProductDraft
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.times import format_time, parse_time

# ruff: noqa: E501  (tables: one file a line)
AUXILIARY: dict[str, dict[str, Any]] = {
    "S1A_OPER_AUX_OBMEMC_PDMC_20140201T000000.xml": {"product_type": "AUX_OBMEMC", "satellite": "A", "start": "2014-02-01T00:00:00", "creation_time": "2014-02-12T12:28:19"},
    "S1B_OPER_AUX_OBMEMC_PDMC_20140212T000000.xml": {"product_type": "AUX_OBMEMC", "satellite": "B", "start": "2014-02-01T00:00:00", "stop": "2099-12-31T23:59:59"},
    "S1A_OPER_MPL_ORBPRE_20171208T200309_20171215T200309_0001.EOF": {"product_type": "MPL_ORBPRE", "satellite": "A", "creation_time": "2017-12-08T20:02:13", "start": "2017-12-08T20:03:09", "stop": "2017-12-15T20:03:09", "station": "FOS", "version": "0001", "absolute_orbit": None, "processor_version": "3.0"},
    "S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507.EOF": {"product_type": "AUX_RESORB", "creation_time": "2017-12-13T14:38:38", "start": "2017-12-13T10:27:37", "stop": "2017-12-13T13:45:07", "absolute_orbit": 19683, "first_azimuth_time": "2017-12-13T10:27:47.593331Z", "station": "OPOD", "version": "0001", "processor_version": "1.4.0"},
    "S1__OPER_MSK__LAND__V20140403T210200_G20190711T113000.EOF": {"product_type": "MSK__LAND_", "creation_time": "2019-07-11T11:33:00", "start": "2014-04-03T21:02:00", "stop": OPEN_END, "satellite": "_", "processor_version": "S1PRO-004", "station": "S1PDGS", "features": 175},
    "S1A_OPER_REP__SUP___20181208T070000_20181208T111500_0001.EOF": {"product_type": "REP__SUP__", "creation_time": "2018-12-07T00:00:00", "start": "2018-12-08T07:00:00", "stop": "2018-12-08T11:15:00", "station": "FOS", "processor_version": "1.0", "version": "0001"},
    "S1A_AUX_CAL_V20171017T080000_G20171013T101200.SAFE": {"product_type": "AUX_CAL", "start": "2017-10-17T08:00:00", "stop": OPEN_END, "creation_time": "2017-10-13T10:12:00", "instrument_configuration_id": 6, "station": "CLS-Brest"},
    "S1A_AUX_PP2_V20171017T080000_G20171013T101254.SAFE": {"product_type": "AUX_PP2", "start": "2017-10-17T08:00:00", "creation_time": "2017-10-13T10:12:54", "instrument_configuration_id": 6},
    "S1__AUX_ICE_V20160501T120000_G20160502T043607.SAFE": {"product_type": "AUX_ICE", "start": "2016-05-01T12:00:00", "creation_time": "2016-05-02T04:36:07.059812", "instrument_configuration_id": 1, "satellite": "_"},
    "S1__AUX_WAV_V20110801T000000_G20111026T141850.SAFE": {"product_type": "AUX_WAV", "start": "2011-08-01T00:00:00", "creation_time": "2011-10-26T14:18:50", "instrument_configuration_id": 1},
    "S1__AUX_WND_V20160423T120000_G20160422T060059.SAFE": {"product_type": "AUX_WND", "start": "2016-04-23T12:00:00", "creation_time": "2016-04-22T06:00:59.747123", "instrument_configuration_id": 1},
    "S1__AUX_TEC_V20190805T000000_20190805T235959_G20200210T102615.SAFE": {"product_type": "AUX_TEC", "start": "2019-08-05T00:00:00", "stop": "2019-08-05T23:59:59", "creation_time": "2020-02-10T10:26:15"},
    "S1__AUX_TRO_V20190805T180000_20190805T235959_G20200518T084534.SAFE": {"product_type": "AUX_TRO", "start": "2019-08-05T18:00:00", "stop": "2019-08-05T23:59:59", "creation_time": "2020-05-18T08:45:34"},
}  # fmt: skip
LEVEL_0: dict[str, dict[str, Any]] = {
    "S1A_IW_RAW__0SDV_20171213T121623_20171213T121656_019684_021735_C6DB.SAFE": {"product_type": "IW_RAW__0S", "data_take_id": "137013", "slice_number": 13, "circulation_flag": 13, "absolute_orbit": 19684, "relative_orbit": 12, "start": "2017-12-13T12:16:23.685188Z", "stop": "2017-12-13T12:16:56.085136Z", "pass_direction": "ASCENDING", "slice_overlap_s": 7.4, "slice_length_s": 25, "start_anx_ms": 596091.6080, "stop_anx_ms": 628491.556, "consolidation": "SLICE", "instrument_configuration_id": 6, "polarisation": "DV", "ring": [(86.8273, 36.7787), (86.4312, 38.7338), (83.6235, 38.4629), (84.0935, 36.5091)]},
    "S1B_IW_RAW__0SDV_20171213T121623_20171213T121656_019684_021735_C6DS.SAFE": {"data_take_id": "72627", "slice_number": None, "consolidation": "FULL", "sensing_consolidation": "DUMMY VALUE (FOR TEST)", "timeliness": "PT", "absolute_orbit": 9809, "relative_orbit": 158, "start": "2018-02-27T12:51:14.794304Z", "stop": "2018-02-27T12:53:00.422905Z", "pass_direction": "DESCENDING", "instrument_configuration_id": 1, "ring": [(-94.8783, 73.8984), (-98.2395, 67.6029), (-88.9623, 66.8368), (-82.486, 72.8925)]},
    "S1A_IW_RAW__0ADV_20171213T121123_20171213T121947_019684_021735_51B1.SAFE": {"product_type": "IW_RAW__0A", "slice_count": 20, "consolidation": "FULL", "start": "2017-12-13T12:11:23.682488Z", "stop": "2017-12-13T12:19:47.264351Z", "start_anx_ms": 296088.912, "stop_anx_ms": 799670.769, "ring": [(90.3636, 18.6541), (84.2062, 49.0506), (80.8613, 48.7621), (88.0584, 18.3765)], "footprint_state": "given"},
    "S1A_WV_RAW__0SSV_20180913T214325_20180913T214422_023685_0294F4_41D5.SAFE": {"line": [(108.5909, -62.2900), (105.8055, -65.5655)], "slice_number": 1},
    "S1B_WV_RAW__0ASV_20181001T115404_20181001T115416_012958_017EEF_95EE.SAFE": {"product_type": "WV_RAW__0A", "line": [(-120.3411, -74.8571), (-121.9204, -75.4484)], "consolidation": "END", "data_take_id": "98031", "absolute_orbit": 12958, "relative_orbit": 157, "start": "2018-10-01T11:54:04.689476Z", "stop": "2018-10-01T11:54:16.457985Z", "slice_count": 1},
    "S1A_IW_RAW__0SVH_20200120T124746_20200120T125111_030884_038B5E_9470.SAFE": {"consolidation": "FULL", "data_take_id": "232286", "absolute_orbit": 30884, "relative_orbit": 12, "polarisation": "VH", "start": "2020-01-20T12:47:46.019051Z", "stop": "2020-01-20T12:51:11.706993Z", "pass_direction": "DESCENDING"},
}  # fmt: skip
LEVEL_1_2: dict[str, dict[str, Any]] = {
    "S1A_IW_GRDH_1SDV_20180227T145344_20180227T145413_020794_023A69_C0B5.SAFE": {"product_type": "IW_GRDH_1S", "data_take_id": "146025", "slice_number": 1, "slice_count": 23, "start": "2018-02-27T14:53:44.184986Z", "stop": "2018-02-27T14:54:13.190581Z", "absolute_orbit": 20794, "relative_orbit": 72, "ring": [(48.64994, 10.625828), (48.27924, 12.378114), (50.603844, 12.829241), (50.958828, 11.081389)]},
    "S1B_WV_SLC__1SSH_20170702T130912_20170702T133355_006309_00B17D_BC10.SAFE": {"product_type": "WV_SLC__1S", "ring": [(-162.062683, -76.17926), (-169.470245, -75.217514), (-110.519669, 8.143796), (-108.503227, 8.657177)]},
    "S1B_WV_OCN__2SSH_20170702T130912_20170702T133355_006309_00B17D_3B01.SAFE": {"product_type": "WV_OCN__2S", "ring": [(-162.062119, -76.179138), (-169.469604, -75.217407), (-110.51963, 8.143985), (-108.503189, 8.657347)]},
}  # fmt: skip


def check(draft: ProductDraft, expected: dict[str, Any]) -> None:
    """Compare fields of a draft, its attributes and its figures, and its footprint, with what is expected."""
    told = {**draft.figures, **draft.attributes.model_dump(), **draft.model_dump()}
    for field, value in expected.items():
        if field == "ring":
            assert draft.footprint is not None
            assert shapely.geometry.shape(draft.footprint).normalize() == shapely.Polygon(value).normalize()
        elif field == "line":
            assert draft.footprint == {"type": "LineString", "coordinates": [list(place) for place in value]}
        elif field in ("start", "stop", "creation_time"):
            assert told[field] == (value if isinstance(value, datetime) else parse_time(value)), field
        else:
            assert told[field] == value, field


@pytest.mark.parametrize("name", AUXILIARY | LEVEL_0 | LEVEL_1_2)
def test_what_is_known_of_a_file(products: Path, name: str) -> None:
    draft = describe(products / name)
    assert (draft.name, draft.mission, draft.satellite) == (name, "S1", name[2])
    check(draft, (AUXILIARY | LEVEL_0 | LEVEL_1_2)[name])


def test_a_partial_segment(production: Path) -> None:
    name = "S1A_RF_RAW__0SVH_20200120T110827_20200120T110827_030883_038B52_18C1.SAFE"
    draft = describe(production / "execution-worker" / "src" / "test" / "resources" / name)
    assert draft.product_type == "RF_RAW__0S"
    assert draft.attributes.consolidation == "PARTIAL"
    assert draft.footprint is not None
    assert draft.footprint["type"] == "LineString"


def test_the_data_take_of_a_name_is_that_of_its_manifest(products: Path) -> None:
    name = next(iter(LEVEL_0))
    assert describe(name).attributes.data_take_id == describe(products / name).attributes.data_take_id == "137013"


def test_the_third_feature_of_the_land_mask(products: Path) -> None:
    path = products / "S1__OPER_MSK__LAND__V20140403T210200_G20190711T113000.EOF"
    assert mask_features(Elements(parse_xml(path), path))[2]["properties"]["admin"] == "Costa Rica"


@pytest.mark.parametrize(
    "name",
    [
        "S1A_AUX_CAL_V20140402T000000_G20140402T133909.SAFE",
        "S1A_IW_GRDH_1SDV_20180227T145618_20180227T145643_020794_023A69_D7EC.SAFE",
    ],
)
def test_placeholders_are_refused(products: Path, name: str) -> None:
    with pytest.raises(InputCorrupt, match="XML is empty") as error:
        describe(products / name)
    assert error.value.where == str(products / name / "manifest.safe")


def test_manifests_alone_are_not_whole(products: Path) -> None:
    with pytest.raises(InputMissing, match="listed in the manifest"):
        identify(products / next(iter(LEVEL_0)))


@pytest.mark.parametrize(("numbers", "polarisations"), [("12", 0), ("32", 1), ("124", 1), ("34", 2), ("1234", 2)])
def test_interference(production: Path, numbers: str, polarisations: int) -> None:
    folder = production / "metadata-catalog-extraction" / "src" / "test" / "resources" / "rfi"
    paths = [path for number in numbers for path in folder.glob(f"rfi-*-00{number}.xml")]
    assert len(paths) == len(numbers)
    files = [(path.name, Elements(parse_xml(path), path)) for path in paths]
    assert polarisations_with_interference(files) == polarisations
    annotation = folder / "s1a-ew-grd-hh-20200120t190115-20200120t190209-030888-038b84-001.xml"
    mitigation = interference_mitigation(Elements(parse_xml(annotation), annotation))
    assert mitigation == "Never"
    assert polarisations_mitigated(polarisations, mitigation) == 0


def test_archives_of_real_products(shared_data: Path) -> None:
    draft = describe(next(shared_data.glob("s1_l1/zips/S1A_IW_GRDH*.zip")))
    assert draft.name == "S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_8255.SAFE"
    assert (draft.attributes.slice_number, draft.attributes.slice_count) == (5, 10)
    assert format_time(draft.start) == "2021-01-19T03:16:53.799379Z"
    assert draft.stop > datetime(2021, 1, 19, tzinfo=UTC)


def test_an_ocean_product_of_the_second_annotation_class(products: Path) -> None:
    name = "S1A_WV_OCN__2ASV_20190518T160559_20190518T161434_027284_0313A0_2960.SAFE"
    draft = describe(products / name)
    check(draft, {"product_type": "WV_OCN__2A", "data_take_id": "201632", "timeliness": "FAST24"})
    assert draft.footprint is not None
