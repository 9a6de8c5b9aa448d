"""Cuts between bursts and swaths: every pixel once, in the middle of overlaps; what does not fit is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.sar import merging
from refsys.kernels.sar.grids import ImageGrid
from refsys.kernels.sar.merging import Span

GRID = ImageGrid(100.0, 2e-3, 12, 5e-3, 64e6, 30)


@st.composite
def chains(draw: st.DrawFn) -> list[Span]:
    """Neighbours overlap, touch or leave a gap; none reaches the one after the next."""
    spans = [Span(0, draw(st.integers(8, 20)))]
    for _ in range(draw(st.integers(0, 4))):
        overlap = draw(st.integers(-3, 4))
        first = spans[-1].end - overlap
        spans.append(Span(first, first + draw(st.integers(9, 20))))
    return spans


@given(chains())
def test_every_pixel_is_given_once_and_cuts_lie_in_the_middle(spans: list[Span]) -> None:
    cut = merging.cut_overlaps(spans)
    held = {pixel for span in spans for pixel in range(*span)}
    given_pixels = [pixel for span in cut for pixel in range(*span)]
    assert sorted(given_pixels) == sorted(held)
    for whole, part in zip(spans, cut, strict=True):
        assert set(range(*part)) <= set(range(*whole))
    for (before, after), (cut_before, cut_after) in zip(pairwise(spans), pairwise(cut), strict=True):
        if after.first < before.end:
            assert cut_before.end == cut_after.first
            assert abs((before.end - cut_before.end) - (cut_after.first - after.first)) <= 1


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([Span(3, 3)], "are none"),
        ([Span(0, 10), Span(2, 8)], "do not follow"),
        ([Span(0, 10), Span(-1, 18)], "do not follow"),
        ([Span(0, 10), Span(2, 18), Span(6, 20)], "three times"),
    ],
)
def test_spans_without_order_are_refused(spans: list[Span], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        merging.cut_overlaps(spans)


def test_bursts_join_without_a_seam() -> None:
    grids = [GRID, GRID._replace(first_time_s=100.0 + 9 * 2e-3), GRID._replace(first_time_s=100.0 + 18 * 2e-3)]
    merged = merging.merge_bursts(grids, [Span(1, 11), Span(0, 11), Span(1, 12)])
    assert (merged.grid.lines, merged.grid.samples, merged.grid.first_time_s) == (30, 30, 100.0)
    truth = np.arange(30 * 30).reshape(30, 30).astype(np.complex64)
    image = np.zeros((30, 30), np.complex64)
    for offset, piece in zip((0, 9, 18), merged.pieces, strict=True):
        merging.paste(image, truth[offset : offset + 12], piece)
    np.testing.assert_array_equal(image[1:], truth[1:])
    assert not image[0].any()
    assert [piece.lines for piece in merged.pieces] == [slice(1, 10), slice(10, 19), slice(19, 30)]


def test_swaths_join_on_a_common_grid() -> None:
    far = GRID._replace(first_delay_s=5e-3 + 24 / 64e6, first_time_s=100.0 - 3 * 2e-3, lines=14)
    merged = merging.merge_swaths([GRID, far], [Span(0, 12), Span(2, 14)], [Span(0, 28), Span(1, 30)])
    assert (merged.grid.lines, merged.grid.samples) == (15, 54)
    near_piece, far_piece = merged.pieces
    assert (near_piece.samples, far_piece.samples) == (slice(0, 26), slice(26, 54))
    assert (near_piece.lines, far_piece.lines) == (slice(3, 15), slice(2, 14))
    assert (far_piece.source_samples, far_piece.source_lines) == (slice(2, 30), slice(2, 14))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (GRID._replace(first_time_s=100.0 + 9.4 * 2e-3), "9.400 lines"),
        (GRID._replace(first_time_s=100.02, line_interval_s=2.1e-3), "another line interval"),
        (GRID._replace(first_time_s=100.02, samples=31), "same delays and samples"),
        (GRID._replace(first_time_s=100.02, first_delay_s=5e-3 + 1 / 64e6), "same delays and samples"),
    ],
)
def test_grids_that_share_no_pixels_are_refused(other: ImageGrid, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        merging.merge_bursts([GRID, other], [Span(0, 12), Span(0, 12)])


def test_valid_samples_are_marked_as_in_annotations() -> None:
    first, last = merging.valid_samples(5, Span(1, 4), Span(7, 20))
    assert first.tolist() == [-1, 7, 7, 7, -1]
    assert last.tolist() == [-1, 19, 19, 19, -1]
    with pytest.raises(ValueError, match="of 5"):
        merging.valid_samples(5, Span(1, 6), Span(7, 20))
    with pytest.raises(ValueError, match="nothing to merge"):
        merging.merge_bursts([], [])
    with pytest.raises(ValueError, match="does not lie within"):
        merging.paste(np.zeros((2, 2), np.complex64), np.zeros((2, 2), np.complex64), merging.Piece(*[slice(0, 3)] * 4))
