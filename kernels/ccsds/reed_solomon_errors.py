"""Errors-only decoding of one codeword: Berlekamp-Massey, Chien, Forney (Blahut, Algebraic Codes, 2003, ch. 7).

A term c x^i, taken at all powers of beta, is a geometric progression, a slice of a table; so a polynomial is evaluated
everywhere by adding slices, which the compiler turns into vector instructions.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from refsys.kernels.ccsds.reed_solomon_field import Code
from refsys.kernels.ccsds.reed_solomon_register import Register, difference
from refsys.kernels.jit import jit

Bytes = npt.NDArray[np.uint8]


class Workspace(NamedTuple):
    """Room for one codeword on its way, made once for many.

    `word` (255,) zeros, but while errors are tried; `syndromes`, `locator`, `previous`, `kept` (33,) polynomials,
    lowest power first; `even`, `odd`, `above` (255,) the two parts of the locator and the evaluator at beta^0,
    beta^1...; `places`, `errors` (16,) symbols to be corrected and what to add to them. All uint8.
    """

    word: Bytes
    syndromes: Bytes
    locator: Bytes
    previous: Bytes
    kept: Bytes
    even: Bytes
    odd: Bytes
    above: Bytes
    places: Bytes
    errors: Bytes


def workspace() -> Workspace:
    """Make room for `find_errors`."""
    sizes = (255, 33, 33, 33, 33, 255, 255, 255, 16, 16)
    return Workspace(*(np.zeros(size, np.uint8) for size in sizes))


def _syndromes_body(register: Register, tables: Code, room: Workspace) -> None:
    table = tables.syndromes
    a, b, c, d = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for i in range(2 * tables.capability):
        symbol = (register[i >> 3] >> (56 - 8 * (i & 7))) & 0xFF
        at = ((i << 8) + symbol) << 2
        a, b, c, d = a ^ table[at], b ^ table[at + 1], c ^ table[at + 2], d ^ table[at + 3]
    words = (a, b, c, d)
    for i in range(2 * tables.capability):
        room.syndromes[i] = (words[i >> 3] >> (56 - 8 * (i & 7))) & 0xFF


_syndromes = jit(_syndromes_body)


def _discrepancy_body(n: int, degree: int, tables: Code, room: Workspace) -> np.int64:
    value = np.int64(room.syndromes[n])
    for i in range(1, degree + 1):
        value ^= np.int64(tables.product[(np.int64(room.locator[i]) << 8) | np.int64(room.syndromes[n - i])])
    return value


_discrepancy = jit(_discrepancy_body)


def _locator_body(tables: Code, room: Workspace) -> int:
    # Returns the number of errors, over the capability if there are too many.
    locator, previous, kept = room.locator, room.previous, room.kept
    for i in range(locator.size):
        locator[i] = previous[i] = 0
    locator[0] = previous[0] = 1
    last = np.int64(1)
    degree, before, shift = 0, 0, 1
    for n in range(2 * tables.capability):
        discrepancy = _discrepancy(n, degree, tables, room)
        if discrepancy:
            row = tables.exp[tables.log[discrepancy] + 255 - tables.log[last]] << 8
            grows = 2 * degree <= n
            if grows:
                if n + 1 - degree > tables.capability:
                    return n + 1 - degree
                for i in range(degree + 1):
                    kept[i] = locator[i]
            for i in range(before + 1):
                locator[i + shift] ^= tables.product[row | np.int64(previous[i])]
            if grows:
                for i in range(degree + 1):
                    previous[i] = kept[i]
                before, degree, last, shift = degree, n + 1 - degree, discrepancy, 0
        shift += 1
    return degree


_locator = jit(_locator_body)


def _add_term_body(values: Bytes, coefficient: np.int64, power: int, tables: Code) -> None:
    if coefficient:
        begin = tables.begins[power, tables.log[coefficient]]
        piece = tables.progressions[begin : begin + 255]
        for q in range(255):
            values[q] ^= piece[q]


_add_term = jit(_add_term_body)


def _places_body(degree: int, tables: Code, room: Workspace) -> int:
    # Symbols at which the locator has a root: at beta^q for the symbol of power -q. Returns how many there are.
    even, odd = room.even, room.odd
    for q in range(255):
        even[q], odd[q] = 1, 0
    for i in range(1, degree + 1):
        _add_term(odd if i & 1 else even, np.int64(room.locator[i]), i, tables)
    found = 0
    for q in range(255):
        if even[q] == odd[q]:
            if found == degree:
                return degree + 1
            room.places[found] = (254 + q) % 255
            found += 1
    return found


_places = jit(_places_body)


def _errors_body(degree: int, tables: Code, room: Workspace) -> None:
    # Forney: an error is the evaluator over the odd part of the locator, times a power that the first root decides.
    product, log, above = tables.product, tables.log, room.above
    for q in range(255):
        above[q] = room.syndromes[0]
    for k in range(1, degree):
        coefficient = np.int64(0)
        for i in range(k + 1):
            coefficient ^= product[(np.int64(room.locator[i]) << 8) | np.int64(room.syndromes[k - i])]
        _add_term(above, coefficient, k, tables)
    for i in range(degree):
        root = (np.int64(room.places[i]) + 1) % 255
        room.errors[i] = 0
        if above[root] and room.odd[root]:
            power = log[above[root]] + 255 - log[room.odd[root]] + tables.first_root * root
            room.errors[i] = tables.to_dual[tables.exp[power % 255]]


_errors = jit(_errors_body)


def _explains_body(count: int, register: Register, tables: Code, room: Workspace) -> bool:
    # Whether the errors found have the difference that was received: then the word without them is a codeword.
    for i in range(count):
        room.word[room.places[i]] = room.errors[i]
    a, b, c, d = difference(room.word, 0, 1, tables)
    for i in range(count):
        room.word[room.places[i]] = 0
    return bool((a ^ register[0]) | (b ^ register[1]) | (c ^ register[2]) | (d ^ register[3]) == 0)


_explains = jit(_explains_body)


def _find_errors_body(register: Register, tables: Code, room: Workspace) -> int:
    # `register` is the difference of a word. Returns how many of its symbols are wrong, or -1 for too many; which and
    # how is then in the room.
    _syndromes(register, tables, room)
    degree = _locator(tables, room)
    if degree > tables.capability or _places(degree, tables, room) != degree:
        return -1
    _errors(degree, tables, room)
    return degree if _explains(degree, register, tables, room) else -1


find_errors = jit(_find_errors_body)
