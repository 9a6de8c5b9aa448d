"""Sentinel-2 products and names of other people's tests: the values that are known of them."""

from pathlib import Path
from typing import Any

import pytest
import shapely

from refsys.chains.extraction import OPEN_END, describe
from refsys.model.names import S2CompactName, S2HktmName, S2PdiName, parse_name
from refsys.model.times import parse_time

# ruff: noqa: E501  (tables: one product or name a line)
PRODUCTS: dict[str, dict[str, Any]] = {
    "S2A_OPER_MSI_L0__GR_SGS__20191001T101733_S20191001T083650_D01_N02.08": {"product_type": "MSI_L0__GR", "creation_time": "2019-10-01T10:17:33", "start": "2019-10-01T08:36:50.840000Z", "stop": "2019-10-01T08:36:50.840000Z", "datastrip": "S2A_OPER_MSI_L0__DS_SGS__20191001T101733_S20191001T083647_N02.08", "sensor": "MSI", "quality_info": 0, "quality": "nominal", "ring": [(36.012719203864, 48.4255437011909), (35.8754856182544, 48.0615335354928), (36.2301956943322, 48.0129223197342), (36.3680125728466, 48.3755327752305)]},
    "S2A_OPER_MSI_L0__GR_SGS__20200420T205828_S20200322T173347_D01_N02.08": {"start": "2020-03-22T17:33:47.072Z", "detector": "01", "datastrip": "S2A_OPER_MSI_L0__DS_SGS__20200420T205828_S20200322T173347_N02.08", "absolute_orbit": 24805, "first": (-113.51891008938, -34.6890547498426)},
    "S2A_OPER_MSI_L0__DS_SGS__20200420T205828_S20200322T173347_N02.08": {"product_type": "MSI_L0__DS", "start": "2020-03-22T17:33:47", "stop": "2020-03-22T17:36:29.000421", "absolute_orbit": 24805, "pass_direction": "DESCENDING", "quality_info": 100},
    "S2A_OPER_AUX_SADATA_EPAE_20190222T003515_V20190221T190438_20190221T204519_A019158_WF_LN": {"product_type": "AUX_SADATA", "start": "2019-02-21T19:04:38", "stop": "2019-02-21T20:45:19", "absolute_orbit": 19158, "station": "EDRS", "creation_time": "2019-02-22T00:35:39.000716"},
    "S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.SAFE": {"product_type": "PRD_HKTM__", "start": "2019-12-03T05:18:37.000850Z", "stop": "2019-12-03T05:18:42.000319Z", "creation_time": "2019-12-03T05:18:41.000342Z", "absolute_orbit": 23225, "relative_orbit": 59, "station": "Svalbard", "mode": "HKTM"},
    "S2B_OPER_MSI_L1C_TC_EPAE_20191001T102654_A013417_T39UWP_N02.08.jp2": {"product_type": "MSI_L1C_TC", "satellite": "B", "tile": "39UWP", "grid_origin_m": [499985, 5399995], "epsg": 32639, "absolute_orbit": 13417},
    "S2B_OPER_MSI_L2A_TC_REFS_20230601T211358_A032516_T59GPL_N04.00.jp2": {"product_type": "MSI_L2A_TC", "tile": "59GPL", "grid_origin_m": [600005, 5100035], "epsg": 32759, "datastrip": "S2B_OPER_MSI_L2A_DS_REFS_20230601T211358_S20230528T222546_N04.00"},
}  # fmt: skip

PDI: dict[str, dict[str, Any]] = {
    "S2A_OPER_MSI_L1A_GR_MTI__20200101T125959_S20130401T123000_O123456_123457_V20091210T235134_20091210T235224_D05_A123456_R123_T15SWC_N01.01_B8A_WP_LD": {"file_type": "MSI_L1A_GR", "creation_time": "2020-01-01T12:59:59", "sensing_time": "2013-04-01T12:30:00", "first_orbit": 123456, "last_orbit": 123457, "start": "2009-12-10T23:51:34", "stop": "2009-12-10T23:52:24", "detector": "05", "orbit": 123456, "relative_orbit": 123, "tile": "15SWC", "baseline": "01.01", "band": "8A", "completeness": "P", "degradation": "D"},
    "S2B_TEST_AUX_DUMMY_______20200101T125959_S20130401T123000_O123456_123457_D05_A823456_R123_T15SWC_N01.01_B8A_WF_LN": {"file_class": "TEST", "file_type": "AUX_DUMMY_", "sensing_time": "2013-04-01T12:30:00", "orbit": 823456, "completeness": "F", "degradation": "N"},
    "S2A_OPER_AUX_PREORB_OPOD_20170617T092226_V20170617T110120_20170617T142243.EOF": {"file_type": "AUX_PREORB", "start": "2017-06-17T11:01:20", "stop": "2017-06-17T14:22:43", "creation_time": "2017-06-17T09:22:26"},
    "S2A_OPER_AUX_SADATA_EPAE_20190222T003515_V20190221T190438_20190221T204519_A019158_WF_LN.zip": {"file_type": "AUX_SADATA", "start": "2019-02-21T19:04:38", "stop": "2019-02-21T20:45:19", "orbit": 19158, "completeness": "F", "degradation": "N"},
    "S2A_OPER_AUX_SADATA_EPAE_20190222T003515_V20190221T190438_20190221T204519_A019158_WF_LN.tar": {"file_type": "AUX_SADATA", "start": "2019-02-21T19:04:38", "orbit": 19158},
    "S2B_OPER_AUX_RESORB_OPOD_20181016T014456_V20181015T211347_20181016T003717.EOF": {"file_type": "AUX_RESORB", "start": "2018-10-15T21:13:47", "stop": "2018-10-16T00:37:17"},
    "S2B_OPER_GIP_R2DEFI_MPC__20170206T103039_V20170101T000000_21000101T000000_B8A.TGZ": {"file_type": "GIP_R2DEFI", "start": "2017-01-01T00:00:00", "stop": "2100-01-01T00:00:00", "band": "8A"},
    "S2__OPER_AUX_ECMWFD_PDMC_20190216T120000_V20190217T090000_20190217T210000.TGZ": {"satellite": "_", "file_type": "AUX_ECMWFD", "start": "2019-02-17T09:00:00", "stop": "2019-02-17T21:00:00"},
    "S2__OPER_AUX_UT1UTC_PDMC_20191024T000000_V20191025T000000_20201024T000000.TGZ": {"file_type": "AUX_UT1UTC", "start": "2019-10-25T00:00:00", "stop": "2020-10-24T00:00:00"},
    "S2A_OPER_MSI_L1A_GR_MTI__20141104T134012_S20141104T134012_D03_N01.12": {"detector": "03", "sensing_time": "2014-11-04T13:40:12", "creation_time": "2014-11-04T13:40:12", "baseline": "01.12"},
    "S2B_OPER_MSI_L1A_GR_EPAE_20200114T014601_S20200114T002121_D12_N02.08.tar": {"detector": "12", "sensing_time": "2020-01-14T00:21:21", "baseline": "02.08"},
    "S2B_OPER_MSI_L1C_DS_MTI__20200226T105549_S20200226T070436_N02.09.tar": {"file_type": "MSI_L1C_DS", "sensing_time": "2020-02-26T07:04:36", "baseline": "02.09"},
    "S2B_OPER_MSI_L1C_TC_EPAE_20191001T102654_A013417_T39UWP_N02.08.jp2": {"file_type": "MSI_L1C_TC", "orbit": 13417, "tile": "39UWP"},
    "S2A_OPER_PRD_MSIL1C_PDMC_20160615T141550_R121_V20160615T082012_20160615T083135.SAFE": {"file_type": "PRD_MSIL1C", "relative_orbit": 121, "start": "2016-06-15T08:20:12", "stop": "2016-06-15T08:31:35"},
    "S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.tar": {"product_type": "PRD_HKTM__", "start": "2019-12-03T05:18:37", "stop": "2019-12-03T05:18:42"},
    "S2A_MSIL1C_20150802T105414_N0102_R008_20150803T124046.SAFE.tar.gz": {"file_type": "MSIL1C", "start": "2015-08-02T10:54:14", "baseline": "01.02", "relative_orbit": 8, "discriminator": "2015-08-03T12:40:46"},
    "S2A_MSIL2A_20171103T102201_N0206_R065_T32TNS_20171106T195236.SAFE.tar.gz": {"file_type": "MSIL2A", "start": "2017-11-03T10:22:01", "tile": "32TNS", "relative_orbit": 65, "baseline": "02.06", "discriminator": "2017-11-06T19:52:36"},
}  # fmt: skip
WITHOUT_TIMES = "S2B_OPER_MSI_L1C_TC_EPAE_20191001T102654_A013417_T39UWP_N02.08.jp2"
TIMES = ("start", "stop", "creation_time", "sensing_time", "discriminator")


@pytest.mark.parametrize("name", PRODUCTS)
def test_what_is_known_of_a_product(products: Path, name: str) -> None:
    draft = describe(products / name)
    assert (draft.name, draft.mission) == (name, "S2")
    told = {**draft.figures, **draft.attributes.model_dump(), **draft.model_dump()}
    for field, value in PRODUCTS[name].items():
        if field == "ring":
            assert draft.footprint is not None
            shape = shapely.geometry.shape(draft.footprint)
            assert shape.normalize().equals_exact(shapely.Polygon(value).normalize(), 1e-8)
        elif field == "first":
            assert draft.footprint is not None
            assert min(abs(x - value[0]) + abs(y - value[1]) for x, y in draft.footprint["coordinates"][0]) < 1e-8
        else:
            assert told[field] == (parse_time(value) if field in TIMES else value), field


@pytest.mark.parametrize("text", PDI)
def test_what_is_known_of_a_name(text: str) -> None:
    name = parse_name(text)
    assert isinstance(name, S2PdiName | S2CompactName | S2HktmName)
    for field, value in PDI[text].items():
        assert getattr(name, field) == (parse_time(value) if field in TIMES else value), field


@pytest.mark.parametrize("text", sorted(set(PDI) - {WITHOUT_TIMES}))
def test_a_name_alone_gives_a_draft(text: str) -> None:
    draft, known = describe(text), PDI[text]
    assert draft.product_type == known.get("file_type", draft.product_type)
    assert draft.start == parse_time(known.get("start") or known["sensing_time"])
    for field in ("detector", "tile", "baseline", "band", "relative_orbit"):
        assert getattr(draft.attributes, field) == known.get(field, getattr(draft.attributes, field))


def test_an_auxiliary_file_with_a_sensing_time_is_valid_for_ever() -> None:
    assert describe(list(PDI)[1]).stop == OPEN_END


def test_real_archives(shared_data: Path) -> None:
    drafts = {path.name[9:19]: describe(path) for path in shared_data.glob("s2_l0/prip_tars/*.tar")}
    assert drafts["MSI_L0__DS"].start == parse_time("2025-08-01T07:06:20.464Z")
    assert drafts["MSI_L0__GR"].attributes.datastrip == drafts["MSI_L0__DS"].name
    tile = drafts["MSI_L2A_TL"]
    assert (tile.attributes.tile, tile.attributes.absolute_orbit, tile.attributes.cloud_cover_percent) == (
        "47XMH",
        43890,
        93.982756,
    )


def test_real_products_of_every_kind(shared_data: Path) -> None:
    kinds = {
        "s2_l0/l0c/*": "MSI_L0__DS",
        "s2_l0/l0u/*DS*": "MSI_L0U_DS",
        "s2_l0/l0u/*D02*": "MSI_L0U_GR",
        "s2_l1/l1c_datastrip/*": "MSI_L1C_DS",
        "s2_l1/safe_metadata/S2A*": "MSIL1C",
        "aux_s2/*ATMIMA*": "GIP_ATMIMA",
        "aux_s2/*UT1UTC*": "AUX_UT1UTC",
    }
    for pattern, product_type in kinds.items():
        assert describe(next(shared_data.glob(pattern))).product_type == product_type
    datastrips = [describe(next(shared_data.glob(p))) for p in ("s2_l0/l0c/*", "s2_l1/l1c_datastrip/*")]
    assert datastrips[0].start == datastrips[1].start
    assert datastrips[0].attributes.absolute_orbit == datastrips[1].attributes.absolute_orbit == 29232
