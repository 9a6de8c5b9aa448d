"""Products and chains for tests of Sentinel-1 main-input rules; all times are seconds after `nouns.T0`."""

from pathlib import Path
from typing import Any

from list_view import ListView
from nouns import at, make_product

import refsys.chains.chain_files as files
from refsys.chains.rules import Awaited, Discarded, MainInputs, MainRule, Moment, make_rule
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest

HOUR = 3600.0
Answer = MainInputs | Awaited | Discarded


def chain_of(file: str, name: str | None = None) -> Chain:
    """Return a shipped chain of a file by its name (the only one without)."""
    chains = files.load_chain_file(Path(files.__file__).parent / file)
    return next(chain for chain in chains if name in (None, chain.name))


def rule_of(chain: Chain, **changed: Any) -> MainRule:
    """Return the rule of a chain with some parameters changed."""
    assert chain.rule is not None
    return make_rule(chain.rule.name, {**chain.rule.parameters, **changed}, where=chain.name)


def s1_product(name: str, kind: str, start: float, stop: float, **fields: Any) -> Product:
    """Return a product of data take 1; fields are attributes or product fields."""
    said = {"data_take_id": "1", "timeliness": "FAST24"} | {
        key: fields.pop(key) for key in list(fields) if key in Attributes.model_fields
    }
    own: dict[str, Any] = {"mission": "S1", "product_type": kind, "attributes": Attributes(**said)}
    return make_product(name, start, stop, **(own | fields))


def segment(name: str, start: float, stop: float, polarisation: str = "VV", **fields: Any) -> Product:
    """Return a segment; `position` is its place in the data take."""
    kind, position = fields.pop("kind", "IW_RAW__0S"), fields.pop("position", "FULL")
    said = {"consolidation": "FULL" if position == "FULL" else "PARTIAL", "sensing_consolidation": position}
    return s1_product(name, kind, start, stop, **(said | {"polarisation": polarisation} | fields))


def ask(
    rule: MainRule, chain: Chain, view: ListView, request: ProductionRequest, now: float, *, since: float = 0
) -> Answer:
    """Return what a rule says of a request at a time."""
    return rule.main(request, chain, view, Moment(now=at(now), accepted_at=at(since)))


def only_request(rule: MainRule, chain: Chain, product: Product, view: ListView) -> ProductionRequest:
    """Return the one request that the arrival of a product makes."""
    (request,) = rule.requests(product, chain, view, at(0))
    return request
