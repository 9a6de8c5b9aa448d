"""Products of Sentinel-3 and questions to its rules, for tests."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from list_view import ListView
from nouns import at, make_product

from refsys.chains.chain_files import shipped_chains
from refsys.chains.rules import Awaited, Discarded, MainInputs, MainRule, Moment, make_rule
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.products import Product, Provenance
from refsys.model.requests import ProductionRequest

Answer = MainInputs | Awaited | Discarded


@cache
def chains() -> dict[str, Chain]:
    return shipped_chains()


def rule_of(chain: Chain, **changed: Any) -> MainRule:
    assert chain.rule is not None
    return make_rule(chain.rule.name, {**chain.rule.parameters, **changed}, where=chain.name)


def s3_product(kind: str, start: float, stop: float, *, version: int = 0, **attributes: Any) -> Product:
    """Return a product named by type, start and version; times in seconds after T0. `made_by` names its chain."""
    made_by, created = attributes.pop("made_by", None), attributes.pop("created", stop + 3600 + version)
    figures = attributes.pop("figures", {})
    name = attributes.pop("name", f"S3A_{kind}_{start:.3f}_{stop:.3f}_{version}_{made_by or ''}")
    provenance = None
    if made_by:
        provenance = Provenance(software="test", chain=made_by, chain_version="1", processor="p", processor_version="1")
    return make_product(
        name,
        start,
        stop,
        product_type=kind,
        creation_time=at(created),
        attributes=Attributes(**attributes),
        figures=figures,
        provenance=provenance,
    )


def requests(chain: Chain, product: Product, *others: Product) -> list[ProductionRequest]:
    return rule_of(chain).requests(product, chain, ListView([product, *others]), at(0))


def ask(
    chain: Chain, request: ProductionRequest, products: list[Product], now: float, since: float = 0, **changed: Any
) -> Answer:
    moment = Moment(now=at(now), accepted_at=at(since))
    return rule_of(chain, **changed).main(request, chain, ListView(products), moment)


def decisions(
    chain: Chain, arrivals: list[Product], deadlines: timedelta
) -> dict[str, tuple[str, tuple[str, ...], datetime | None]]:
    """Return how each request ends: products arrive one second apart, then time goes on until all is decided.

    After each arrival every open request is asked again, as if it had been woken.
    """
    rule, view = rule_of(chain), ListView()
    wanted: dict[str, tuple[ProductionRequest, datetime]] = {}
    done: dict[str, tuple[str, tuple[str, ...], datetime | None]] = {}

    def ask_all(now: datetime) -> None:
        for key, (request, since) in wanted.items():
            if key in done or (request.not_before is not None and now < request.not_before):
                continue
            answer = rule.main(request, chain, view, Moment(now=now, accepted_at=since))
            if isinstance(answer, MainInputs):
                names = {product.name for products in answer.products.values() for product in products}
                what = f"{answer.start} {answer.stop} {answer.parameters}"
                done[key] = (what, tuple(sorted(names)), answer.start)
            elif isinstance(answer, Discarded):
                done[key] = ("discarded", (), None)

    for number, product in enumerate(arrivals):
        view.add(product)
        for request in rule.requests(product, chain, view, at(number)):
            wanted.setdefault(request.key, (request, at(number)))
        ask_all(at(number))
    ask_all(at(len(arrivals)) + deadlines)
    return done
