"""Reed-Solomon (255,223), interleave 8: clean frames, frames with 16 wrong symbols in every codeword, and encoding. The
peer is libfec (Phil Karn; Debian's `libfec0`), called codeword by codeword on words that lie one after the other, which
spares it the interleaving that ours does: `decode_rs_ccsds`, which takes the symbols of the line as ours does and is
the faster of its two decoders here. The call from Python costs it less than a tenth of its time. On both sides the
number of corrected symbols is checked; ours also copies the data out of the codeblocks and compares them with those
sent, libfec corrects in place. Rates are of bytes of codeblocks.
"""

import ctypes
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Absent, Peer, Row, compare
from refsys.kernels.ccsds.reed_solomon import decode, encode

FRAMES, INTERLEAVE, WRONG = 1000, 8, 16
Bytes = npt.NDArray[np.uint8]


class Case(NamedTuple):
    """Data, codeblocks of it as received, and the same codewords one after the other for the peer to write in."""

    data: Bytes
    blocks: Bytes
    words: Bytes
    wrong: int


def case(number: int, wrong: int) -> Case:
    """Random frames with so many wrong symbols in every codeword; every number gives others."""
    rng = np.random.default_rng([number, wrong])
    data = rng.integers(0, 256, (FRAMES, INTERLEAVE * 223), dtype=np.uint8)
    words = np.ascontiguousarray(encode(data).reshape(FRAMES, 255, INTERLEAVE).transpose(0, 2, 1)).reshape(-1, 255)
    where = rng.random(words.shape, dtype=np.float32).argpartition(wrong, axis=1)[:, :wrong]
    words[np.arange(len(words))[:, None], where] ^= rng.integers(1, 256, where.shape, dtype=np.uint8)
    blocks = np.ascontiguousarray(words.reshape(FRAMES, INTERLEAVE, 255).transpose(0, 2, 1)).reshape(FRAMES, -1)
    return Case(data, blocks, words, wrong)


def ours(given: Case) -> None:
    data, corrected = decode(given.blocks)
    if not (corrected == given.wrong).all() or not np.array_equal(data, given.data):
        raise SystemExit("Reed-Solomon: wrong result")


def libfec() -> Peer[Case] | Absent:
    """The peer's decoder, if there is one."""
    try:
        decoder = ctypes.CDLL("libfec.so.0").decode_rs_ccsds
    except OSError:
        return Absent("libfec", "apt-get install libfec0")
    decoder.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]

    def work(given: Case) -> None:
        begin = given.words.ctypes.data
        for at in range(begin, begin + given.words.size, 255):
            if decoder(at, None, 0, 0) != given.wrong:
                raise SystemExit("libfec: wrong result")

    return Peer("libfec, one core", work)


def libfec_encoder() -> Peer[Case] | Absent:
    """The peer's encoder, if there is one."""
    try:
        encoder = ctypes.CDLL("libfec.so.0").encode_rs_ccsds
    except OSError:
        return Absent("libfec", "apt-get install libfec0")
    encoder.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]

    def work(given: Case) -> None:
        begin = given.words.ctypes.data
        for at in range(begin, begin + given.words.size, 255):
            encoder(at, at + 223, 0)

    return Peer("libfec, one core", work)


def measure() -> list[Row]:
    size = FRAMES * INTERLEAVE * 255 / 1e6
    peer = libfec()
    return [
        compare("reed_solomon_clean", size, "MB/s", ours, peer, prepare=lambda n: case(n, 0), goal=">= 12"),
        compare("reed_solomon_16", size, "MB/s", ours, peer, prepare=lambda n: case(n, WRONG), goal=">= 2"),
        compare(
            "reed_solomon_encode",
            size,
            "MB/s",
            lambda given: encode(given.data),
            libfec_encoder(),
            prepare=lambda n: case(n, 0),
        ),
    ]
