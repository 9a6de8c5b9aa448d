"""Errors-only decoding of one codeword: Berlekamp-Massey, Chien, Forney (Blahut, Algebraic Codes, 2003, ch. 7).

A term c x^i, taken at all powers of beta, is a geometric progression, a slice of a table; so a polynomial is evaluated
everywhere by adding slices, which the compiler turns into vector instructions.

What is worked on lies in one array of bytes, 256 for each thing: single arrays, or tuples of them, would cost more in
reference counts than the arithmetic takes.
"""

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.reed_solomon_field import BEGINS, EXP, LOG, PRODUCT, PROGRESSIONS, TO_DUAL
from refsys.kernels.ccsds.reed_solomon_register import Register, difference
from refsys.kernels.jit import jit

Room = npt.NDArray[np.uint8]

WORD = 0  # zeros, but while the errors found are tried
PLACES, ERRORS = 256, 512  # symbols to be corrected, and what to add to them
_SYNDROMES, _LOCATOR, _PREVIOUS, _KEPT = 768, 1024, 1280, 1536  # polynomials, lowest power first
_EVEN, _ODD, _EVALUATOR = 1792, 2048, 2304  # even and odd part of the locator and the evaluator at beta^0, beta^1...
ROOM_BYTES = 2560


def _syndromes_body(register: Register, table: npt.NDArray[np.int64], capability: int, room: Room) -> None:
    a, b, c, d = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for i in range(2 * capability):
        symbol = (register[i >> 3] >> (56 - 8 * (i & 7))) & 0xFF
        at = ((i << 8) + symbol) << 2
        a, b, c, d = a ^ table[at], b ^ table[at + 1], c ^ table[at + 2], d ^ table[at + 3]
    words = (a, b, c, d)
    for i in range(2 * capability):
        room[_SYNDROMES + i] = (words[i >> 3] >> (56 - 8 * (i & 7))) & 0xFF


_syndromes = jit(_syndromes_body)


def _times_syndromes_body(n: int, degree: int, room: Room) -> np.int64:
    # Coefficient of x^n of the locator times the syndromes.
    value = np.int64(room[_SYNDROMES + n])
    for i in range(1, degree + 1):
        value ^= np.int64(PRODUCT[(np.int64(room[_LOCATOR + i]) << 8) | np.int64(room[_SYNDROMES + n - i])])
    return value


_times_syndromes = jit(_times_syndromes_body)


def _copy_body(source: int, target: int, count: int, room: Room) -> None:
    for i in range(count):
        room[target + i] = room[source + i]


_copy = jit(_copy_body)


def _locator_body(capability: int, room: Room) -> int:
    # Returns the number of errors, over the capability if there are too many.
    for i in range(2 * capability + 1):
        room[_LOCATOR + i] = room[_PREVIOUS + i] = 0
    room[_LOCATOR] = room[_PREVIOUS] = 1
    last = np.int64(1)
    degree, before, shift = 0, 0, 1
    for n in range(2 * capability):
        discrepancy = _times_syndromes(n, degree, room)
        if discrepancy:
            row = EXP[LOG[discrepancy] + 255 - LOG[last]] << 8
            grows = 2 * degree <= n
            if grows:
                if n + 1 - degree > capability:
                    return n + 1 - degree
                _copy(_LOCATOR, _KEPT, degree + 1, room)
            for i in range(before + 1):
                room[_LOCATOR + i + shift] ^= PRODUCT[row | np.int64(room[_PREVIOUS + i])]
            if grows:
                _copy(_KEPT, _PREVIOUS, degree + 1, room)
                before, degree, last, shift = degree, n + 1 - degree, discrepancy, 0
        shift += 1
    return degree


_locator = jit(_locator_body)


def _fill_body(values: int, constant: np.int64, room: Room) -> None:
    for q in range(256):
        room[values + q] = constant


_fill = jit(_fill_body)


def _add_term_body(values: int, coefficient: np.int64, power: int, room: Room) -> None:
    # 256 powers of beta, the last of which is the first again: that makes whole vectors.
    if coefficient:
        begin = BEGINS[256 * power + LOG[coefficient]]
        for q in range(256):
            room[values + q] ^= PROGRESSIONS[begin + np.uint64(q)]


_add_term = jit(_add_term_body)


def _places_body(degree: int, room: Room) -> int:
    # Symbols at which the locator has a root: at beta^q for the symbol of power -q. Returns how many there are.
    _fill(_EVEN, np.int64(1), room)
    _fill(_ODD, np.int64(0), room)
    for i in range(1, degree + 1):
        _add_term(_ODD if i & 1 else _EVEN, np.int64(room[_LOCATOR + i]), i, room)
    found = 0
    for q in range(255):
        if room[_EVEN + q] == room[_ODD + q] and found < degree:
            room[PLACES + found] = (254 + q) % 255
            found += 1
    return found


_places = jit(_places_body)


def _errors_body(degree: int, first_root: int, room: Room) -> None:
    # Forney: an error is the evaluator over the odd part of the locator, times a power that the first root decides.
    _fill(_EVALUATOR, np.int64(room[_SYNDROMES]), room)
    for k in range(1, degree):
        _add_term(_EVALUATOR, _times_syndromes(k, k, room), k, room)
    for i in range(degree):
        root = (np.int64(room[PLACES + i]) + 1) % 255
        above, below = room[_EVALUATOR + root], room[_ODD + root]
        room[ERRORS + i] = 0
        if above and below:
            room[ERRORS + i] = TO_DUAL[EXP[(LOG[above] + 255 - LOG[below] + first_root * root) % 255]]


_errors = jit(_errors_body)


def _explains_body(count: int, register: Register, steps: npt.NDArray[np.int64], capability: int, room: Room) -> bool:
    # Whether the errors found have the difference that was received: then the word without them is a codeword.
    for i in range(count):
        room[WORD + np.int64(room[PLACES + i])] = room[ERRORS + i]
    a, b, c, d = difference(room, WORD, 1, steps, capability)
    for i in range(count):
        room[WORD + np.int64(room[PLACES + i])] = 0
    return bool((a ^ register[0]) | (b ^ register[1]) | (c ^ register[2]) | (d ^ register[3]) == 0)


_explains = jit(_explains_body)


def _find_errors_body(
    register: Register,
    steps: npt.NDArray[np.int64],
    syndromes: npt.NDArray[np.int64],
    capability: int,
    room: Room,
) -> int:
    # `register` is the difference of a word. Returns how many of its symbols are wrong, or -1 for too many; which and
    # how is then in the room.
    _syndromes(register, syndromes, capability, room)
    degree = _locator(capability, room)
    if degree > capability or _places(degree, room) != degree:
        return -1
    _errors(degree, 128 - capability, room)
    return degree if _explains(degree, register, steps, capability, room) else -1


find_errors = jit(_find_errors_body)
