"""What the auxiliary files say of the swaths: bands and windows, antenna patterns, gain, steering; and the orbit."""

from typing import Any, NamedTuple

ORBIT_MARGIN_S = 5.0
"""State vectors must reach this far beyond the raw data: bursts see targets up to some seconds from zero Doppler."""


class Auxiliary(NamedTuple):
    """Of each swath, the fields of `SegmentFacts` that auxiliary files give."""

    swaths: dict[str, dict[str, Any]]

    def of(self, swath: str) -> dict[str, Any]:
        """Return those of a swath."""
        return self.swaths[swath]
