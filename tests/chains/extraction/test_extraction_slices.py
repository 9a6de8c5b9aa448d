"""Slices of segments counted one by one, packet stores, and the outline of wave mode products along made-up tracks."""

from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.extraction_s1_slices import OVERLAP_AND_LENGTH_S, packet_store_timeliness, slice_count
from refsys.chains.extraction_s1_wave import wave_outline
from refsys.model.errors import InputCorrupt

START = datetime(2026, 1, 1, tzinfo=UTC)


def counted(duration_us: int, overlap_us: int, length_us: int) -> int:
    """Slices cut off one by one; what is left makes another one if it is as long as the overlap."""
    left, count = duration_us - overlap_us, 0
    while left >= length_us:
        left -= length_us
        count += 1
    return max(count + (left >= overlap_us), 1)


@given(st.sampled_from(sorted(OVERLAP_AND_LENGTH_S)), st.integers(0, 2_000_000_000))
def test_slices_are_counted(beam: str, duration_us: int) -> None:
    overlap_us, length_us = (round(1e6 * value) for value in OVERLAP_AND_LENGTH_S[beam])
    left_us = (duration_us - overlap_us) % length_us
    if min(abs(left_us - edge_us) for edge_us in (0, overlap_us, length_us)) < 5:
        return  # where rounding decides
    found = slice_count(beam, START, START + timedelta(microseconds=duration_us))
    assert found == counted(duration_us, overlap_us, length_us)


def test_a_rest_counts_from_the_overlap_on() -> None:
    for rest_s, count in ((7.3, 3), (7.5, 4)):
        assert slice_count("IW", START, START + timedelta(seconds=7.4 + 75 + rest_s)) == count
    assert slice_count("EW", START, START + timedelta(seconds=1)) == 1


def test_beams_that_are_not_cut() -> None:
    assert slice_count("WV", START, START + timedelta(hours=1)) == 1
    assert slice_count("EN", START, START + timedelta(hours=1)) is None
    with pytest.raises(InputCorrupt, match="before its start"):
        slice_count("IW", START, START - timedelta(seconds=1))


def test_packet_stores() -> None:
    single = "".join({"PT": "P", "NRT": "N", "FAST24": "F"}[packet_store_timeliness([n]) or ""] for n in range(51))
    assert single == "PPFFFF" + 13 * "N" + 18 * "F" + 8 * "P" + 5 * "N" + "F"
    assert packet_store_timeliness([22, 7]) == "NRT"
    assert packet_store_timeliness([50, 8, 40]) == "PT"
    assert packet_store_timeliness([]) is None
    with pytest.raises(InputCorrupt, match="packetStoreID is 51"):
        packet_store_timeliness([3, 51])


@given(
    st.integers(4, 40),
    st.sampled_from([-1, 1]),
    st.floats(-179, 179),
    st.sampled_from([-1, 1]),
)
def test_the_outline_is_round_all_images_of_a_track(count: int, side: int, west: float, way: int) -> None:
    """Images in turn left and right of a track along a meridian, corners in the order that manifests have."""
    frames = []
    for number in range(count):
        x = west + side * (1 if number % 2 else -1)
        y = way * (number - count / 2)
        across, along = 0.2 * way, 0.2 * way
        corners = [(x + across, y + along), (x - across, y + along), (x - across, y - along), (x + across, y - along)]
        frames.append([((longitude + 180) % 360 - 180, latitude) for longitude, latitude in corners])
    ring = wave_outline(frames)
    unwrapped = [(west + (longitude - west + 180) % 360 - 180, latitude) for longitude, latitude in ring]
    outline = shapely.Polygon(unwrapped)
    assert outline.is_valid
    assert len({latitude > 0 for _, latitude in ring}) == 2
    # Each of the four places is a corner of the first two or last two images.
    ends = {place for frame in (*frames[:2], *frames[-2:]) for place in frame}
    assert set(ring) <= ends
    assert outline.area == pytest.approx(2 * (count - 1), rel=0.7)


def test_few_images() -> None:
    one = [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
    assert wave_outline([one]) == one
    three = [[(x + number, y) for x, y in one] for number in range(3)]
    assert wave_outline(three)[0] == three[2][0]
