"""Rule `s3-range`: what is seen of one part of each orbit, counted from the ascending node (VISCAL of SLSTR).

Source: facts on the preparation of Sentinel-3 inputs in the reference system, range search.
"""

from datetime import datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel3.preparation.common import timeliness_of, without_subject
from refsys.chains.sentinel3.preparation.granules import Collected, Wanted
from refsys.chains.sentinel3.preparation.nodes import Orbit, find_orbit, orbits_of
from refsys.model.chains import Chain
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest


@rule("s3-range")
class OrbitRange(Collected):
    """One request for each orbit of which a product shows the part."""

    after_node_s: float = Field(ge=0, description="Start of the part after the ascending node, 4138 for VISCAL.")
    length_s: float = Field(gt=0, description="Length of the part, 1390 for VISCAL.")

    def part(self, orbit: Orbit) -> tuple[datetime, datetime]:
        """Return the part of an orbit."""
        start = orbit.start + timedelta(seconds=self.after_node_s)
        return start, start + timedelta(seconds=self.length_s)

    def requests(
        self,
        product: Product,
        chain: Chain,
        view: RuleView,
        now: datetime,
    ) -> list[ProductionRequest]:
        """Return one request for each orbit whose part the product touches."""
        if not self.counts(product):
            return []
        parts = [(orbit.number, *self.part(orbit)) for orbit in orbits_of(product)]
        touched = [number for number, start, stop in parts if start <= product.stop and product.start <= stop]
        return [self.wish(product, chain, {"orbit": str(number)}, product_type=chain.outputs[0]) for number in touched]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the products of the part, complete or when its time is over."""
        kind, number, satellite = request.subject.get("type"), request.subject.get("orbit"), request.satellite
        if kind is None or number is None or satellite is None:
            return without_subject(request)
        orbit = find_orbit(self, view, kind, satellite, int(number))
        if orbit is None:
            return Discarded(reason=f"no {kind} tells the ascending nodes of orbit {number}")
        start, stop = self.part(orbit)
        collection = self.collect(chain, view, moment, Wanted(kind, satellite, start, stop))
        if collection.wait:
            until = self.until(moment)
            why = f"the part of orbit {number} is not complete"
            return Awaited(missing=collection.missing, until=until if moment.now < until else None, reason=why)
        first = next((products[0] for products in collection.products.values()), None)
        return MainInputs(
            products=collection.products,
            start=start,
            stop=stop,
            satellite=satellite,
            timeliness=timeliness_of(chain, first),
            parameters=self.told(first, chain),
            reason=f"{collection.words} of orbit {number}",
            incomplete=bool(collection.missing),
        )
