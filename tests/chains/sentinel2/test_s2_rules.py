"""Main-input rules of Sentinel-2: complete, awaited, discarded, and the same whatever came first."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from list_view import ListView
from nouns import make_product

from refsys.chains.rules import Awaited, Discarded, MainInputs, MainRule, Moment, make_rule
from refsys.chains.sentinel2.output_names import StripIdentity
from refsys.chains.sentinel2.splitting import BANDS
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid, InputCorrupt
from refsys.model.products import InputRef, Product, Provenance
from refsys.model.requests import ProductionRequest

NOW = datetime(2024, 3, 1, tzinfo=UTC)
SENSED = datetime(2024, 2, 29, 10, tzinfo=UTC)
STRIP = StripIdentity(satellite="C", sensing_time=SENSED, creation_time=NOW, baseline="05.10", orbit=1234)
TILES = ["32TNS", "32TPS", "33TUM"]
MINUTE = timedelta(minutes=1)


def s2_product(name: str, kind: str, start: datetime = SENSED, seconds: float = 60, **fields: Any) -> Product:
    plain = {"mission": "S2", "satellite": "C", "product_type": kind, "creation_time": NOW}
    return make_product(name).model_copy(
        update=plain | {"start": start, "stop": start + timedelta(seconds=seconds)} | fields
    )


def datastrip(level: str, mode: str | None = "INS-NOBS", **figures: Any) -> Product:
    attributes = Attributes(mode=mode, data_take_id="GS2C_20240229T100000_001234_N05.10")
    return s2_product(STRIP.datastrip(level), f"MSI_{level}_DS", attributes=attributes, figures=figures)


def granule(number: int, detector: int, level: str = "L0_", created: datetime = NOW, **attributes: Any) -> Product:
    sensed = SENSED + timedelta(seconds=3.6 * number + 0.1 * detector)
    strip = STRIP.model_copy(update={"creation_time": created})
    own = {"detector": f"{detector:02d}", "datastrip": STRIP.datastrip(level), **attributes}
    name = strip.granule(level, f"{detector:02d}", sensed)
    kind = f"MSI_{level}_GR"
    return s2_product(name, kind, sensed, 0, attributes=Attributes(**own), creation_time=created)


def granules(scenes: int) -> list[Product]:
    return [granule(number, detector) for number in range(scenes) for detector in range(1, 13)]


def tile(name: str, level: str = "L1C", **fields: Any) -> Product:
    attributes = Attributes(tile=name, datastrip=STRIP.datastrip(level))
    return s2_product(STRIP.tile(level, name), f"MSI_{level}_TL", attributes=attributes, **fields)


def chain(rule: str, roles: Sequence[tuple[str, str]], **parameters: Any) -> Chain:
    inputs = [{"role": role, "types": [kind], "policy": "rule"} for role, kind in roles]
    steps = [{"name": "all", "unit": "processor.run", "outputs": ["OUT"]}]
    plain = {"name": "S2-TEST", "version": "1", "title": "t", "rule": {"name": rule, "parameters": parameters}}
    return Chain.model_validate({**plain, "inputs": inputs, "steps": steps})


L1 = chain(
    "s2-datastrip",
    [("datastrip", "MSI_L0__DS"), ("granules", "MSI_L0__GR")],
    datastrip_type="MSI_L0__DS",
    part_type="MSI_L0__GR",
    levels=["L1A", "L1B"],
    least=48,
)
L2 = chain(
    "s2-datastrip",
    [("datastrip", "MSI_L1C_DS"), ("tiles", "MSI_L1C_TL")],
    datastrip_type="MSI_L1C_DS",
    part_type="MSI_L1C_TL",
    part_role="tiles",
    levels=["L2A"],
)
TILE = chain(
    "s2-tiles",
    [("datastrip", "MSI_L2A_DS"), ("tile", "MSI_L1C_TL")],
    datastrip_type="MSI_L2A_DS",
    part_type="MSI_L1C_TL",
    part_role="tile",
)
SESSION = chain("s2-session", [("session", "S2_SESSION")])


def rule_of(one: Chain) -> MainRule:
    assert one.rule is not None
    return make_rule(one.rule.name, dict(one.rule.parameters), where=one.name)


def wish(one: Chain, product: Product, view: ListView) -> ProductionRequest:
    (request,) = rule_of(one).requests(product, one, view, NOW)
    return request


def answer(one: Chain, view: ListView, product: Product, now: datetime = NOW) -> MainInputs | Awaited | Discarded:
    return rule_of(one).main(wish(one, product, view), one, view, Moment(now=now, accepted_at=NOW))


def test_a_datastrip_waits_for_every_granule_it_lists() -> None:
    parts = granules(5)
    strip = datastrip("L0_", granules=[part.name for part in parts])
    view = ListView([strip, *parts[:-1]])
    waiting = answer(L1, view, strip, NOW + timedelta(days=30))
    assert isinstance(waiting, Awaited)
    assert waiting.until is None
    assert waiting.reason == f"59 of 60 of type MSI_L0__GR are there, the first absent is {parts[-1].name}"
    assert (waiting.missing[0].product_type, waiting.missing[0].name) == ("MSI_L0__GR", parts[-1].name)
    view.add(parts[-1])
    ready = answer(L1, view, strip)
    assert isinstance(ready, MainInputs)
    assert {part.name for part in ready.products["granules"]} == {part.name for part in parts}
    assert ready.products["datastrip"] == (strip,)
    assert ready.parameters == {"DATATAKE_TYPE": "INS-NOBS", "GRANULES_PER_DETECTOR": "5"}
    assert (ready.start, ready.stop, ready.incomplete) == (strip.start, strip.stop, False)


@pytest.mark.parametrize(("order", "most"), [("as sensed", 1), ("any", 12)])
def test_few_arrivals_ask_again(order: str, most: int) -> None:
    """Of listed granules the last absent is awaited: once where they come in order, about log n times otherwise."""
    parts = granules(20)
    strip = datastrip("L0_", granules=[part.name for part in parts])
    arrivals = (
        sorted(parts, key=lambda part: part.name) if order == "as sensed" else random.Random(5).sample(parts, 240)
    )
    view = ListView([strip])
    asked = answer(L1, view, strip)
    times = 0
    for part in arrivals:
        view.add(part)
        if isinstance(asked, Awaited) and part.name == asked.missing[0].name:
            asked = answer(L1, view, strip)
            times += 1
    assert isinstance(asked, MainInputs)
    assert times <= most


def test_a_number_of_granules_does_as_well() -> None:
    view = ListView([strip := datastrip("L0_", granules=60), *granules(5)])
    assert isinstance(answer(L1, view, strip), MainInputs)
    more = datastrip("L0_", granules=61)
    assert isinstance(answer(L1, ListView([more, *granules(5)]), more), Awaited)


def test_without_a_number_it_waits_its_time_and_goes_on_with_what_is_there() -> None:
    view = ListView([strip := datastrip("L0_"), *granules(4)])
    waiting = answer(L1, view, strip, NOW + 29 * MINUTE)
    assert isinstance(waiting, Awaited)
    assert waiting.until == NOW + 30 * MINUTE
    ready = answer(L1, view, strip, NOW + 30 * MINUTE)
    assert isinstance(ready, MainInputs)
    assert ready.incomplete


def test_a_short_datastrip_is_discarded_with_a_reason() -> None:
    view = ListView([strip := datastrip("L0_", granules=47), *granules(4)[:47]])
    assert answer(L1, view, strip) == Discarded(reason="has 47 of type MSI_L0__GR, at least 48 are processed")


@pytest.mark.parametrize(("mode", "level_1", "level_2"), [
    ("INS-NOBS", True, True), ("INS-VIC", True, False), ("INS-RAW", True, True), ("INS-DASC", True, False),
    ("INS-ABSR", True, False), ("INS-EOBS", True, False), ("INS-IMG", False, False),
])  # fmt: skip
def test_the_type_of_the_data_take_decides_the_levels(mode: str, level_1: bool, level_2: bool) -> None:
    below, above = datastrip("L0_", mode, granules=48), datastrip("L1C", mode, tiles=TILES)
    view = ListView([below, above, *granules(4), *map(tile, TILES)])
    assert isinstance(answer(L1, view, below), MainInputs if level_1 else Discarded)
    assert isinstance(answer(L2, view, above), MainInputs if level_2 else Discarded)


def test_bad_metadata_are_named() -> None:
    strip = datastrip("L0_", mode=None)
    with pytest.raises(InputCorrupt, match="type of its data take"):
        answer(L1, ListView([strip]), strip)
    strip = datastrip("L0_", granules=True)
    with pytest.raises(InputCorrupt, match="neither names nor a number"):
        answer(L1, ListView([strip]), strip)
    with pytest.raises(InputCorrupt, match="which datastrip"):
        wish(L1, granule(1, 1, datastrip=None), ListView())
    with pytest.raises(InputCorrupt, match="does not list its tiles"):
        wish(TILE, datastrip("L2A"), ListView())
    with pytest.raises(ConfigInvalid, match="datastrip_type"):
        make_rule("s2-datastrip", {"part_type": "MSI_L0__GR"}, where="S2-TEST")


def test_a_granule_asks_for_its_datastrip_too() -> None:
    strip = datastrip("L0_", granules=60)
    part = granule(0, 1)
    assert wish(L1, part, ListView()).key == wish(L1, strip, ListView()).key
    waiting = answer(L1, ListView([part]), part)
    assert isinstance(waiting, Awaited)
    assert waiting.missing[0].name == strip.name


def test_of_granules_twice_the_newest_is_taken_and_strangers_are_not() -> None:
    again = granule(0, 1, created=NOW + MINUTE)
    stranger = granule(9, 3, datastrip="S2C_OPER_MSI_L0__DS_REFS_20240301T000000_S20240229T095900_N05.10")
    view = ListView([strip := datastrip("L0_", granules=60), *granules(5), again, stranger])
    ready = answer(L1, view, strip)
    assert isinstance(ready, MainInputs)
    names = [part.name for part in ready.products["granules"]]
    assert len(names) == 60
    assert again.name in names
    assert granule(0, 1).name not in names
    assert stranger.name not in names


def test_every_band_must_have_its_file() -> None:
    banded = L1.model_copy(update={"rule": L1.rule and L1.rule.model_copy(
        update={"parameters": {**L1.rule.parameters, "banded_types": ["GIP_VIEDIR"]}})})  # fmt: skip
    files = [
        s2_product(f"VIEDIR_{band}", "GIP_VIEDIR", SENSED - 1000 * MINUTE, 1e7, attributes=Attributes(band=band))
        for band in BANDS
    ]
    newer = files[3].model_copy(update={"name": "VIEDIR_04_NEW", "creation_time": NOW + MINUTE})
    view = ListView([strip := datastrip("L0_", granules=60), *granules(5), *files[:-1], newer])
    waiting = answer(banded, view, strip)
    assert isinstance(waiting, Awaited)
    assert waiting.reason == "1 files of bands are missing, the first GIP_VIEDIR of band 12"
    view.add(files[-1])
    ready = answer(banded, view, strip)
    assert isinstance(ready, MainInputs)
    chosen = [one.name for one in ready.products["GIP_VIEDIR"]]
    assert chosen == [newer.name if band == "04" else f"VIEDIR_{band}" for band in BANDS]


def test_level_2_waits_for_all_tiles() -> None:
    strip = datastrip("L1C", tiles=TILES)
    view = ListView([strip, tile("32TNS"), tile("33TUM"), tile("31TGN")])
    waiting = answer(L2, view, strip)
    assert isinstance(waiting, Awaited)
    assert waiting.reason == "2 of 3 of type MSI_L1C_TL are there, the first absent is 32TPS"
    view.add(tile("32TPS"))
    ready = answer(L2, view, strip)
    assert isinstance(ready, MainInputs)
    assert [part.attributes.tile for part in ready.products["tiles"]] == TILES


def test_one_request_for_each_tile_and_its_own_tile_is_awaited() -> None:
    strip = datastrip("L2A", tiles=list(reversed(TILES)))
    requests = rule_of(TILE).requests(strip, TILE, ListView(), NOW)
    assert [request.subject["tile"] for request in requests] == TILES
    assert len({request.key for request in requests}) == 3
    view = ListView([strip, tile("32TNS")])
    moment = Moment(now=NOW, accepted_at=NOW)
    first, second, _ = (rule_of(TILE).main(request, TILE, view, moment) for request in requests)
    assert isinstance(first, MainInputs)
    assert first.products["tile"] == (tile("32TNS"),)
    assert first.parameters == {"TILE": "32TNS", "DATATAKE_TYPE": "INS-NOBS"}
    assert isinstance(second, Awaited)
    strange = requests[0].model_copy(update={"subject": {"tile": "01XXX"}})
    assert isinstance(rule_of(TILE).main(strange, TILE, view, moment), Discarded)


def test_a_tile_comes_from_the_datastrip_that_was_read() -> None:
    """Of two Level-1C datastrips of the same sensing time, provenance says which; without it the newest tile counts."""
    newer = STRIP.model_copy(update={"creation_time": NOW + MINUTE})
    attributes = Attributes(tile="32TNS", datastrip=newer.datastrip("L1C"))
    later = tile("32TNS").model_copy(
        update={"name": newer.tile("L1C", "32TNS"), "attributes": attributes, "creation_time": NOW + MINUTE}
    )
    strip = datastrip("L2A", tiles=["32TNS"])
    ref = InputRef(role="datastrip", name=STRIP.datastrip("L1C"), product_type="MSI_L1C_DS", digest="0")
    plain = {"software": "t", "chain": "S2-L2", "chain_version": "1", "processor": "t", "processor_version": "1"}
    traced = strip.model_copy(update={"provenance": Provenance(inputs=(ref,), **plain)})
    for source, expected in ((strip, later), (traced, tile("32TNS"))):
        ready = answer(TILE, ListView([source, tile("32TNS"), later]), source)
        assert isinstance(ready, MainInputs)
        assert ready.products["tile"] == (expected,)


def session(name: str, *channels: str, created: datetime = NOW, **fields: Any) -> Product:
    figures = {"channels": list(channels), **fields.pop("figures", {})}
    return s2_product(name, "S2_SESSION", SENSED, 600, figures=figures, creation_time=created, **fields)


def test_both_channels_are_taken_at_once() -> None:
    one = session("S2C_20240229100000001234", "1", "2")
    ready = answer(SESSION, ListView([one]), one)
    assert isinstance(ready, MainInputs)
    assert ready.parameters == {"DOWNLINK_TIME": "20240229T100000", "CHANNELS": "1-2"}
    assert not ready.incomplete


def test_a_lone_channel_waits_for_the_later_of_both_times() -> None:
    one = session("S2C_20240229100000001234", "1")
    view = ListView([one])
    accepted = NOW + timedelta(hours=12)
    waiting = answer(SESSION, view, one, accepted - timedelta(microseconds=1))
    assert isinstance(waiting, Awaited)
    assert waiting.until == accepted
    ready = answer(SESSION, view, one, accepted)
    assert isinstance(ready, MainInputs)
    assert ready.incomplete
    slow = session("S2C_20240229100000001234", "1", attributes=Attributes(station="SGS_"))
    rule = make_rule("s2-session", {"minimal_wait_s": 0, "station_waits_s": {"SGS_": 86400 * 2}}, where="t")
    moment = Moment(now=NOW, accepted_at=NOW)
    waits = rule.main(wish(SESSION, slow, view), SESSION, ListView([slow]), moment)
    assert isinstance(waits, Awaited)
    assert waits.until == slow.stop + timedelta(days=2)


def test_channels_that_come_apart_are_one_session() -> None:
    figures = {"session_id": "S2C_20240229100000001234"}
    first = session("ch1", "1", figures=figures)
    second = session("ch2", "2", figures=figures, created=NOW + MINUTE)
    other = session("other", "2", figures={"session_id": "S2C_20240229100100001234"})
    view = ListView([second, first, other])
    ready = answer(SESSION, view, first)
    assert isinstance(ready, MainInputs)
    assert ready.products["session"] == (first, second)
    assert answer(SESSION, view, second) == Discarded(reason="channel of the session that ch1 began")
    with pytest.raises(InputCorrupt, match="channels"):
        answer(SESSION, ListView([bad := s2_product("bad", "S2_SESSION")]), bad)


ARRIVALS = [
    (L1, datastrip("L0_", granules=60)), *((L1, part) for part in granules(5)),
    (L1, granule(0, 1, created=NOW + MINUTE)),
    (L2, datastrip("L1C", tiles=TILES)), *((L2, tile(name)) for name in TILES),
    (TILE, datastrip("L2A", tiles=TILES)),
    (SESSION, session("ch1", "1", figures={"session_id": "S"})),
    (SESSION, session("ch2", "2", figures={"session_id": "S"}, created=NOW + MINUTE)),
    (SESSION, session("whole", "1", "2")),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    """Arrivals in any order, every request asked again after each: once ready, the answer at the end is the same."""

    def outcome(arrivals: Sequence[tuple[Chain, Product]]) -> dict[str, object]:
        view = ListView()
        open_requests: dict[str, tuple[Chain, ProductionRequest]] = {}
        for one, product in arrivals:
            view.add(product)
            for request in rule_of(one).requests(product, one, view, NOW):
                open_requests[request.key] = (one, request)
        moment = Moment(now=NOW, accepted_at=NOW)
        return {key: rule_of(one).main(request, one, view, moment) for key, (one, request) in open_requests.items()}

    shuffled = random.Random(seed).sample(ARRIVALS, len(ARRIVALS))
    expected = outcome(ARRIVALS)
    assert outcome(shuffled) == expected
    kinds = [type(one).__name__ for one in expected.values()]
    assert (kinds.count("MainInputs"), kinds.count("Discarded"), kinds.count("Awaited")) == (7, 1, 0)
