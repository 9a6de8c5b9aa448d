"""Auxiliary files of a scenario."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from refsys.chains.scenarios.happenings import Auxiliary
from refsys.chains.scenarios.scenario import AuxiliarySeries, Scenario

_ALL_TIME = timedelta(days=60)
"""How far files valid all the time reach beyond what is sensed: further than any delay."""


def auxiliaries_of(scenario: Scenario) -> tuple[Auxiliary, ...]:
    """Return all files, in order of arrival; what would have come before the start comes at the start."""
    made = [each for series in scenario.auxiliary for each in _files(scenario, series)]
    return tuple(sorted(made, key=lambda a: (a.arrival, a.mission, a.type, a.satellite, a.start, a.band or "")))


def _files(scenario: Scenario, series: AuxiliarySeries) -> Iterator[Auxiliary]:
    for start, stop in _validities(scenario, series):
        told = start + timedelta(hours=series.delay_h)
        arrival = max(told, scenario.start) if series.every_h is not None else scenario.start
        for kind in series.types:
            for satellite in series.satellites:
                for band in series.bands or (None,):
                    yield Auxiliary(
                        mission=series.mission,
                        type=kind,
                        satellite=satellite,
                        band=band,
                        start=start,
                        stop=stop,
                        creation=min(told, arrival).replace(microsecond=0),
                        arrival=arrival,
                    )


def _validities(scenario: Scenario, series: AuxiliarySeries) -> Iterator[tuple[datetime, datetime]]:
    """Return validities: one for all the time, or a row of them from before the start until a day after the end."""
    end = scenario.start + timedelta(hours=scenario.hours)
    if series.every_h is None:
        yield scenario.start - _ALL_TIME, end + _ALL_TIME
        return
    step, length = timedelta(hours=series.every_h), timedelta(hours=series.length_h or series.every_h)
    start = scenario.start - (length // step + 1) * step
    while start < end + timedelta(days=1):
        yield start, start + length
        start += step
