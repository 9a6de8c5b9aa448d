"""Datastrips of Sentinel-2 in a scenario, and the sessions that they are received in."""

from datetime import timedelta

from refsys.chains.scenarios.happenings import S2Datastrip, Session, chance
from refsys.chains.scenarios.orbits import Orbit, orbits_of
from refsys.chains.scenarios.scenario import Scenario, Sentinel2Traffic
from refsys.model.times import compact_time

SCENE = timedelta(microseconds=3_608_000)
"""Time along the track of a granule."""


def datastrips_of(scenario: Scenario) -> tuple[tuple[Session, ...], tuple[S2Datastrip, ...]]:
    """Return sessions and datastrips: one of each in an orbit that has any."""
    traffic = scenario.s2
    if traffic is None:
        return (), ()
    orbits = orbits_of(scenario, "S2", traffic.satellites, traffic.first_orbit)
    made = [_datastrip(scenario, traffic, orbit) for orbit in orbits if orbit.number % traffic.every_orbits == 0]
    return tuple(session for session, _ in made), tuple(strip for _, strip in made)


def _datastrip(scenario: Scenario, traffic: Sentinel2Traffic, orbit: Orbit) -> tuple[Session, S2Datastrip]:
    downlink = orbit.stop + timedelta(seconds=traffic.downlink_s)
    session_id = f"S2{orbit.satellite}_{compact_time(orbit.stop)}{orbit.number:06d}"
    start = (orbit.start + timedelta(seconds=traffic.after_node_s)).replace(microsecond=0)
    lone = chance(scenario, traffic.lone_channel, session_id, "lone")
    session = Session(
        mission="S2",
        satellite=orbit.satellite,
        session_id=session_id,
        start=orbit.stop,
        stop=downlink,
        station=traffic.station,
        absolute_orbit=orbit.number,
        arrival=downlink + timedelta(seconds=traffic.delay_s),
        channels=("ch1",) if lone else ("ch1", "ch2"),
    )
    strip = S2Datastrip(
        satellite=orbit.satellite,
        start=start,
        stop=start + traffic.scenes * SCENE,
        absolute_orbit=orbit.number,
        detectors=traffic.detectors,
        scenes=traffic.scenes,
        tiles=tuple(tile_name(orbit.number, number) for number in range(traffic.tiles)),
        session_id=session_id,
    )
    return session, strip


def tile_name(orbit: int, number: int) -> str:
    """Return the name of a tile, such as `32TNS`: right in form, not in geography."""
    rows = "ABCDEFGHJKLMNPQRSTUV"
    columns = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    zone = (orbit * 7) % 60 + 1
    return f"{zone:02d}T{columns[number // 20 % 24]}{rows[number % 20]}"
