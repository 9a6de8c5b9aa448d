"""Data takes of Sentinel-1 in a scenario, and the sessions that they are received in."""

from collections.abc import Sequence
from datetime import timedelta

from refsys.chains.scenarios.happenings import S1DataTake, S1Segment, Session, chance
from refsys.chains.scenarios.orbits import Orbit, orbits_of
from refsys.chains.scenarios.scenario import DataTakes, Scenario, Sentinel1Traffic
from refsys.model.times import compact_time

_CHANNELS = {"DV": ("VV", "VH"), "DH": ("HH", "HV"), "SV": ("SV",), "SH": ("SH",)}
_OVERLAP = timedelta(seconds=2)
"""How long the two receptions of a split data take both have it."""


def data_takes_of(scenario: Scenario) -> tuple[tuple[Session, ...], tuple[S1DataTake, ...]]:
    """Return sessions and data takes: one session an orbit, at its end; the second part of a split one comes next."""
    traffic = scenario.s1
    if traffic is None:
        return (), ()
    sessions: list[Session] = []
    data_takes: list[S1DataTake] = []
    for satellite in traffic.satellites:
        orbits = [
            o for o in orbits_of(scenario, "S1", traffic.satellites, traffic.first_orbit) if o.satellite == satellite
        ]
        own = [_session(scenario, traffic, orbit) for orbit in orbits]
        for index, orbit in enumerate(orbits):
            for number, kind in enumerate(traffic.data_takes):
                if orbit.number % kind.every_orbits == 0:
                    data_takes.append(_data_take(scenario, traffic, orbit, (number, kind), own[index : index + 2]))
        sessions.extend(own)
    return tuple(sessions), tuple(data_takes)


def _session(scenario: Scenario, traffic: Sentinel1Traffic, orbit: Orbit) -> Session:
    start = orbit.stop - timedelta(seconds=traffic.downlink_s)
    session_id = f"L{compact_time(start)[:8]}{compact_time(start)[9:]}{orbit.number:06d}{orbit.satellite}"
    lone = chance(scenario, traffic.lone_channel, session_id, "lone")
    return Session(
        mission="S1",
        satellite=orbit.satellite,
        session_id=session_id,
        start=start,
        stop=orbit.stop,
        station=traffic.station,
        absolute_orbit=orbit.number,
        arrival=orbit.stop + timedelta(seconds=traffic.delay_s),
        channels=("ch1",) if lone else ("ch1", "ch2"),
    )


def _data_take(
    scenario: Scenario,
    traffic: Sentinel1Traffic,
    orbit: Orbit,
    numbered: tuple[int, DataTakes],
    sessions: Sequence[Session],
) -> S1DataTake:
    (number, kind), following = numbered, sessions[1] if len(sessions) > 1 else None
    start = orbit.start + timedelta(seconds=kind.after_node_s)
    stop = start + timedelta(seconds=kind.length_s)
    data_take_id = str(orbit.number * 8 + number)
    is_split = (
        following is not None
        and kind.mode != "RF"
        and chance(scenario, traffic.split, orbit.satellite, data_take_id, "split")
    )
    middle = start + (stop - start) / 2
    parts = [(start, stop, "FULL", sessions[0])]
    if is_split and following is not None:
        parts = [(start, middle + _OVERLAP, "BEGIN", sessions[0]), (middle, stop, "END", following)]
    segments = [
        S1Segment(
            polarisation=polarisation,
            start=begin,
            stop=end,
            consolidation=consolidation,
            session_id=received.session_id,
            lost=chance(scenario, traffic.lost_segments, orbit.satellite, data_take_id, polarisation, consolidation),
        )
        for begin, end, consolidation, received in parts
        for polarisation in _CHANNELS[kind.polarisation]
    ]
    return S1DataTake(
        satellite=orbit.satellite,
        data_take_id=data_take_id,
        mode=kind.mode,
        polarisation=kind.polarisation,
        start=start,
        stop=stop,
        timeliness=kind.timeliness,
        absolute_orbit=orbit.number,
        segments=tuple(segments),
    )
