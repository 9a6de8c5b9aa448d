"""Orbits of a scenario: ascending nodes at even distances, satellites of a mission apart from each other."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from refsys.chains.scenarios.scenario import Scenario

PERIOD_US = {"S1": 5_924_571_000, "S2": 6_042_657_000, "S3": 6_059_500_000}
"""Microseconds of an orbit: 175 orbits in 12 days, 143 in 10 days, 385 in 27 days."""


class Orbit(NamedTuple):
    """From one ascending node to the next."""

    satellite: str
    number: int
    start: datetime
    stop: datetime


def orbits_of(scenario: Scenario, mission: str, satellites: tuple[str, ...], first: int) -> Iterator[Orbit]:
    """Return the orbits that begin and end while the scenario senses; satellites follow by thirds of one."""
    period = timedelta(microseconds=PERIOD_US[mission])
    end = scenario.start + timedelta(hours=scenario.hours)
    for place, satellite in enumerate(satellites):
        node, number = scenario.start + place * period / 3, first
        while node + period <= end:
            yield Orbit(satellite, number, node, node + period)
            node, number = node + period, number + 1
