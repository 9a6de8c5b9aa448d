"""Names of outputs, against names that were published and their parser."""

from datetime import UTC, datetime

import pytest

from refsys.chains.sentinel2.output_names import StripIdentity
from refsys.model.names import S2PdiName

STRIP = StripIdentity(
    satellite="B",
    sensing_time=datetime(2022, 10, 11, 6, 40, 25, tzinfo=UTC),
    creation_time=datetime(2022, 11, 24, 16, 36, 50, tzinfo=UTC),
    baseline="02.08",
    orbit=29232,
)


def test_published_names_come_out() -> None:
    assert STRIP.datastrip("L0_") == "S2B_OPER_MSI_L0__DS_REFS_20221124T163650_S20221011T064025_N02.08"
    detector_1 = "S2B_OPER_MSI_L0__GR_REFS_20221124T163650_S20221011T064025_D01_N02.08"
    assert STRIP.granule("L0_", "01", STRIP.sensing_time) == detector_1
    made = {"creation_time": datetime(2019, 10, 1, 10, 26, 54, tzinfo=UTC), "orbit": 13417, "site": "EPAE"}
    image = STRIP.model_copy(update=made).true_colour("L1C", "39UWP")
    assert image == "S2B_OPER_MSI_L1C_TC_EPAE_20191001T102654_A013417_T39UWP_N02.08.jp2"
    made = {"satellite": "A", "creation_time": datetime(2019, 2, 22, 0, 35, 15, tzinfo=UTC), "orbit": 19158}
    between = datetime(2019, 2, 21, 19, 4, 38, tzinfo=UTC), datetime(2019, 2, 21, 20, 45, 19, tzinfo=UTC)
    ancillary = STRIP.model_copy(update=made | {"site": "EPAE"}).ancillary(*between)
    assert ancillary == "S2A_OPER_AUX_SADATA_EPAE_20190222T003515_V20190221T190438_20190221T204519_A019158_WF_LN"
    between = datetime(2019, 12, 3, 5, 18, 37, tzinfo=UTC), datetime(2019, 12, 3, 5, 18, 42, tzinfo=UTC)
    telemetry = STRIP.model_copy(update={"satellite": "A"}).house_keeping(*between)
    assert telemetry == "S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.SAFE"


@pytest.mark.parametrize("level", ["L0U", "L0_", "L1A", "L1B", "L1C", "L2A"])
def test_every_name_is_read_back(level: str) -> None:
    names = {
        f"MSI_{level}_DS": STRIP.datastrip(level),
        f"MSI_{level}_GR": STRIP.granule(level, "12", STRIP.sensing_time),
        f"MSI_{level}_TL": STRIP.tile(level, "40MDV"),
        f"MSI_{level}_TC": STRIP.true_colour(level, "40MDV"),
    }
    for kind, name in names.items():
        parsed = S2PdiName.parse(name)
        assert parsed.product_type == kind
        assert parsed.format() == name


def test_what_is_no_tile_or_detector_is_refused() -> None:
    with pytest.raises(ValueError, match="tile"):
        STRIP.tile("L1C", "4MDV")
    with pytest.raises(ValueError, match="detector"):
        STRIP.granule("L0_", "1", STRIP.sensing_time)
