"""Sub-commutated words: cycles against a slow search, records against the published decoding of a real product."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.sentinel1 import subcom as sub


def slow_cycles(counts: list[int], indices: list[int]) -> list[int]:
    wanted = list(range(1, 65))
    return [
        k
        for k in range(len(indices) - 63)
        if indices[k : k + 64] == wanted and [count - counts[k] for count in counts[k : k + 64]] == list(range(64))
    ]


@st.composite
def word_streams(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Runs of the cycle that restart anywhere, with lost packets and repeated ones."""
    counts, indices, count = [], [], draw(st.integers(0, 2**31))
    for _ in range(draw(st.integers(0, 5))):
        first = draw(st.sampled_from([1, 1, 1, 0, 40]))
        for k in range(draw(st.sampled_from([0, 5, 63, 64, 65, 130]))):
            counts.append(count)
            indices.append((first + k - 1) % 64 + 1 if first else 0)
            count += 1
        count += draw(st.sampled_from([0, 0, 1, 7]))
    if bool(counts) and draw(st.booleans()):
        lost = draw(st.integers(0, len(counts) - 1))
        del counts[lost], indices[lost]
    return counts, indices


@settings(deadline=None)
@given(word_streams())
def test_cycles_equal_a_slow_search(stream: tuple[list[int], list[int]]) -> None:
    counts, indices = stream
    got = sub.find_cycles(np.array(counts, np.uint32), np.array(indices, np.uint8))
    assert got.tolist() == slow_cycles(counts, indices)


def test_record_round_trip() -> None:
    sent = (
        struct.pack(">ddd", 1.5, -2.5, 3.25)
        + struct.pack(">fff", 4.5, 5.5, -6.5)
        + bytes([0xEE])
        + (0x0123456789ABCD).to_bytes(7, "big")
        + struct.pack(">ffff", 0.5, 0.25, -0.5, 0.125)
        + struct.pack(">fff", 1.0, 2.0, 3.0)
        + bytes([0xEE])
        + (0x00FEDCBA987654).to_bytes(7, "big")
        + bytes([5, 0xFD])
        + struct.pack(">H", 8193)
        + bytes(range(42))
        + struct.pack(">H", 0xFFAE)
    )
    words = np.frombuffer(b"\0\0" + sent, dtype=">u2").astype(np.uint16)
    (cycle,) = sub.decode_cycles(words, np.array([1]))
    assert cycle["position_m"].tolist() == [1.5, -2.5, 3.25]
    assert cycle["velocity_m_s"].tolist() == [4.5, 5.5, -6.5]
    assert cycle["quaternion"].tolist() == [0.5, 0.25, -0.5, 0.125]
    assert cycle["angular_rate_rad_s"].tolist() == [1.0, 2.0, 3.0]
    assert int(cycle["pvt_time_stamp"]) == 0x0123456789ABCD
    assert int(cycle["attitude_time_stamp"]) == 0xFEDCBA987654
    assert (int(cycle["aocs_mode"]), int(cycle["pointing_error_bits"]), int(cycle["temperature_update"])) == (
        5,
        5,
        8193,
    )
    assert cycle["tile_temperature"].ravel().tolist() == list(range(42))
    assert int(cycle["tgu_temperature"]) == 0x2E


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="3 packet counts but 2 word indices"):
        sub.find_cycles(np.zeros(3, np.uint32), np.zeros(2, np.uint8))
    for start in (-1, 1):
        with pytest.raises(ValueError, match="reaches outside the 64 words"):
            sub.decode_cycles(np.zeros(64, np.uint16), np.array([start]))


def test_no_cycle_is_no_error() -> None:
    starts = sub.find_cycles(np.arange(10, dtype=np.uint32), np.arange(1, 11, dtype=np.uint8))
    cycles = sub.decode_cycles(np.zeros(10, np.uint16), starts)
    assert starts.size == cycles.size == sub.distinct_cycles(cycles).size == 0


def as_published(cycle: np.void) -> dict[str, object]:
    """One record in the form of the reference file."""
    x, y, z = cycle["position_m"].tolist()
    vx, vy, vz = cycle["velocity_m_s"].tolist()
    q0, q1, q2, q3 = cycle["quaternion"].tolist()
    omega_x, omega_y, omega_z = cycle["angular_rate_rad_s"].tolist()
    errors = int(cycle["pointing_error_bits"])
    pointing = {
        "aocs_op_mode": int(cycle["aocs_mode"]),
        "roll_error": bool(errors & 4),
        "pitch_error": bool(errors & 2),
        "yaw_error": bool(errors & 1),
    }
    hk = {"temperature_update_status": int(cycle["temperature_update"])}
    for tile, codes in enumerate(cycle["tile_temperature"].tolist(), 1):
        hk |= {f"tile{tile}_{part}_temperature": code for part, code in zip(("efeh", "efev", "ta"), codes, strict=True)}
    return {
        "pvt": {"x": x, "y": y, "z": z, "vx": vx, "vy": vy, "vz": vz, "time_stamp": int(cycle["pvt_time_stamp"])},
        "att": {"q0": q0, "q1": q1, "q2": q2, "q3": q3, "omega_x": omega_x, "omega_y": omega_y, "omega_z": omega_z}
        | {"time_stamp": int(cycle["attitude_time_stamp"]), "pointing_status": pointing},
        "hk": hk | {"tgu_temperature": int(cycle["tgu_temperature"])},
    }


@pytest.mark.shared
def test_real_product_gives_the_published_records(shared_data: Path) -> None:
    layout = np.dtype([("count", ">u4"), ("index", "u1"), ("word", ">u2")])
    sent = np.fromfile(shared_data / "s1_l0/isp/subcom_words.bin", dtype=layout)
    starts = sub.find_cycles(sent["count"].astype(np.uint32), sent["index"])
    cycles = sub.decode_cycles(sent["word"].astype(np.uint16), starts)
    expected = json.loads((shared_data / "s1_l0/reference/subcom_decoded.json").read_text())
    assert cycles.size == expected["cycles"] == 762
    distinct = cycles[sub.distinct_cycles(cycles)]
    assert [as_published(cycle) for cycle in distinct] == expected["unique_records"]
