"""What came of a scenario, beside what an oracle says must come of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from refsys.chains.scenarios.oracle import Expected, expected_counts
from refsys.model.products import Product
from refsys.model.requests import RequestRecord, RequestState
from refsys.model.times import format_time
from refsys.services.scenarios import Ran

_LISTED = 50
_REASON_CHARACTERS = 200
HEAVY = "S3-SM2-"
"""Chains of 114 inputs, told apart."""


@dataclass(frozen=True)
class Difference:
    """How published products differ from those that must exist."""

    expected: int
    published: int
    missing: Counter[Expected]
    unexpected: Counter[Expected]
    duplicates: int
    """Products that were published more than once: same everything but the name."""

    @property
    def none(self) -> bool:
        """Whether all is as it must be."""
        return not self.missing and not self.unexpected and not self.duplicates


def difference(ran: Ran) -> Difference:
    """Compare what was published with the oracle, each product as often as it must exist."""
    wanted = expected_counts(ran.facts, ran.chains)
    found = Counter(_as_expected(product) for product in ran.products)
    return Difference(
        expected=sum(wanted.values()),
        published=sum(found.values()),
        missing=wanted - found,
        unexpected=found - wanted,
        duplicates=_duplicates(ran.products),
    )


def summary(ran: Ran) -> dict[str, Any]:
    """Return everything that is told of a run, for JSON."""
    differs = difference(ran)
    open_ones = [record for record in ran.requests if record.state.is_open]
    planned = [record for record in ran.requests if record.plan is not None]
    heavy = sum(record.request.chain.startswith(HEAVY) for record in planned)
    return {
        "scenario": ran.scenario.name,
        "simulated": True,
        "agrees": differs.none and not open_ones,
        "virtual_end": format_time(ran.run.ended_at),
        "arrived": ran.arrived,
        "requests": len(ran.requests),
        "planned": len(planned),
        "planned_of_sm2": heavy,
        "open": len(open_ones),
        "control_plane_s": round(ran.run.seconds, 3),
        "simulator_s": round(ran.run.simulator_s, 3),
        "cpu_s": round(ran.cpu_s, 3),
        "requests_per_s": round(len(ran.requests) / ran.run.seconds, 1),
        "expected": differs.expected,
        "published": differs.published,
        "missing": sum(differs.missing.values()),
        "unexpected": sum(differs.unexpected.values()),
        "duplicates": differs.duplicates,
        "missing_products": _listed(differs.missing),
        "unexpected_products": _listed(differs.unexpected),
        "states": states(ran.requests),
        "types": dict(sorted(Counter(product.product_type for product in ran.products).items())),
        "reasons": reasons(ran.requests),
    }


def states(requests: list[RequestRecord]) -> list[dict[str, Any]]:
    """Return the number of requests by chain and state."""
    counted = Counter((record.request.chain, record.state.value) for record in requests)
    return [{"chain": chain, "state": state, "requests": n} for (chain, state), n in sorted(counted.items())]


def reasons(requests: list[RequestRecord]) -> list[dict[str, Any]]:
    """Return why requests were not published, those with the same reason together."""
    counted = Counter(
        (record.request.chain, record.state.value, _reason(record))
        for record in requests
        if record.state is not RequestState.PUBLISHED
    )
    return [
        {"chain": chain, "state": state, "requests": n, "reason": reason}
        for (chain, state, reason), n in sorted(counted.items())
    ]


def _reason(record: RequestRecord) -> str:
    text = record.reason or ", ".join(sorted({lack.role for lack in record.missing})) or "no reason told"
    return text if len(text) <= _REASON_CHARACTERS else f"{text[: _REASON_CHARACTERS - 4]} ..."


def _as_expected(product: Product) -> Expected:
    own = product.attributes.timeliness
    return Expected(product.product_type, product.satellite, product.start, product.stop, own)


def _duplicates(products: list[Product]) -> int:
    """Return how many products say the same as another of the same chain: polarisation, detector and tile included."""
    seen = Counter(
        (
            _as_expected(product),
            product.provenance.chain if product.provenance else None,
            product.attributes.polarisation,
            product.attributes.data_take_id,
            product.attributes.detector,
            product.attributes.tile,
        )
        for product in products
    )
    return sum(number - 1 for number in seen.values())


def _listed(products: Counter[Expected]) -> list[dict[str, Any]]:
    return [
        {
            "type": one.product_type,
            "satellite": one.satellite,
            "start": format_time(one.start),
            "stop": format_time(one.stop),
            "timeliness": one.timeliness,
            "products": number,
        }
        for one, number in sorted(products.items(), key=str)[:_LISTED]
    ]
