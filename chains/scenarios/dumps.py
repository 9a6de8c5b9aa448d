"""Dumps of Sentinel-3 in a scenario."""

from datetime import datetime, timedelta

from refsys.chains.scenarios.happenings import Granule, Position, S3Dump, Session, chance
from refsys.chains.scenarios.orbits import Orbit, orbits_of
from refsys.chains.scenarios.scenario import Scenario, Sentinel3Traffic, Window
from refsys.model.times import compact_time


def dumps_of(scenario: Scenario) -> tuple[tuple[Session, ...], tuple[S3Dump, ...]]:
    """Return the sessions and dumps: one dump an orbit, received right after it."""
    traffic = scenario.s3
    if traffic is None:
        return (), ()
    made = [
        _dump(scenario, traffic, orbit) for orbit in orbits_of(scenario, "S3", traffic.satellites, traffic.first_orbit)
    ]
    return tuple(session for session, _ in made), tuple(dump for _, dump in made)


def _dump(scenario: Scenario, traffic: Sentinel3Traffic, orbit: Orbit) -> tuple[Session, S3Dump]:
    downlink = orbit.stop + timedelta(seconds=traffic.downlink_s)
    session_id = f"S3{orbit.satellite}_{compact_time(orbit.stop)}{orbit.number:06d}"
    lone = chance(scenario, traffic.lone_channel, session_id, "lone")
    session = Session(
        mission="S3",
        satellite=orbit.satellite,
        session_id=session_id,
        start=orbit.stop,
        stop=downlink,
        station=traffic.station,
        absolute_orbit=orbit.number,
        arrival=downlink + timedelta(seconds=traffic.delay_s),
        channels=("ch1",) if lone else ("ch1", "ch2"),
    )
    windows = [Window(type=kind, after_node_s=0, length_s=6059) for kind in traffic.always]
    granules = [
        granule
        for window in (*windows, *traffic.windows)
        if orbit.number % window.every_orbits == 0
        for granule in _granules(scenario, traffic, orbit, window, session_id)
    ]
    dump = S3Dump(
        satellite=orbit.satellite,
        session_id=session_id,
        dump_start=orbit.start,
        dump_stop=orbit.stop,
        absolute_orbit=orbit.number,
        node_before=orbit.start,
        node_after=orbit.stop,
        granules=tuple(granules),
    )
    return session, dump


def _granules(
    scenario: Scenario, traffic: Sentinel3Traffic, orbit: Orbit, window: Window, session_id: str
) -> list[Granule]:
    """Return the granules of a type; what is recorded all the time ends with the orbit."""
    start = orbit.start + timedelta(seconds=window.after_node_s)
    whole = window.type in traffic.always
    stop = orbit.stop if whole else min(start + timedelta(seconds=window.length_s), orbit.stop)
    spans: list[tuple[datetime, datetime]] = []
    while start < stop:
        end = min(start + timedelta(seconds=traffic.granule_s), stop)
        spans.append((start, end))
        start = end
    return [
        Granule(
            type=window.type,
            number=number,
            position=_position(number, len(spans)),
            start=begin,
            stop=end,
            calibration_class=window.calibration_class,
            lost=chance(scenario, traffic.lost_granules, session_id, window.type, number),
        )
        for number, (begin, end) in enumerate(spans, 1)
    ]


def _position(number: int, count: int) -> Position:
    if count == 1:
        return "NONE"
    return "FIRST" if number == 1 else "LAST" if number == count else "INSIDE"
