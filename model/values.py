"""What every noun has in common: frozen, closed, round-tripping to JSON, with one canonical digest."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from refsys.model.times import require_utc

UtcTime = Annotated[datetime, AfterValidator(require_utc)]
"""An aware time in UTC; a naive one is refused, another zone is converted, microseconds are kept."""


class Value(BaseModel):
    """A frozen value: equal by content, hashable where its fields are, unknown fields refused.

    Examples
    --------
    >>> class Point(Value):
    ...     line: int
    >>> Point.from_json(Point(line=3).to_json())
    Point(line=3)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    def to_json(self) -> str:
        """Return the JSON form, fields in the order of declaration."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the value a JSON text describes (`pydantic.ValidationError` if it does not)."""
        return cls.model_validate_json(text)

    def plain(self) -> dict[str, Any]:
        """Return the JSON form as dictionaries, lists, texts and numbers."""
        return self.model_dump(mode="json")


def canonical_json(value: JsonValue) -> bytes:
    r"""Return the one spelling of a JSON value that digests are taken of: sorted keys, no spaces, UTF-8.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [None, "é"]})
    b'{"a":[null,"\xc3\xa9"],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of the bytes as 64 hexadecimal digits (FIPS 180-4)."""
    return hashlib.sha256(data).hexdigest()


def digest(value: JsonValue) -> str:
    """Return the SHA-256 of a JSON value's canonical spelling."""
    return sha256_hex(canonical_json(value))
