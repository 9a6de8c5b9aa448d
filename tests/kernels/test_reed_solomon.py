"""The kernels against a reference that knows only field polynomial, roots and the definition of the dual basis."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.kernels.ccsds.reed_solomon import decode, encode


def multiply(x: int, y: int) -> int:
    out = 0
    while y:
        if y & 1:
            out ^= x
        x <<= 1
        if x & 0x100:
            x ^= 0x187
        y >>= 1
    return out


def power(x: int, n: int) -> int:
    out = 1
    for _ in range(n % 255):
        out = multiply(out, x)
    return out


def trace(x: int) -> int:
    total, conjugate = 0, x
    for _ in range(8):
        total ^= conjugate
        conjugate = multiply(conjugate, conjugate)
    return total


@lru_cache(maxsize=1)
def dual_symbols() -> list[int]:
    steps = [power(2, 117 * i) for i in range(8)]
    return [sum(trace(multiply(x, step)) << (7 - i) for i, step in enumerate(steps)) for x in range(256)]


def reference_encode(data: list[int], capability: int) -> list[int]:
    to_dual = dual_symbols()
    generator = [1]
    for j in range(128 - capability, 128 + capability):
        root = power(2, 11 * j)
        generator = [a ^ multiply(b, root) for a, b in zip([*generator, 0], [0, *generator], strict=True)]
    work = [to_dual.index(d) for d in data] + [0] * (2 * capability)
    for i in range(len(data)):
        scale = work[i]
        for k, g in enumerate(generator):
            work[i + k] ^= multiply(scale, g)
    return [to_dual[x] for x in work[len(data) :]]


def damage(blocks: np.ndarray, wrong: int, seed: int) -> np.ndarray:
    """Exactly `wrong` wrong symbols in every codeword."""
    rng = np.random.default_rng(seed)
    words = blocks.reshape(len(blocks), 255, -1).copy()
    for row in range(words.shape[0]):
        for way in range(words.shape[2]):
            where = rng.choice(255, wrong, replace=False)
            words[row, where, way] ^= rng.integers(1, 256, wrong, dtype=np.uint8)
    return words.reshape(blocks.shape)


def random_data(rows: int, interleave: int, capability: int, seed: int) -> np.ndarray:
    width = interleave * (255 - 2 * capability)
    return np.random.default_rng(seed).integers(0, 256, (rows, width), dtype=np.uint8)


def test_dual_basis_is_the_one_of_the_standard() -> None:
    # Two entries of the table in CCSDS 131.0-B, annex F: alpha^0 is 01111011, alpha^1 is 10101111 on the line.
    assert (dual_symbols()[1], dual_symbols()[2]) == (0b01111011, 0b10101111)


@pytest.mark.parametrize("capability", [8, 16])
@pytest.mark.parametrize("interleave", [1, 4, 8])
def test_encode_equals_the_reference(interleave: int, capability: int) -> None:
    data = random_data(2, interleave, capability, seed=interleave)
    words = encode(data, capability).reshape(2, 255, interleave)
    symbols = 255 - 2 * capability
    assert np.array_equal(words[:, :symbols].reshape(2, -1), data)
    for way in range(min(2, interleave)):
        assert words[1, symbols:, way].tolist() == reference_encode(words[1, :symbols, way].tolist(), capability)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([8, 16]), st.sampled_from([1, 4, 5, 8]), st.data())
def test_up_to_the_capability_everything_is_corrected_and_counted(
    capability: int, interleave: int, data: st.DataObject
) -> None:
    seed, wrong = data.draw(st.integers(0, 2**32 - 1)), data.draw(st.integers(0, capability))
    sent = random_data(2, interleave, capability, seed)
    got, corrected = decode(damage(encode(sent, capability), wrong, seed), capability)
    assert np.array_equal(got, sent)
    assert corrected.shape == (2, interleave)
    assert (corrected == wrong).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(17, 255), st.integers(0, 2**32 - 1))
def test_beyond_the_capability_words_are_flagged_and_left_as_received(wrong: int, seed: int) -> None:
    # A random word lies within 16 symbols of some codeword with a probability of 2.6e-14.
    received = damage(encode(random_data(1, 4, 16, seed)), wrong, seed)
    got, corrected = decode(received)
    assert (corrected == -1).all()
    assert np.array_equal(got, received[:, : 4 * 223])


def test_one_bad_codeword_does_not_touch_its_neighbours() -> None:
    sent = random_data(3, 8, 16, seed=5)
    received = encode(sent)
    received[1, 3 : 3 + 8 * 20 : 8] ^= 0xA5
    got, corrected = decode(received)
    expected = np.zeros((3, 8), int)
    expected[1, 3] = -1
    assert np.array_equal(corrected, expected)
    assert np.array_equal(np.delete(got.reshape(3, 223, 8), 3, axis=2), np.delete(sent.reshape(3, 223, 8), 3, axis=2))


def test_the_last_symbols_and_the_first_can_be_corrected() -> None:
    sent = random_data(1, 1, 16, seed=6)
    received = encode(sent)
    received[0, :8] ^= 0x11
    received[0, -8:] ^= 0x80
    got, corrected = decode(received)
    assert np.array_equal(got, sent)
    assert corrected.tolist() == [[16]]


def test_input_is_not_written_to_and_need_not_be_contiguous() -> None:
    blocks = damage(encode(random_data(4, 2, 16, seed=7)), 3, seed=7)
    kept = blocks.copy()
    every_second = decode(blocks[::2])[1]
    assert np.array_equal(blocks, kept)
    assert (every_second == 3).all()


def test_no_frames_give_no_frames() -> None:
    data, corrected = decode(np.empty((0, 2040), np.uint8))
    assert (data.shape, corrected.shape) == ((0, 1784), (0, 8))


@pytest.mark.parametrize(
    "bad", [np.zeros(255, np.uint8), np.zeros((1, 256), np.uint8), np.zeros((1, 255)), np.zeros((1, 0), np.uint8)]
)
def test_wrong_arrays_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Reed-Solomon decode"):
        decode(bad)
    with pytest.raises(ValueError, match="Reed-Solomon encode"):
        encode(bad)


def test_other_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="capability must be one of"):
        encode(np.zeros((1, 235), np.uint8), 10)
