"""What of raw lines is corrected, and which Doppler centroid is said with which doubt."""

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from s1_facts import STRIP, segment_facts

from refsys.chains.sentinel1.l1_slc_facts import RAW, SegmentFacts
from refsys.chains.sentinel1.l1_slc_focus import _raw_lines
from refsys.chains.sentinel1.l1_slc_replica import Centroid, centroid_of
from refsys.chains.sentinel1.raw_segments import RawRun, RawSegment
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap

LINES, SAMPLES = 100, 640


def segment() -> SegmentFacts:
    acquisition = stripmap(shortened(S3, SAMPLES, 100e-6))
    return segment_facts("s3-vv", acquisition, [acquisition.raw_grid(0.0, LINES)], STRIP)


def group_of(lines: NDArray[np.complex64]) -> zarr.Group:
    group = zarr.create_group({})
    group.create_array(RAW, data=lines)
    return group


def noise() -> NDArray[np.complex64]:
    parts = np.random.default_rng(3).standard_normal((2, LINES, SAMPLES))
    return np.asarray(parts[0] + 1j * parts[1], np.complex64)


def test_samples_that_were_not_sent_are_not_corrected() -> None:
    found = segment()
    biased = found.statistics.model_copy(update={"mean_i": 5.0, "mean_q": -2.0})
    lines = noise()
    lines[7] = 0
    lines[70, 600:] = 0
    data = _raw_lines(group_of(lines), found.model_copy(update={"statistics": biased}), found.runs[0], 0, LINES)
    assert not data[7].any()
    assert not data[70, 600:].any()
    sent = lines != 0
    np.testing.assert_allclose(data[sent], lines[sent] - (5 - 2j), atol=1e-5)


def centroid(lines: NDArray[np.complex64]) -> Centroid:
    run = segment().runs[0]
    raw = RawRun(run.grid, np.arange(LINES), run.sensing_s)
    return centroid_of(group_of(lines), RawSegment("s3-vv", "S3", "VV", {}, (raw,)))


def test_noise_alone_has_no_centroid_and_that_is_no_doubt() -> None:
    assert centroid(noise()) == Centroid(0.0, None)
    assert centroid(noise()).source == "set"


def test_lines_without_neighbours_leave_a_doubt() -> None:
    lines = noise()
    lines[1::2] = 0
    found = centroid(lines)
    assert found.frequency_hz == 0
    assert found.doubt is not None
    assert found.source == "doubted"


def test_coherent_lines_have_the_centroid_of_their_phase() -> None:
    turns = np.exp(0.5j * np.arange(LINES))[:, None]
    found = centroid((noise()[:1] * turns + 0.1 * noise()).astype(np.complex64))
    prf = 1 / segment().runs[0].grid.pri_s
    assert found.frequency_hz == pytest.approx(0.5 / (2 * np.pi) * prf, abs=0.01 * prf)
    assert found.source == "estimate"
