"""Rules `s1-session`, `s1-obs` and `s1-mbu`."""

from typing import Any

import pytest
from list_view import ListView
from nouns import T0, at
from s1_rule_products import Answer, ask, chain_of, only_request, rule_of, s1_product

from refsys.chains.rules import Awaited, Discarded, MainInputs, make_rule
from refsys.model.products import Product
from refsys.model.times import compact_time

CHAIN = chain_of("s1-l0aiop.yaml")
MINIMAL, STATION = 43200, 7200


def session(name: str = "S1A_20200101050000012345", channels: tuple[str, ...] = ("1", "2"), **fields: Any) -> Product:
    figures = {"channels": list(channels)} | fields.pop("figures", {})
    return s1_product(name, "S1_SESSION", 0, 1000, data_take_id=None, timeliness=None, figures=figures, **fields)


def answer(products: list[Product], now: float = 0, since: float = 0, **changed: Any) -> Answer:
    rule, view = rule_of(CHAIN, **changed), ListView(products)
    return ask(rule, CHAIN, view, only_request(rule, CHAIN, products[0], view), now, since=since)


def test_a_session_with_both_channels_is_taken_at_once() -> None:
    found = answer([session(station="SGS_")])
    assert isinstance(found, MainInputs)
    assert found.parameters == {
        "Mission_Id": "S1A",
        "Processing_Station": "SGS_",
        "DownlinkTime": compact_time(T0),
        "PT_Assembly": "yes",
        "Processing_Mode": "FAST24",
        "TimeoutSec": "7200",
        "Descramble": "yes",
        "RSEncode": "yes",
    }
    assert not found.incomplete


def test_stations_differ_and_an_unknown_one_has_the_default() -> None:
    told = [answer([session(station=station)]) for station in ("NSG_", "XYZ_", None)]
    parameters = [found.parameters for found in told if isinstance(found, MainInputs)]
    assert [each["Descramble"] for each in parameters] == ["no", "yes", "yes"]
    assert [each["Processing_Station"] for each in parameters] == ["NSG_", "WILE", "WILE"]


@pytest.mark.parametrize(("since", "until"), [(0, MINIMAL), (-90_000, 1000 + STATION), (5000, 5000 + MINIMAL)])
def test_a_single_channel_waits_for_both_times_and_is_then_taken(since: float, until: float) -> None:
    waiting = answer([session(channels=("2",))], until - 1, since)
    assert isinstance(waiting, Awaited)
    assert waiting.until == at(until)
    over = answer([session(channels=("2",))], until, since)
    assert isinstance(over, MainInputs)
    assert over.incomplete


def test_where_the_time_out_is_off_a_single_channel_only_waits() -> None:
    found = answer([session(channels=("2",))], 1e9, times_out=False)
    assert isinstance(found, Awaited)
    assert found.until is None


def test_a_session_without_channels_waits_like_one_with_too_few() -> None:
    assert isinstance(answer([session(channels=())]), Awaited)


def test_channels_that_came_apart_are_taken_together_once() -> None:
    parts = [session(f"part-{n}", (n,), figures={"session_id": "one"}) for n in ("1", "2")]
    other = session("elsewhere", ("1",), figures={"session_id": "two"})
    answers = {part.name: answer([part, other, *parts[::-1]]) for part in parts}
    found = answers["part-2"]
    assert isinstance(found, MainInputs)
    assert [part.name for part in found.products["session"]] == ["part-2", "part-1"]
    assert isinstance(answers["part-1"], Discarded)


def test_a_whole_session_replaces_its_first_channel() -> None:
    lone = session("lone", ("1",), figures={"session_id": "one"})
    whole = session("whole", ("1", "2"), figures={"session_id": "one"})
    assert isinstance(answer([lone, whole]), Discarded)
    found = answer([whole, lone])
    assert isinstance(found, MainInputs)
    assert [part.name for part in found.products["session"]] == ["whole"]


OBS = {"after_sensing_s": 900, "after_acceptance_s": 60}


def service(name: str, product: Product, now: float, **parameters: Any) -> Answer:
    rule, view = make_rule(name, parameters, where="test"), ListView([product])
    return ask(rule, CHAIN, view, only_request(rule, CHAIN, product, view), now)


def test_an_orbit_file_collects_and_then_tells_its_second_state_vector() -> None:
    figures = {"first_azimuth_time": "2020-01-21T18:32:46.331273Z"}
    orbit = s1_product("orbit", "AUX_RESORB", 0, 6000, figures=figures)
    waiting = service("s1-obs", orbit, 899, **OBS)
    assert isinstance(waiting, Awaited)
    assert (waiting.until, {lack.product_type for lack in waiting.missing}) == (at(900), {"IW_RAW__0A", "EW_RAW__0A"})
    found = service("s1-obs", orbit, 900, **OBS)
    assert isinstance(found, MainInputs)
    assert found.parameters == {"selectedOrbitFirstAzimuthTime": "2020-01-21T18:32:46.331273"}
    assert (found.start, found.stop) == (at(0), at(6000))


def test_an_orbit_file_without_that_time_is_discarded() -> None:
    assert isinstance(service("s1-obs", s1_product("orbit", "AUX_RESORB", 0, 6000), 0), Discarded)


def test_an_ocean_product_of_wave_mode_is_its_only_input() -> None:
    found = service("s1-mbu", s1_product("ocean", "WV_OCN__2S", 0, 60), 0)
    assert isinstance(found, MainInputs)
    assert [one.name for one in found.products["ocean"]] == ["ocean"]
