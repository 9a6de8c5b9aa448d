"""What lies beyond the capability: flagged and untouched, or, at the rate of theory, another codeword."""

from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.ccsds.reed_solomon import decode, encode

CHUNK = 50_000


def share_of_decodable_words(capability: int) -> float:
    """Of all words of 255 bytes, those within the capability of a codeword: the balls around codewords are disjoint."""
    ball = sum(comb(255, wrong) * 255**wrong for wrong in range(capability + 1))
    return float(ball / 256 ** (2 * capability))


def random_words(seed: int, count: int = CHUNK) -> np.ndarray:
    return np.frombuffer(np.random.default_rng(seed).bytes(255 * count), np.uint8).reshape(count, 255)


def test_theory_has_the_published_magnitudes() -> None:
    # The estimate 1 / t! (McEliece and Swanson, IEEE Trans. Inf. Theory 32, 1986) is an upper limit.
    assert share_of_decodable_words(16) == pytest.approx(2.6e-14, rel=0.02)
    assert 1.9e-5 < share_of_decodable_words(8) < 1 / 40320


@pytest.mark.slow
def test_a_million_random_words_and_none_is_miscorrected() -> None:
    for seed in range(20):
        words = random_words(seed)
        data, corrected = decode(words)
        assert (corrected == -1).all()
        assert np.array_equal(data, words[:, :223])


def test_codewords_with_17_to_40_errors_are_flagged_and_left_as_received() -> None:
    for seed in range(24):
        rng = np.random.default_rng(seed)
        words = encode(rng.integers(0, 256, (4000, 223), dtype=np.uint8))
        where = rng.random(words.shape, dtype=np.float32).argpartition(17 + seed, axis=1)[:, : 17 + seed]
        words[np.arange(4000)[:, None], where] ^= rng.integers(1, 256, where.shape, dtype=np.uint8)
        data, corrected = decode(words)
        assert (corrected == -1).all()
        assert np.array_equal(data, words[:, :223])


@pytest.mark.slow
def test_the_smaller_code_miscorrects_at_the_rate_of_theory() -> None:
    """Four million random words, at most 4.4 standard deviations (1 in 100 000) off what is expected, about 85."""
    seeds = range(1000, 1080)
    accepted = np.zeros(9, int)
    for seed in seeds:
        _, corrected = decode(random_words(seed), capability=8)
        accepted += np.bincount(corrected[corrected >= 0], minlength=9)
    expected = share_of_decodable_words(8) * CHUNK * len(seeds)
    assert abs(accepted.sum() - expected) < 4.4 * sqrt(expected)
    # A ball is almost all shell: those with fewer than eight errors are 8 / (248 * 255) of it each step down.
    assert accepted[8] == accepted.sum()


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([8, 16]), st.integers(0, 254), st.integers(1, 255), st.integers(0, 2**32 - 1))
def test_words_nearer_to_another_codeword_decode_to_that_one(capability: int, turn: int, scale: int, seed: int) -> None:
    """Two codewords that differ in as few symbols as any can, 2 t + 1, and a word on the way from one to the other."""
    rng = np.random.default_rng(seed)
    symbols = 255 - 2 * capability
    one = encode(rng.integers(0, 256, (1, symbols), dtype=np.uint8), capability)
    lightest = np.zeros((1, symbols), np.uint8)
    lightest[0, -1] = scale
    step = np.roll(encode(lightest, capability), turn, axis=1)  # the code is cyclic
    other = one ^ step
    places = rng.permutation(np.flatnonzero(step))
    assert places.size == 2 * capability + 1
    for taken, nearest in ((capability, one), (capability + 1, other)):
        received = one.copy()
        received[0, places[:taken]] = other[0, places[:taken]]
        data, corrected = decode(received, capability)
        assert corrected.tolist() == [[capability]]
        assert np.array_equal(data, nearest[:, :symbols])


@settings(deadline=None, max_examples=60)
@given(st.integers(17, 223), st.integers(0, 16), st.integers(0, 2**32 - 1))
def test_many_errors_that_lead_close_to_another_codeword(apart: int, wrong: int, seed: int) -> None:
    """Sent is one codeword, received is within 16 symbols of another: that is the answer, with the count from there."""
    rng = np.random.default_rng(seed)
    sent, other = rng.integers(0, 256, (2, 1, 223), dtype=np.uint8)
    other[0, apart:] = sent[0, apart:]
    received = encode(other)
    where = rng.choice(255, wrong, replace=False)
    received[0, where] ^= rng.integers(1, 256, wrong, dtype=np.uint8)
    data, corrected = decode(received)
    assert corrected.tolist() == [[wrong]]
    assert np.array_equal(data, other)
