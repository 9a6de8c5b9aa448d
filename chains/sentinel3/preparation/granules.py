"""Rule `s3-granules`: a product, its neighbours within margins, and what is seen at the same time.

Source: facts on the preparation of Sentinel-3 inputs in the reference system: "MarginTT" search, calibration classes of
OLCI, synergy. The wish is the interval of the product that arrived, not its name: a second version of it makes no
second output, and the version created last is taken.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel3.preparation.common import (
    Sentinel3Rule,
    interval_subject,
    kinds_of,
    lacking,
    main_first,
    named_product,
    names,
    rule_inputs,
    subject_interval,
    timeliness_of,
    without_subject,
)
from refsys.chains.sentinel3.preparation.cover import covers, granules_cover
from refsys.model.chains import Chain, InputRule
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest


class Wanted(NamedTuple):
    """What is collected: over which interval, for a main input of which type."""

    kind: str
    satellite: str
    start: datetime
    stop: datetime


class Collection(NamedTuple):
    """Products by role, what is lacking of them, and whether that must be waited for."""

    found: dict[str, list[Product]]
    missing: tuple[MissingInput, ...]
    wait: bool

    @property
    def products(self) -> dict[str, tuple[Product, ...]]:
        """Roles that have any."""
        return {role: tuple(products) for role, products in self.found.items() if products}

    @property
    def words(self) -> str:
        """How many there are."""
        total = names([product for products in self.found.values() for product in products])
        return f"{total}{', and the time of others is over' if self.missing else ''}"


_Found = tuple[list[Product], bool, list[MissingInput]]


class Collected(Sentinel3Rule):
    """Parameters of rules that collect products over an interval."""

    covered: tuple[str, ...] = Field((), description="Types that must fill the interval with its margins.")
    gap_s: float = Field(0.0, ge=0, description="Longest gap; 0: granule numbers without a missing one.")
    dump_ends: bool = Field(False, description="Whether the ends of a dump need no neighbours.")

    def collect(self, chain: Chain, view: RuleView, moment: Moment, wanted: Wanted) -> Collection:
        """Return the products of every role, and what of them is lacking."""
        found: dict[str, list[Product]] = {}
        missing: list[MissingInput] = []
        blocked = False
        for each in rule_inputs(chain):
            products, complete, lacks = self._of_role(each, view, wanted)
            found[each.role] = products
            missing.extend([] if complete else lacks)
            blocked = blocked or (not products and each.mandatory)
        late = moment.now >= self.until(moment)
        return Collection(found, tuple(missing), bool(missing) and (blocked or not late))

    def _of_role(
        self, each: InputRule, view: RuleView, wanted: Wanted
    ) -> tuple[list[Product], bool, list[MissingInput]]:
        """Return the products of the first type that has any, whether they suffice, and what would be better."""
        lacks: list[MissingInput] = []
        for kind, before_s, after_s in kinds_of(each, wanted.kind):
            lower, upper = wanted.start - timedelta(seconds=before_s), wanted.stop + timedelta(seconds=after_s)
            products = self.found(view, kind, wanted.satellite, lower, upper)
            lacks.append(lacking(each.role, kind, wanted.satellite, lower, upper))
            if products:
                return products, kind not in self.covered or self.fills(products, lower, upper), lacks
        return [], not lacks, lacks

    def fills(self, products: list[Product], lower: datetime, upper: datetime) -> bool:
        """Return whether products fill an interval."""
        if self.gap_s > 0:
            return covers([(product.start, product.stop) for product in products], lower, upper, self.gap_s)
        return granules_cover(products, lower, upper, dump_ends=self.dump_ends)


@rule("s3-granules")
class Granules(Collected):
    """One request for each interval for which a product arrives."""

    calibration_class: str | None = Field(None, description="Class that the product must have, such as `RAC`.")

    def requests(
        self,
        product: Product,
        chain: Chain,
        view: RuleView,
        now: datetime,
    ) -> list[ProductionRequest]:
        """Return the request for the product's interval, if it is one that counts."""
        return [self.wish(product, chain, interval_subject(product))] if self.counts(product) else []

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the product with what belongs to it, complete or when its time is over."""
        main = self._main_product(request, view)
        if not isinstance(main, Product):
            return main
        own = main.attributes.calibration_class
        if self.calibration_class is not None and own != self.calibration_class:
            return Discarded(reason=f"calibration class is {own or 'not told'}, not {self.calibration_class}")
        wanted = Wanted(main.product_type, main.satellite, main.start, main.stop)
        collection = self.collect(chain, view, moment, wanted)
        if collection.wait:
            until = self.until(moment)
            why = f"not complete: {', '.join(sorted({lack.role for lack in collection.missing}))}"
            return Awaited(missing=collection.missing, until=until if moment.now < until else None, reason=why)
        return MainInputs(
            products={role: main_first(products, main) for role, products in collection.products.items()},
            start=main.start,
            stop=main.stop,
            satellite=main.satellite,
            timeliness=timeliness_of(chain, main),
            parameters=self.told(main, chain),
            reason=f"{collection.words} for {main.name}",
            incomplete=bool(collection.missing),
        )

    def _main_product(self, request: ProductionRequest, view: RuleView) -> Product | Awaited | Discarded:
        named = named_product(request, view)
        if named is not None:
            return named
        interval, kind = subject_interval(request), request.subject.get("type")
        if interval is None or kind is None:
            return without_subject(request)
        start, stop = interval
        same = [p for p in self.found(view, kind, request.satellite, start, stop) if (p.start, p.stop) == interval]
        if same:
            return same[0]
        return Awaited(
            missing=(lacking("main", kind, request.satellite, start, stop),), reason=f"no {kind} of this interval"
        )
