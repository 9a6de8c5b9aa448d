"""Names of any times and satellites: the draft says what was put in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.extraction import describe

SECOND = st.datetimes(datetime(2014, 1, 1), datetime(2090, 1, 1)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC))


@given(SECOND, st.integers(0, 10_000), st.sampled_from("ABCD"), st.integers(0, 0xFFFFFF), st.integers(0, 999_999))
def test_names_of_sentinel_1(start: datetime, seconds: int, satellite: str, data_take: int, orbit: int) -> None:
    stop = start + timedelta(seconds=seconds)
    times = f"{start:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}"
    for ending in ("", ".SAFE", ".SAFE.zip"):
        draft = describe(f"S1{satellite}_IW_SLC__1SDV_{times}_{orbit:06d}_{data_take:06X}_0B1C{ending}")
        assert (draft.start, draft.stop, draft.satellite) == (start, stop, satellite)
        assert (draft.attributes.data_take_id, draft.attributes.absolute_orbit) == (str(data_take), orbit)
        assert not draft.name.endswith(".zip")


@given(SECOND, st.integers(0, 9999), st.sampled_from(["NR", "ST", "NT", "AL", "NN", "NS", "SN"]))
def test_names_of_sentinel_3(start: datetime, seconds: int, code: str) -> None:
    stop = start + timedelta(seconds=seconds)
    times = "_".join(f"{time:%Y%m%dT%H%M%S}" for time in (start, stop, stop))
    draft = describe(f"S3C_OL_1_EFR____{times}_{seconds:04d}_077_334_4320_LN1_O_{code}_002.SEN3")
    assert (draft.start, draft.stop, draft.product_type) == (start, stop, "OL_1_EFR___")
    assert draft.attributes.timeliness == {"NR": "NRT", "ST": "STC", "NT": "NTC"}.get(code)


@given(SECOND, st.integers(1, 12), st.integers(1, 143))
def test_names_of_sentinel_2(start: datetime, detector: int, relative_orbit: int) -> None:
    made = f"{start:%Y%m%dT%H%M%S}"
    granule = describe(f"S2C_OPER_MSI_L0__GR_2BPS_{made}_S{made}_D{detector:02d}_N05.11")
    assert (granule.start, granule.stop, granule.attributes.detector) == (start, start, f"{detector:02d}")
    user = describe(f"S2B_MSIL2A_{made}_N0511_R{relative_orbit:03d}_T32TNS_{made}.SAFE")
    assert (user.start, user.attributes.relative_orbit, user.attributes.tile) == (start, relative_orbit, "32TNS")
