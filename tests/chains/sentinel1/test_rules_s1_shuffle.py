"""Arrivals of a whole day in any order, with questions in between: the same data takes, taken once and alike."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from list_view import ListView
from nouns import at
from s1_rule_products import HOUR, ask, chain_of, rule_of, segment

from refsys.chains.rules import Awaited, Discarded, MainInputs
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest

CHAIN = chain_of("s1-l0asp.yaml")
LAST = 400 * HOUR


def _pair(data_take: str, start: float, kind: str, polarisations: tuple[str, ...], cuts: int) -> list[Product]:
    """Return the segments of a data take in so many pieces, each with an older copy of the same times."""
    made = []
    for polarisation in polarisations:
        for cut in range(cuts):
            position = "FULL" if cuts == 1 else "BEGIN" if cut == 0 else "END" if cut == cuts - 1 else "MID"
            for age in (0, 1):
                name = f"{kind}-{data_take}-{start}-{polarisation}-{cut}-{age}"
                begin = start + 30 * cut
                fields: dict[str, Any] = {
                    "position": position,
                    "data_take_id": data_take,
                    "kind": kind,
                    "creation_time": at(5e4 - age),
                }
                made.append(segment(name, begin, begin + 35, polarisation, **fields))
    return made


ARRIVALS = [
    *_pair("1", 0, "IW_RAW__0S", ("VV", "VH"), 3),
    *_pair("2", 5000, "EW_RAW__0S", ("HH", "HV"), 1),
    *_pair("3", 9000, "S3_RAW__0S", ("SV",), 2),
    *_pair("4", 12000, "WV_RAW__0S", ("VV",), 1),  # its other polarisation never comes
    *_pair("5", 15000, "IW_RAW__0S", ("VV", "VH"), 2)[1:-2],  # without its end
    *_pair("6", 20000, "RF_RAW__0S", ("VV", "VH"), 1),
    *_pair("6", 20100, "RF_RAW__0S", ("VV",), 1),  # lone
    *_pair("6", 20000, "IW_RAW__0S", ("VV", "VH"), 1),  # of the same data take as calibration data
]


def run(order: list[Product], asked: list[bool]) -> set[tuple[str, ...]]:
    """Return what is decided in the end: one decision for each request, taken when it is first possible."""
    rule, view = rule_of(CHAIN), ListView()
    open_ones: dict[str, ProductionRequest] = {}
    decided: dict[str, tuple[str, ...]] = {}

    def ask_all(now: float) -> None:
        for key, request in open_ones.items():
            if key in decided:
                continue
            found = ask(rule, CHAIN, view, request, now)
            if not isinstance(found, Awaited):
                decided[key] = _words(request, found)

    for number, product in enumerate(order):
        view.add(product)
        for request in rule.requests(product, CHAIN, view, at(number)):
            open_ones.setdefault(request.key, request)
        if asked[number]:
            ask_all(number)
    ask_all(len(order))
    ask_all(LAST)
    assert decided.keys() == open_ones.keys()
    return set(decided.values())


def _words(request: ProductionRequest, found: MainInputs | Discarded) -> tuple[str, ...]:
    subject = tuple(sorted(request.subject.items()))
    if isinstance(found, Discarded):
        return (request.product_type, str(subject), "discarded")
    times = (found.start.isoformat(), found.stop.isoformat())
    return (request.product_type, str(subject), found.satellite, *times, str(found.timeliness), str(found.incomplete))


EXPECTED = run(ARRIVALS, [False] * len(ARRIVALS))


def test_each_data_take_is_decided_once_as_it_must_be() -> None:
    ends = sorted((row[0], row[-1]) for row in EXPECTED)
    assert ends == [
        ("EW_RAW__0?", "False"),
        ("IW_RAW__0?", "False"),
        ("IW_RAW__0?", "False"),
        ("IW_RAW__0?", "True"),
        ("RF_RAW__0?", "False"),
        ("RF_RAW__0?", "discarded"),
        ("S3_RAW__0?", "False"),
        ("WV_RAW__0?", "True"),
    ]


@settings(max_examples=40, deadline=None)
@given(st.permutations(ARRIVALS), st.lists(st.booleans(), min_size=len(ARRIVALS), max_size=len(ARRIVALS)))
def test_any_order_of_arrival_ends_in_the_same_decisions(order: list[Product], asked: list[bool]) -> None:
    assert run(order, asked) == EXPECTED
