"""Physical values of header codes: against the document's look-up table, and published values of three real packets."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sentinel1 import radar
from refsys.kernels.sentinel1.packets import decode_headers

RATIOS = {
    0: "3/4",
    1: "2/3",
    3: "5/9",
    4: "4/9",
    5: "3/8",
    6: "1/3",
    7: "1/6",
    8: "3/7",
    9: "5/16",
    10: "3/26",
    11: "4/11",
}
FILTER_OFFSET = {0: 87, 1: 87, 3: 88, 4: 90, 5: 92, 6: 93, 7: 103, 8: 89, 9: 97, 10: 110, 11: 91}
D_TABLE = {
    0: "1123",
    1: "112",
    3: "112233445",
    4: "011223344",
    5: "01112233",
    6: "001",
    7: "000001",
    8: "0112233",
    9: "0011122223334445",
    10: "00000001111111112222222233",
    11: "01112233344",
}


def slow_window_samples(swl: int, code: int) -> int:
    ratio = Fraction(RATIOS[code])
    kept = 2 * swl - FILTER_OFFSET[code] - 17
    if kept < 0:
        return 0
    whole, rest = divmod(kept, ratio.denominator)
    return 2 * (ratio.numerator * whole + int(D_TABLE[code][rest]) + 1)


@settings(deadline=None)
@given(st.integers(0, 2**24 - 1), st.sampled_from(sorted(RATIOS)))
def test_window_samples_equal_the_published_table(swl: int, code: int) -> None:
    assert int(radar.window_samples(swl, code)) == slow_window_samples(swl, code)


@pytest.mark.parametrize("code", sorted(RATIOS))
def test_window_samples_over_every_remainder(code: int) -> None:
    swl = np.arange(400, 600)
    assert radar.window_samples(swl, code).tolist() == [slow_window_samples(int(k), code) for k in swl]


@settings(deadline=None)
@given(st.integers(0, 2**24 - 1), st.sampled_from(sorted(RATIOS)))
def test_pulse_samples_are_rounded_up_exactly(pulse: int, code: int) -> None:
    exact = Fraction(RATIOS[code]) * 4 * pulse
    assert int(radar.tx_pulse_samples(pulse, code)) == -(-exact.numerator // exact.denominator)


@pytest.mark.parametrize("code", [2, 12, 255, -1])
def test_unused_decimation_codes_give_no_value(code: int) -> None:
    assert np.isnan(radar.sampling_frequency_hz(code))
    assert np.isnan(radar.filter_bandwidth_hz(code))
    assert int(radar.filter_taps(code)) == 0
    assert int(radar.window_samples(12178, code)) == 0
    assert int(radar.tx_pulse_samples(1658, code)) == 0


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1))
def test_gps_time_is_exact_to_the_nanosecond(coarse: int, fine: int) -> None:
    exact = coarse + (Fraction(fine) + Fraction(1, 2)) / 65536
    assert int(radar.gps_time_ns(coarse, fine)) == int(exact * 10**9)


@settings(deadline=None)
@given(st.integers(0, 2**56 - 1))
def test_platform_time_is_exact_to_the_nanosecond(stamp: int) -> None:
    assert int(radar.platform_time_ns(stamp)) == int(Fraction(stamp, 2**24) * 10**9)


def test_signs_of_ramp_and_start_frequency() -> None:
    assert float(radar.tx_ramp_rate_hz_per_s(0x8001)) == -float(radar.tx_ramp_rate_hz_per_s(0x0001)) > 0
    assert float(radar.tx_start_frequency_hz(0x8001, 0)) == -float(radar.tx_start_frequency_hz(0x0001, 0)) > 0


@pytest.mark.shared
@pytest.mark.parametrize("name", ["000000-noise", "000008-txcal", "000408-echo"])
def test_real_packets_have_every_published_value(shared_data: Path, name: str) -> None:
    buffer = np.fromfile(shared_data / f"s1_l0/isp/{name}.dat", dtype=np.uint8)
    header = {field: column[0] for field, column in decode_headers(buffer, np.array([0])).items()}
    want = json.loads((shared_data / f"s1_l0/reference/{name}_headers.json").read_text())["derived"]
    filtering = want["range_decimation_info"]
    decimation = header["range_decimation"]
    ratio = Fraction(filtering["decimation_ratio"])
    got = {
        "baq_block_len_samples": radar.baq_block_samples(header["baq_block_length"]),
        "rx_gain_db": radar.rx_gain_db(header["rx_gain"]),
        "tx_ramp_rate_hz_per_sec": radar.tx_ramp_rate_hz_per_s(header["tx_ramp_rate"]),
        "tx_pulse_start_freq_hz": radar.tx_start_frequency_hz(header["tx_start_frequency"], header["tx_ramp_rate"]),
        "tx_pulse_length_sec": radar.clock_seconds(header["tx_pulse_length"]),
        "tx_pulse_length_samples": radar.tx_pulse_samples(header["tx_pulse_length"], decimation),
        "pri_sec": radar.clock_seconds(header["pri"]),
        "swst_sec": radar.clock_seconds(header["swst"]),
        "swl_sec": radar.clock_seconds(header["swl"]),
        "swl_n3rx_samples": radar.window_samples(header["swl"], decimation),
        "fine_time_sec": (radar.gps_time_ns(0, header["fine_time"])) * 1e-9,
    }
    assert set(got) == set(want) - {"range_decimation_info"}
    for key, value in got.items():
        np.testing.assert_allclose(
            value, want[key], rtol=1e-14, atol=1e-9 if key == "fine_time_sec" else 0, err_msg=key
        )
    assert float(radar.filter_bandwidth_hz(decimation)) == filtering["decimation_filer_band"]
    assert int(radar.filter_taps(decimation)) == filtering["filter_length"]
    np.testing.assert_allclose(radar.sampling_frequency_hz(decimation), float(ratio * 4) * radar.FREF_HZ, rtol=1e-15)
    assert int(radar.window_samples(header["swl"], decimation)) == 2 * int(header["quads"])
