"""What the rules of Sentinel-3 have in common: which products count, the wish of a product, facts for the processor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, Moment, RuleView
from refsys.chains.sentinel3.preparation.cover import newest
from refsys.model.attributes import Timeliness
from refsys.model.chains import Chain, InputRule, fits_type, is_variant
from refsys.model.errors import ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import format_time, parse_time
from refsys.model.values import Value

_CUTTER = "S3-PUG"
"""Chain that cuts products into units of the same type."""

_TIMELINESS = {"NRT", "STC", "NTC"}

Fact = Literal[
    "granuleNumber",
    "granulePosition",
    "dumpStart",
    "receivingGroundStation",
    "receivingStartTime",
    "receivingStopTime",
]


class Sentinel3Rule(Value):
    """Parameters of every rule of Sentinel-3."""

    timeliness: tuple[Timeliness, ...] = Field(
        (), description="Main inputs of these only; empty for any. One that does not say its timeliness counts."
    )
    units: tuple[str, ...] = Field(
        (), description="Types that must be units cut by S3-PUG; of all other types units do not count."
    )
    patience_s: float = Field(900.0, ge=0, description="How long after its making a request waits for main inputs.")
    parameters: dict[str, str] = Field({}, description="Processing parameters, by name.")
    makes: dict[str, str] = Field({}, description="Output by type of the main input, where it is not told by the type.")
    facts: tuple[Fact, ...] = Field((), description="Processing parameters that the main product's metadata give.")

    def counts(self, product: Product) -> bool:
        """Return whether a product is of the making and timeliness asked for."""
        is_unit = product.provenance is not None and is_variant(_CUTTER, product.provenance.chain)
        told = product.attributes.timeliness
        return is_unit == (product.product_type in self.units) and (
            not self.timeliness or told is None or told in self.timeliness
        )

    def found(
        self, view: RuleView, product_type: str, satellite: str | None, start: datetime, stop: datetime
    ) -> list[Product]:
        """Return the newest versions of the products that count and overlap an interval."""
        return newest(p for p in view.touching((product_type,), satellite, start, stop) if self.counts(p))

    def until(self, moment: Moment) -> datetime:
        """Return when the rule decides with what is there."""
        return moment.accepted_at + timedelta(seconds=self.patience_s)

    def wish(
        self, product: Product, chain: Chain, subject: dict[str, str], *, product_type: str | None = None
    ) -> ProductionRequest:
        """Return the request for what the subject names: the same for every product that asks for it."""
        return ProductionRequest(
            chain=chain.name,
            chain_version=chain.version,
            product_type=product_type or self._output(product.product_type, chain),
            satellite=product.satellite,
            subject={"type": product.product_type, **subject},
            label="triggered",
        )

    def _output(self, product_type: str, chain: Chain) -> str:
        """Return the output wanted: as told, else the same type, or that of a granule, where the chain makes it."""
        for wanted in (self.makes.get(product_type), product_type, f"{product_type[:-1]}_"):
            if wanted is not None and any(fits_type(kind, wanted) for kind in chain.outputs):
                return wanted
        return chain.outputs[0]

    def told(self, main: Product | None, chain: Chain) -> dict[str, str]:
        """Return the processing parameters: those of the rule, then what the main product says; the latter win."""
        order = {"orderType": chain.mode} if chain.mode in _TIMELINESS else {}
        told = {**order, **self.parameters}
        if main is not None:
            told.update({fact: text for fact in self.facts if (text := _fact(main, fact)) is not None})
        return told


def timeliness_of(chain: Chain, product: Product | None) -> str | None:
    """Return the timeliness of what is made: that of the chain's mode, else that of the main product."""
    own = product.attributes.timeliness if product is not None else None
    return chain.mode if chain.mode in _TIMELINESS else own


def rule_inputs(chain: Chain) -> list[InputRule]:
    """Return the inputs that the rule of a chain fills in the chain's mode."""
    return [
        each
        for each in chain.inputs
        if each.policy == "rule" and (not each.modes or chain.mode is None or chain.mode in each.modes)
    ]


def kinds_of(each: InputRule, main_type: str) -> list[tuple[str, float, float]]:
    """Return types with margins T0 and T1, in order; an input that takes the main type takes no other."""
    kinds = [(kind, way.before_s, way.after_s) for way in each.alternatives for kind in way.types]
    own = [(main_type, before, after) for kind, before, after in kinds if fits_type(kind, main_type)]
    return own[:1] or [kind for kind in kinds if "?" not in kind[0]]


def named_product(request: ProductionRequest, view: RuleView) -> Product | Awaited | None:
    """Return the product that a person named, what is awaited if it is not there, or None."""
    if not request.inputs:
        return None
    name = request.inputs[0]
    try:
        return view.get(name)
    except ProductUnknown:
        lack = MissingInput(role="main", product_type=request.subject.get("type", request.product_type), name=name)
        return Awaited(missing=(lack,), reason=f"{name} is not in the catalogue")


def interval_subject(product: Product) -> dict[str, str]:
    """Return the part of a wish that says an interval, to the microsecond."""
    return {"start": format_time(product.start), "stop": format_time(product.stop)}


def subject_interval(request: ProductionRequest) -> tuple[datetime, datetime] | None:
    """Return the interval that a wish says."""
    start, stop = request.subject.get("start"), request.subject.get("stop")
    return None if start is None or stop is None else (parse_time(start), parse_time(stop))


def lacking(role: str, kind: str, satellite: str | None, start: datetime, stop: datetime) -> MissingInput:
    """Return what wakes a request: any product of a type that touches the interval."""
    return MissingInput(role=role, product_type=kind, satellite=satellite, start=start, stop=stop)


def main_first(products: Sequence[Product], main: Product) -> tuple[Product, ...]:
    """Return the products with the main one in front, where it is among them."""
    return tuple(sorted(products, key=lambda product: product.name != main.name))


def without_subject(request: ProductionRequest) -> Discarded:
    """Return the answer to a request of which the rule cannot tell what it is for."""
    return Discarded(reason=f"the request names no product and no subject that chain {request.chain} knows")


def names(products: Sequence[Product]) -> str:
    """Return how many products there are, in words."""
    return f"{len(products)} product{'' if len(products) == 1 else 's'}"


def _fact(product: Product, fact: Fact) -> str | None:
    own = product.attributes
    if fact == "granuleNumber":
        return None if own.granule_number is None else str(own.granule_number)
    if fact == "granulePosition":
        return own.granule_position
    if fact == "dumpStart":
        return None if own.dump_start is None else format_time(own.dump_start).removesuffix("Z")
    if fact == "receivingGroundStation" and own.station is not None:
        return own.station
    value = product.figures.get(fact)
    return value if isinstance(value, str) else None
