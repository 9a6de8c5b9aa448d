"""Published test vectors of the three digests, and that chunks do not matter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.model.errors import InputMissing
from refsys.storage.digests import digests_of, digests_of_file


def crc32c(data: bytes) -> int:
    """Bit by bit, reflected polynomial 0x82F63B78."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def test_published_vectors() -> None:
    empty, nine = digests_of([]), digests_of([b"123456789"])
    assert empty.size_bytes == 0
    assert empty.sha256.startswith("e3b0c44298fc1c14")
    assert empty.crc32c == "00000000"
    assert empty.blake3 == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    assert (nine.size_bytes, nine.crc32c) == (9, "e3069283")
    assert digests_of([bytes(32)]).crc32c == "8a9136aa"  # RFC 3720, B.4
    assert digests_of([b"abc"]).blake3.startswith("6437b3ac38465133ffb63b75273a8db5")


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_chunks_do_not_matter(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    found = digests_of([memoryview(bytearray(chunk)) for chunk in chunks])
    assert found == digests_of([whole])
    assert int(found.crc32c, 16) == crc32c(whole)


def test_files(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40_000
    (tmp_path / "a").write_bytes(data)
    assert digests_of_file(tmp_path / "a") == digests_of([data])
    with pytest.raises(InputMissing):
        digests_of_file(tmp_path / "b")
