"""Rules `s3-pdu`, `s3-composite` and `s3-session` with the chains that have them; arrivals in any order."""

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from nouns import at
from s3_rule_products import ask, chains, decisions, requests, rule_of, s3_product

from refsys.chains.rules import Awaited, Discarded, MainInputs
from refsys.chains.sentinel3.preparation.composites import calendar_interval
from refsys.chains.sentinel3.preparation.product_units import interval_text
from refsys.model.errors import ConfigInvalid
from refsys.model.products import Product

PUG = "S3-PUG"
PERIOD = 6060.0


def scene(kind: str, number: int, **more: Any) -> Product:
    """Return 101 s of orbit 7 (node at 0 s), 100 s after the scene before."""
    start = 100.0 * number
    orbit = 7 + int(start // PERIOD)
    node = (orbit - 7) * PERIOD
    plain: dict[str, Any] = {
        "granule_number": number,
        "absolute_orbit": orbit,
        "node_before": at(node),
        "node_after": at(node + PERIOD),
        "timeliness": "NRT",
        "dump_start": at(0),
    }
    return s3_product(kind, start, start + 101, **(plain | more))


def subjects(product: Product, chain: str = PUG) -> list[dict[str, str]]:
    return [request.subject for request in requests(chains()[chain], product)]


def test_a_scene_asks_for_the_frames_it_touches() -> None:
    found = requests(chains()[PUG], scene("OL_1_EFR___", 3))
    assert [request.product_type for request in found] == ["OL_1_EFR___"] * 2
    assert [request.subject for request in found] == [
        {"type": "OL_1_EFR___", "orbit": "7", "number": "2"},
        {"type": "OL_1_EFR___", "orbit": "7", "number": "3"},
    ]


def test_a_scene_across_the_node_asks_for_the_last_and_the_first_frame() -> None:
    numbers = [(each["orbit"], each["number"]) for each in subjects(scene("OL_1_EFR___", 60))]
    assert numbers == [("7", "34"), ("8", "1")]


def test_units_are_not_cut_again_and_others_not_at_all() -> None:
    assert subjects(scene("OL_1_EFR___", 3, made_by="S3-PUG")) == []
    assert subjects(scene("OL_1_EFR___", 3, timeliness="NTC")) == []
    assert subjects(scene("MW_1_MWR___", 3)) == []
    assert subjects(scene("OL_1_EFR___", 3, absolute_orbit=None)) == []


def test_a_full_frame_is_made_at_once() -> None:
    scenes = [scene("OL_1_EFR___", number) for number in (1, 2, 3)]
    request = requests(chains()[PUG], scenes[1])[0]
    assert request.subject["number"] == "2"
    assert isinstance(ask(chains()[PUG], request, scenes[:2], 1), Awaited)
    answer = ask(chains()[PUG], request, scenes, 1)
    assert isinstance(answer, MainInputs)
    assert (answer.start, answer.stop) == (at(180), at(360))
    assert answer.parameters["PDUTimeIntervals"] == interval_text([(at(180), at(360))])
    assert interval_text([(at(180), at(360))]) == "[2024-03-01T00:02:59.123457,2024-03-01T00:05:59.123457]"
    assert answer.parameters["MtdPDUFrameNumbers"] == "2"
    assert answer.parameters["pduType"] == "frame"


def test_a_frame_with_a_gap_has_two_parts_when_its_time_is_over() -> None:
    parts = [
        scene("OL_1_EFR___", 0).model_copy(update={"start": at(a), "stop": at(b), "name": f"part-{a}"})
        for a, b in ((180, 240), (242, 270), (300, 500))
    ]
    request = next(each for each in requests(chains()[PUG], parts[0]) if each.subject["number"] == "2")
    waiting = ask(chains()[PUG], request, parts, 899)
    assert isinstance(waiting, Awaited)
    assert waiting.until == at(900)
    answer = ask(chains()[PUG], request, parts, 900)
    assert isinstance(answer, MainInputs)
    assert answer.parameters["PDUTimeIntervals"] == interval_text([(at(180), at(270)), (at(300), at(360))])
    assert answer.parameters["MtdPDUFrameNumbers"] == "2;2"
    cuts = {"OL_1_EFR___": {"kind": "FRAME", "length_s": 180, "least_s": 70}}
    longer = ask(chains()[PUG], request, parts, 900, cuts=cuts)
    assert isinstance(longer, MainInputs)
    assert (longer.start, longer.stop) == (at(180), at(270))
    assert [product.start for product in longer.products["product"]] == [at(180), at(242)]
    all_dropped = ask(chains()[PUG], request, parts, 900, cuts={"OL_1_EFR___": {**cuts["OL_1_EFR___"], "least_s": 100}})
    assert isinstance(all_dropped, Discarded)


def test_a_stripe_is_one_orbit() -> None:
    scenes = [scene("OL_1_ERR___", number) for number in range(61)]
    request = requests(chains()[PUG], scenes[5])[0]
    assert request.subject == {"type": "OL_1_ERR___", "orbit": "7", "number": "1"}
    answer = ask(chains()[PUG], request, scenes, 1)
    assert isinstance(answer, MainInputs)
    assert (answer.start, answer.stop) == (at(0), at(PERIOD))
    assert "MtdPDUFrameNumbers" not in answer.parameters


def test_stripes_of_a_dump_end_with_it() -> None:
    scenes = [scene("SR_0_SRA___", number) for number in range(40)]
    scenes.append(scene("SR_0_SRA___", 40, granule_position="LAST"))
    numbers = [[each["number"] for each in subjects(product)] for product in (scenes[0], scenes[30], scenes[40])]
    assert numbers == [["1"], ["1", "2"], ["2"]]
    request = requests(chains()[PUG], scenes[40])[0]
    answer = ask(chains()[PUG], request, scenes, 1)
    assert isinstance(answer, MainInputs)
    assert (answer.start, answer.stop) == (at(3029.6), at(4101))


def test_a_tile_comes_of_one_product() -> None:
    product = s3_product("SY_2_VG1___", 0, 86399, timeliness="STC", made_by="S3-SY2-VGS-STC")
    other = s3_product("SY_2_VG1___", 10, 86399, timeliness="STC")
    (request,) = requests(chains()["S3-PUG-STC"], product)
    answer = ask(chains()["S3-PUG-STC"], request, [product, other], 1)
    assert isinstance(answer, MainInputs)
    assert answer.products["product"] == (product,)
    assert answer.parameters["pduType"] == "tile"
    assert "PDUTimeIntervals" not in answer.parameters


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "TILE", "length_s": 1},
        {"kind": "FRAME"},
        {"kind": "STRIPE", "length_s": 9, "reference": "DUMP", "offset_s": 1},
    ],
)
def test_impossible_units_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigInvalid):
        rule_of(chains()[PUG], cuts={"OL_1_EFR___": wrong})


@pytest.mark.parametrize("kind", ["OL_1_EFR___", "OL_1_ERR___", "SR_0_SRA___"])
def test_units_are_the_same_whatever_arrives_first(kind: str) -> None:
    scenes = [scene(kind, number) for number in (*range(55, 68), *range(69, 75))]
    scenes += [scene(kind, 60, version=3), scene(kind, 61, version=1)]
    expected: dict[str, Any] | None = None
    for seed in range(6):
        random.Random(seed).shuffle(scenes)
        found = {
            key: (what, start) for key, (what, _, start) in decisions(chains()[PUG], scenes, timedelta(hours=1)).items()
        }
        expected = found if expected is None else expected
        assert found == expected
    assert expected


def test_neighbours_are_the_same_whatever_arrives_first() -> None:
    scenes = [
        scene("OL_0_EFR___", number, granule_position="FIRST" if number == 1 else "INSIDE") for number in (1, 2, 3, 5)
    ]
    ends = [decisions(chains()["S3-OL1"], list(order), timedelta(hours=1)) for order in permutations(scenes)]
    assert len(ends[0]) == 4
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize(
    ("time", "period", "first", "last"),
    [
        (datetime(2024, 2, 29, 23, 59, 59, 999999), "day", "2024-02-29", "2024-02-29"),
        (datetime(2024, 3, 1), "day", "2024-03-01", "2024-03-01"),
        (datetime(2024, 2, 10, 23), "decade", "2024-02-01", "2024-02-10"),
        (datetime(2024, 2, 11), "decade", "2024-02-11", "2024-02-20"),
        (datetime(2024, 2, 29), "decade", "2024-02-21", "2024-02-29"),
        (datetime(2023, 12, 31), "decade", "2023-12-21", "2023-12-31"),
    ],
)
def test_days_and_decades(time: datetime, period: Any, first: str, last: str) -> None:
    start, stop = calendar_interval(time.replace(tzinfo=UTC), period)
    assert start.isoformat() == f"{first}T00:00:00+00:00"
    assert stop.isoformat() == f"{last}T23:59:59.999999+00:00"


def vegetation(start: float, stop: float, **more: Any) -> Product:
    return s3_product("SY_2_VGK___", start, stop, **({"timeliness": "STC"} | more))


def test_a_composite_waits_for_the_end_of_its_day_and_five_days() -> None:
    chain = chains()["S3-SY2-VGS-STC"]
    products = [vegetation(60, 360), vegetation(3600, 3900), vegetation(86_300, 86_700), vegetation(90_000, 90_100)]
    (request,) = requests(chain, products[0])
    assert requests(chain, products[1]) == [request]
    assert requests(chain, products[3])[0].key != request.key
    assert request.product_type == "SY_2_VG1___"
    ready = datetime(2024, 3, 7, tzinfo=UTC)  # T0 is a moment before 1 March
    assert request.not_before == ready
    seconds = (ready - at(0)).total_seconds()
    waiting = ask(chain, request, products, seconds - 1)
    assert isinstance(waiting, Awaited)
    assert waiting.until == ready
    answer = ask(chain, request, products, seconds)
    assert isinstance(answer, MainInputs)
    assert answer.stop == datetime(2024, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert answer.products["vegetation"] == tuple(products[:3])
    assert isinstance(ask(chain, request, [], seconds), Discarded)


def test_a_product_that_ends_at_midnight_belongs_to_the_day_before() -> None:
    chain = chains()["S3-SY2-VGS-STC"]
    midnight = (datetime(2024, 3, 2, tzinfo=UTC) - at(0)).total_seconds()
    (request,) = requests(chain, vegetation(midnight - 100, midnight))
    assert request.subject["start"].startswith("2024-03-01")


def test_a_decade_waits_for_eighteen_days() -> None:
    chain = chains()["S3-SY2-VGS-V10-NTC"]
    (request,) = requests(chain, s3_product("SY_2_VG1___", 60, 360, timeliness="NTC"))
    assert request.not_before == datetime(2024, 3, 29, tzinfo=UTC)
    assert requests(chain, s3_product("SY_2_VG1___", 60, 360, timeliness="NTC", made_by="S3-PUG-NTC")) == []


def session(name: str, channels: list[str], start: float = 0, **more: Any) -> Product:
    figures = {"channels": channels, "session_id": "S3A_20240301000000012345"}
    return s3_product("S3_SESSION", start, start + 600, name=name, figures=figures, **more)


def test_a_session_with_both_channels_is_taken_at_once() -> None:
    own = session("both", ["1", "2"])
    (request,) = requests(chains()["S3-ACQ"], own)
    answer = ask(chains()["S3-ACQ"], request, [own], 0)
    assert isinstance(answer, MainInputs)
    assert not answer.incomplete


def test_one_channel_waits_for_its_time_or_for_the_other() -> None:
    one, two = session("one", ["1"]), session("two", ["2"], start=3)
    (request,) = requests(chains()["S3-ACQ"], one)
    assert requests(chains()["S3-ACQ"], two)[0].key == request.key
    waiting = ask(chains()["S3-ACQ"], request, [one], 0)
    assert isinstance(waiting, Awaited)
    assert waiting.until == at(600 + 360_000)
    both = ask(chains()["S3-ACQ"], request, [one, two], 0)
    assert isinstance(both, MainInputs)
    assert both.products["session"] == (one, two)
    late = ask(chains()["S3-ACQ"], request, [one], 600 + 360_000)
    assert isinstance(late, MainInputs)
    assert late.incomplete


def test_delays_mean_what_they_say() -> None:
    hours = {
        "S3-SR1-STC": 44,
        "S3-MW1-STC": 44,
        "S3-OL1-NTC": 70,
        "S3-SL1-NTC": 70,
        "S3-SR1-NTC": 29 * 24,
        "S3-MW1-NTC": 29 * 24,
    }
    told = {name: [rule.delay_s / 3600 for rule in chains()[name].triggers] for name in hours}
    assert told == {name: [delay] for name, delay in hours.items()}
    assert all(chains()[name].longest_wait_h > 0 for name in hours)
