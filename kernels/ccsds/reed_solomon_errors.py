"""Errors-only decoding of one codeword: Berlekamp-Massey, Chien, Forney (Blahut, Algebraic Codes, 2003, ch. 7)."""

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.reed_solomon_field import Code
from refsys.kernels.ccsds.reed_solomon_register import remainder
from refsys.kernels.jit import jit

Ints = npt.NDArray[np.int64]


def _syndromes_body(difference: Ints, tables: Code) -> Ints:
    out = np.zeros(difference.size, np.int64)
    for i in range(difference.size):
        symbol = tables.from_dual[difference[i]]
        for j in range(difference.size):
            out[j] = tables.product[tables.exp[tables.first_root + j], out[j]] ^ symbol
    return out


_syndromes = jit(_syndromes_body)


def _locator_body(syndromes: Ints, tables: Code) -> tuple[Ints, int]:
    parity, product = syndromes.size, tables.product
    locator, previous = np.zeros(parity + 1, np.int64), np.zeros(parity + 1, np.int64)
    locator[0] = previous[0] = last = 1
    degree, shift = 0, 1
    for n in range(parity):
        discrepancy = syndromes[n]
        for i in range(1, degree + 1):
            discrepancy ^= product[locator[i], syndromes[n - i]]
        if discrepancy == 0:
            shift += 1
            continue
        scale = tables.exp[tables.log[discrepancy] + 255 - tables.log[last]]
        kept = locator.copy()
        for i in range(parity + 1 - shift):
            locator[i + shift] ^= product[scale, previous[i]]
        shift += 1
        if 2 * degree <= n:
            degree, last, previous, shift = n + 1 - degree, discrepancy, kept, 1
    return locator, degree


_locator = jit(_locator_body)


def _positions_body(locator: Ints, degree: int, tables: Code) -> tuple[Ints, int]:
    # Powers p with locator(beta^-p) = 0; each term is kept as a logarithm that moves by its index per step.
    positions = np.empty(degree, np.int64)
    terms = np.full(degree + 1, -1, np.int64)
    for i in range(1, degree + 1):
        if locator[i]:
            terms[i] = tables.log[locator[i]]
    found = 0
    for power in range(255):
        value = np.int64(1)
        for i in range(1, degree + 1):
            if terms[i] >= 0:
                value ^= tables.exp[terms[i]]
                terms[i] -= i
                if terms[i] < 0:
                    terms[i] += 255
        if value == 0 and found < degree:
            positions[found] = power
            found += 1
    return positions, found


_positions = jit(_positions_body)


def _evaluator_body(syndromes: Ints, locator: Ints, degree: int, tables: Code) -> Ints:
    out = np.zeros(degree, np.int64)
    for k in range(degree):
        for i in range(k + 1):
            out[k] ^= tables.product[locator[i], syndromes[k - i]]
    return out


_evaluator = jit(_evaluator_body)


def _magnitude_body(power: int, evaluator: Ints, locator: Ints, tables: Code) -> np.int64:
    exp, log = tables.exp, tables.log
    inverse = 255 - power
    above, below = np.int64(0), np.int64(0)
    for k in range(evaluator.size):
        if evaluator[k]:
            above ^= exp[(log[evaluator[k]] + k * inverse) % 255]
    for i in range(1, evaluator.size + 1, 2):
        if locator[i]:
            below ^= exp[(log[locator[i]] + (i - 1) * inverse) % 255]
    if above == 0 or below == 0:
        return np.int64(0)
    return np.int64(exp[(log[above] + 255 - log[below] + (256 - tables.first_root) * power) % 255])


_magnitude = jit(_magnitude_body)


def _matches_body(word: npt.NDArray[np.uint8], tables: Code) -> bool:
    symbols = 255 - 2 * tables.capability
    register = remainder(word, symbols, tables.feedback)
    wrong = np.int64(0)
    for i in range(2 * tables.capability):
        wrong |= ((register[i >> 3] >> (56 - 8 * (i & 7))) & 0xFF) ^ word[symbols + i]
    return bool(wrong == 0)


_matches = jit(_matches_body)


def _correct_codeword_body(word: npt.NDArray[np.uint8], difference: Ints, tables: Code) -> int:
    # `word` (255,) is corrected in place, or left as received; returns the corrected symbols or -1. `difference`
    # (2 * capability,) is the remainder of the word, in the dual basis.
    syndromes = _syndromes(difference, tables)
    locator, degree = _locator(syndromes, tables)
    if degree > tables.capability:
        return -1
    positions, found = _positions(locator, degree, tables)
    if found != degree:
        return -1
    evaluator = _evaluator(syndromes, locator, degree, tables)
    errors = np.zeros(degree, np.uint8)
    for i in range(degree):
        errors[i] = tables.to_dual[_magnitude(positions[i], evaluator, locator, tables)]
        word[254 - positions[i]] ^= errors[i]
    if _matches(word, tables):
        return degree
    for i in range(degree):
        word[254 - positions[i]] ^= errors[i]
    return -1


correct_codeword = jit(_correct_codeword_body)
