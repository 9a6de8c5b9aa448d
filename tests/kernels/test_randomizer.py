import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.kernels.ccsds.randomizer import derandomise, pseudo_random_sequence, randomise


def test_sequence_of_the_standard() -> None:
    assert pseudo_random_sequence(5).tobytes() == bytes.fromhex("ff480ec09a")


def test_sequence_obeys_its_polynomial_and_no_shorter_period() -> None:
    bits = np.unpackbits(pseudo_random_sequence(600))
    # h(x) = x^8 + x^7 + x^5 + x^3 + 1 as a recurrence
    assert np.array_equal(bits[8:], bits[:-8] ^ bits[3:-5] ^ bits[5:-3] ^ bits[7:-1])
    assert np.array_equal(bits[255:], bits[:-255])
    assert all(not np.array_equal(bits[p:510], bits[: 510 - p]) for p in range(1, 255))


@given(st.integers(0, 4), st.integers(1, 700), st.integers(0, 2**32 - 1))
def test_twice_is_nothing_and_rows_are_alike(rows: int, length: int, seed: int) -> None:
    frames = np.random.default_rng(seed).integers(0, 256, (rows, length), dtype=np.uint8)
    once = randomise(frames)
    assert np.array_equal(randomise(once), frames)
    assert all(
        np.array_equal(row ^ frame, pseudo_random_sequence(length)) for row, frame in zip(once, frames, strict=True)
    )
    marked = np.hstack([np.zeros((rows, 4), np.uint8), once])
    assert np.array_equal(derandomise(marked), frames)


@pytest.mark.parametrize("bad", [np.zeros(8, np.uint8), np.zeros((2, 8), np.int32)])
def test_wrong_arrays_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="randomise"):
        randomise(bad)
    with pytest.raises(ValueError, match="randomise"):
        derandomise(bad)


def test_rows_of_a_marker_only_are_refused() -> None:
    with pytest.raises(ValueError, match="derandomise"):
        derandomise(np.zeros((2, 4), np.uint8))
