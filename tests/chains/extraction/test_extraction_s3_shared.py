"""Sentinel-3 granules, auxiliary files and products, and sessions of other people's tests."""

from pathlib import Path

import pytest

from refsys.chains.extraction import describe
from refsys.chains.extraction_sessions import dsib_draft, session_place
from refsys.chains.sessions import read_dsib
from refsys.model.errors import InputCorrupt
from refsys.model.times import parse_time

GRANULE = "S3A_SL_0_SLT__G_20040702T235915_20040703T000415_20150424T160530___________________WER_D_______.ISIP"
AUXILIARY = "S3A_AX___BA__AX_20040702T223000_20040704T042158_20171130T082116___________________WER_D_AL____.SEN3"
RELAY = "L20171109175634707000125"


def test_a_granule(products: Path) -> None:
    draft = describe(products / GRANULE)
    assert (draft.product_type, draft.satellite) == ("SL_0_SLT__G", "A")
    assert draft.start == parse_time("2004-07-02T23:59:15.906Z")
    assert draft.stop == parse_time("2004-07-03T00:04:15.906Z")
    assert draft.creation_time == parse_time("2015-04-24T16:05:30Z")
    attributes = draft.attributes
    assert attributes.dump_start == parse_time("2004-07-02T22:44:15.906Z")
    assert (attributes.granule_number, attributes.granule_position, attributes.timeliness) == (16, "NONE", "NRT")
    assert draft.figures["provider"] == "L0PP"
    assert draft.figures["granule_quality"] == "APPROVED"
    assert draft.figures["serves_timeliness"] == ["NRT"]


def test_an_auxiliary_file(products: Path) -> None:
    draft = describe(products / AUXILIARY)
    assert (draft.product_type, draft.satellite) == ("AX___BA__AX", "A")
    assert draft.start == parse_time("2004-07-02T22:30:00Z")
    assert draft.stop == parse_time("2004-07-04T04:21:58Z")
    assert draft.creation_time == parse_time("2017-11-30T08:21:16Z")
    assert draft.figures["adf_quality_check"] == "OPASSED"
    assert draft.figures["serves_timeliness"] == ["NRT", "STC", "NTC"]
    assert draft.attributes.timeliness is None


@pytest.mark.parametrize("name", [GRANULE, AUXILIARY])
def test_the_name_alone_agrees(products: Path, name: str) -> None:
    by_name, by_content = describe(name), describe(products / name)
    assert by_name.product_type == by_content.product_type
    assert by_name.start == by_content.start.replace(microsecond=0)
    assert by_name.creation_time == by_content.creation_time


def test_real_manifests(shared_data: Path) -> None:
    drafts = {path.name[4:15]: describe(path) for path in shared_data.glob("s3_manifests/stactools/*.SEN3")}
    assert len(drafts) == 8
    land = drafts["OL_1_EFR___"].attributes
    assert (land.absolute_orbit, land.relative_orbit, land.cycle, land.pass_direction) == (29567, 334, 77, "DESCENDING")
    assert land.node_before == parse_time("2021-10-21T06:26:27.254946Z")
    assert land.node_after == parse_time("2021-10-21T08:07:26.485613Z")
    assert land.timeliness == "NRT"
    assert drafts["SL_1_RBT___"].attributes.cloud_cover_percent == 80.216007
    assert drafts["SL_1_RBT___"].attributes.granule_number == 17
    assert drafts["SR_2_LAN___"].figures["continental_ice_percent"] == 97
    assert drafts["SY_2_SYN___"].attributes.footprint_state == "repaired"
    assert all(draft.footprint is not None for draft in drafts.values())


@pytest.mark.parametrize("channel", [1, 2])
@pytest.mark.parametrize("place", ["extraction", "preparation"])
def test_lists_of_a_relay_session(production: Path, channel: int, place: str) -> None:
    folders = {
        "extraction": production / "metadata-catalog-extraction" / "src" / "test" / "resources" / "data",
        "preparation": production / "preparation-worker" / "test" / "data",
    }
    path = folders[place] / f"DCS_02_{RELAY}_ch{channel}_DSIB.xml"
    dsib = read_dsib(path)
    assert dsib.session_id == RELAY
    assert (dsib.start, dsib.stop) == (parse_time("2017-12-13T14:59:48Z"), parse_time("2017-12-13T15:17:25Z"))
    assert dsib.data_size_bytes == 36014692600
    assert list(dsib.chunks) == sorted(dsib.chunks)
    assert all(chunk.startswith(f"DCS_02_{RELAY}_ch{channel}_DSDB_") for chunk in dsib.chunks)
    draft = dsib_draft(path, mission="S1", satellite="A")
    assert (draft.product_type, draft.start, draft.stop) == ("S1_DSIB", dsib.start, dsib.stop)
    assert draft.figures["chunks"] == list(dsib.chunks)
    with pytest.raises(InputCorrupt, match="does not begin with mission and satellite"):
        describe(path)


def test_the_list_flat_and_below_its_satellite(products: Path) -> None:
    flat, below = products / "DCS_02_SESSION1_ch1_DSIB.xml", products / "S1A/SESSION1/ch01/DCS_02_SESSION1_ch1_DSIB.xml"
    assert read_dsib(flat) == read_dsib(below)
    draft = describe(below)
    assert (draft.mission, draft.satellite, draft.product_type) == ("S1", "A", "S1_DSIB")
    assert dsib_draft(flat, mission="S1", satellite="A").figures == draft.figures


def test_a_chunk_is_known_by_its_path(products: Path) -> None:
    path = products / "S1B/512000176/ch02/DCS_02_L20171109180334512000176_ch2_DSDB_00034.raw"
    assert path.is_file()
    place = session_place(path)
    assert (place.session_id, place.name, place.channel) == ("512000176", path.name, 2)
    assert (place.mission, place.satellite) == ("S1", "B")
