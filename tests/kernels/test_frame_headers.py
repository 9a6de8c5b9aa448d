import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.ccsds.frame_headers import build_vcdus, first_header_pointers, parse_vcdu_headers


def test_header_of_a_real_npp_frame() -> None:
    # SCID 157, VCID 16, counter 9842876
    header = np.frombuffer(bytes.fromhex("6750 9630bc 00"), np.uint8).reshape(1, 6)
    got = parse_vcdu_headers(header)
    assert [int(column[0]) for column in got] == [1, 157, 16, 9842876, 0]


@given(st.integers(0, 255), st.integers(0, 63), st.integers(0, 2**24 - 1), st.integers(0, 40))
def test_built_headers_read_back_and_count_through_the_wrap(
    spacecraft: int, channel: int, counter: int, count: int
) -> None:
    mpdus = np.random.default_rng(counter).integers(0, 256, (count, 9), dtype=np.uint8)
    vcdus = build_vcdus(mpdus, spacecraft_id=spacecraft, virtual_channel_id=channel, first_counter=counter)
    got = parse_vcdu_headers(vcdus)
    assert got.counter.tolist() == [(counter + i) % 2**24 for i in range(count)]
    assert set(got.spacecraft_id.tolist()) <= {spacecraft}
    assert set(got.virtual_channel_id.tolist()) <= {channel}
    assert (got.version == 1).all()
    assert not got.replay.any()
    assert np.array_equal(vcdus[:, 6:], mpdus)


@given(st.binary(min_size=6, max_size=6))
def test_every_field_has_its_bits(raw: bytes) -> None:
    word = int.from_bytes(raw, "big")
    got = parse_vcdu_headers(np.frombuffer(raw, np.uint8).reshape(1, 6))
    fields = [(46, 2), (38, 8), (32, 6), (8, 24), (7, 1)]
    assert [int(column[0]) for column in got] == [word >> shift & (1 << bits) - 1 for shift, bits in fields]


def test_pointer_is_eleven_bits() -> None:
    assert first_header_pointers(np.array([[0xFF, 0xFF, 0], [0xFF, 0xFE, 0], [0xF8, 0x05, 0]], np.uint8)).tolist() == [
        2047,
        2046,
        5,
    ]


def test_what_does_not_fit_is_refused() -> None:
    mpdus = np.zeros((1, 9), np.uint8)
    for field, value in (
        ("spacecraft_id", 256),
        ("virtual_channel_id", 64),
        ("first_counter", 2**24),
        ("first_counter", -1),
    ):
        with pytest.raises(ValueError, match=f"{field} {value} does not fit"):
            build_vcdus(mpdus, **{"spacecraft_id": 1, "virtual_channel_id": 1, field: value})
    with pytest.raises(ValueError, match="VCDU header: need uint8"):
        parse_vcdu_headers(np.zeros((1, 5), np.uint8))
    with pytest.raises(ValueError, match="M_PDU header: need uint8"):
        first_header_pointers(np.zeros((1, 5), np.int64))
