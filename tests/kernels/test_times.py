from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.ccsds.times import (
    CDS_EPOCH_DAY_1958,
    CDS_EPOCH_DAY_2000,
    GPS_EPOCH_NS,
    LEAP_DAYS,
    cds_to_utc_ns,
    cuc_gps_to_utc_ns,
    cuc_to_ns,
    gps_to_utc_ns,
    ns_to_cuc,
    utc_to_gps_ns,
)

NS = 1_000_000_000


def ns_of(text: str) -> npt.NDArray[np.int64]:
    """The time as an array of one."""
    return np.array([text], "datetime64[ns]").astype(np.int64)


@pytest.mark.parametrize(
    ("utc", "gps"),
    [
        ("1980-01-06T00:00:00", "1980-01-06T00:00:00"),
        ("1981-06-30T23:59:59", "1981-06-30T23:59:59"),
        ("1981-07-01T00:00:00", "1981-07-01T00:00:01"),
        ("1999-01-01T00:00:00", "1999-01-01T00:00:13"),
        ("2014-04-03T21:02:00", "2014-04-03T21:02:16"),
        ("2016-12-31T23:59:59", "2017-01-01T00:00:16"),
        ("2017-01-01T00:00:00", "2017-01-01T00:00:18"),
        ("2026-08-01T12:00:00", "2026-08-01T12:00:18"),
    ],
)
def test_known_steps_between_gps_and_utc(utc: str, gps: str) -> None:
    assert utc_to_gps_ns(ns_of(utc)) == ns_of(gps) - GPS_EPOCH_NS
    assert gps_to_utc_ns(ns_of(gps) - GPS_EPOCH_NS) == ns_of(utc)


@given(st.lists(st.integers(GPS_EPOCH_NS, 4 * 10**18), max_size=20))
def test_utc_comes_back_from_gps(times: list[int]) -> None:
    utc = np.array(times, np.int64)
    assert np.array_equal(gps_to_utc_ns(utc_to_gps_ns(utc)), utc)


@pytest.mark.parametrize("day", LEAP_DAYS)
def test_a_leap_second_shares_the_numbers_of_the_next(day: str) -> None:
    after = utc_to_gps_ns(ns_of(day))
    assert gps_to_utc_ns(after - NS // 2) == ns_of(day) + NS // 2
    assert gps_to_utc_ns(after - NS - 1) == ns_of(day) - 1


@given(st.lists(st.binary(min_size=7, max_size=7), max_size=20))
def test_cuc_equals_exact_arithmetic_and_comes_back(raws: list[bytes]) -> None:
    fields = np.frombuffer(b"".join(raws), np.uint8).reshape(-1, 7)
    ns = cuc_to_ns(fields)
    for raw, got in zip(raws, ns.tolist(), strict=True):
        ticks = int.from_bytes(raw, "big")
        assert abs(got * 2**24 - ticks * NS) * 2 <= 2**24
    assert np.array_equal(ns_to_cuc(ns), fields)


@given(st.integers(1, 4), st.integers(0, 4), st.data())
def test_other_cuc_lengths(coarse: int, fine: int, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=coarse + fine, max_size=coarse + fine))
    got = int(cuc_to_ns(np.frombuffer(raw, np.uint8).reshape(1, -1), coarse)[0])
    assert abs(got * 2 ** (8 * fine) - int.from_bytes(raw, "big") * NS) * 2 <= 2 ** (8 * fine)


def test_a_time_just_below_a_second_is_rounded_up_into_it() -> None:
    assert ns_to_cuc(np.array([5 * NS - 1]), 1, 1).tolist() == [[5, 0]]


def test_first_packet_of_the_real_orbit() -> None:
    field = np.frombuffer(bytes.fromhex("508ba869b1f53f"), np.uint8).reshape(1, 7)
    assert abs(cuc_gps_to_utc_ns(field)[0] - ns_of("2022-11-01T09:24:39.695148")) < 1000


@given(st.integers(0, 65535), st.integers(0, 86_399_999), st.integers(0, 999))
def test_cds_equals_datetime(day: int, millisecond: int, microsecond: int) -> None:
    raw = day.to_bytes(2, "big") + millisecond.to_bytes(4, "big") + microsecond.to_bytes(2, "big")
    fields = np.frombuffer(raw, np.uint8).reshape(1, 8)
    for epoch, days in (
        (datetime(2000, 1, 1, tzinfo=UTC), CDS_EPOCH_DAY_2000),
        (datetime(1958, 1, 1, tzinfo=UTC), CDS_EPOCH_DAY_1958),
    ):
        expected = epoch + timedelta(days=day, milliseconds=millisecond, microseconds=microsecond)
        since = expected - datetime(1970, 1, 1, tzinfo=UTC)
        assert cds_to_utc_ns(fields, days)[0] == since // timedelta(microseconds=1) * 1000
        assert cds_to_utc_ns(fields[:, :6], days)[0] == (since // timedelta(microseconds=1) - microsecond) * 1000


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="CDS: need uint8"):
        cds_to_utc_ns(np.zeros((1, 7), np.uint8), 0)
    wrong: list[tuple[np.ndarray, int]] = [
        (np.zeros(7, np.uint8), 4),
        (np.zeros((1, 7)), 4),
        (np.zeros((1, 7), np.uint8), 5),
        (np.zeros((1, 9), np.uint8), 4),
    ]
    for bad, coarse in wrong:
        with pytest.raises(ValueError, match="CUC: need uint8"):
            cuc_to_ns(bad, coarse)
    for ns in (-NS, 256 * NS, 256 * NS - 1):
        with pytest.raises(ValueError, match="does not fit"):
            ns_to_cuc(np.array([ns]), 1, 1)


def test_milliseconds_of_no_day_are_refused() -> None:
    def field(millisecond: int) -> np.ndarray:
        return np.frombuffer(bytes(2) + millisecond.to_bytes(4, "big"), np.uint8).reshape(1, 6)

    assert cds_to_utc_ns(field(86_400_999), 0)[0] == 86_400_999 * 1_000_000
    for millisecond in (86_401_000, 2**32 - 1):
        with pytest.raises(ValueError, match="of a day"):
            cds_to_utc_ns(field(millisecond), 0)
