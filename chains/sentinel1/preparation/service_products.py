"""Rules `s1-obs` and `s1-mbu`: what the service product processors start from: an orbit file, a wave product."""

from datetime import datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.model.chains import Chain
from refsys.model.errors import ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.values import Value


def _request_of(product: Product, chain: Chain) -> ProductionRequest:
    return ProductionRequest(
        chain=chain.name,
        chain_version=chain.version,
        product_type=chain.outputs[0],
        satellite=product.satellite,
        inputs=(product.name,),
    )


def _named(request: ProductionRequest, role: str, kind: str, view: RuleView) -> Product | Awaited:
    name = request.inputs[0]
    try:
        return view.get(name)
    except ProductUnknown:
        lack = MissingInput(role=role, product_type=kind, satellite=request.satellite, name=name)
        return Awaited(missing=(lack,), reason="the input is not in the catalogue")


@rule("s1-obs")
class OrbitRule(Value):
    """One request for each restituted orbit file; the orbit's annotations are collected for a while."""

    role: str = "orbit"
    collected: tuple[str, ...] = Field(("IW_RAW__0A", "EW_RAW__0A"), description="Product types that are collected.")
    after_sensing_s: float = Field(0.0, ge=0, description="How long after the start of the orbit it collects.")
    after_acceptance_s: float = Field(0.0, ge=0, description="How long after the request it collects at least.")
    figure: str = Field(
        "first_azimuth_time", description="Figure of the orbit file with the UTC of its second state vector."
    )

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of an orbit file."""
        return [_request_of(product, chain)]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the orbit file once the time of collecting is over."""
        orbit = _named(request, self.role, "AUX_RESORB", view)
        if isinstance(orbit, Awaited):
            return orbit
        first = orbit.figures.get(self.figure)
        if not isinstance(first, str):
            return Discarded(reason=f"orbit file {orbit.name} does not tell the time of its second state vector")
        until = max(
            orbit.start + timedelta(seconds=self.after_sensing_s),
            moment.accepted_at + timedelta(seconds=self.after_acceptance_s),
        )
        if moment.now < until:
            lacks = tuple(
                MissingInput(
                    role=kind, product_type=kind, satellite=orbit.satellite, start=orbit.start, stop=orbit.stop
                )
                for kind in self.collected
            )
            return Awaited(missing=lacks, until=until, reason="annotations of the orbit are collected")
        return MainInputs(
            products={self.role: (orbit,)},
            start=orbit.start,
            stop=orbit.stop,
            satellite=orbit.satellite,
            parameters={"selectedOrbitFirstAzimuthTime": _six_decimals(first)},
            reason="orbit file, time of collecting over",
        )


def _six_decimals(time: str) -> str:
    """Return a time as the processor wants it: microseconds, and neither prefix nor zone.

    Examples
    --------
    >>> _six_decimals("UTC=2020-01-21T18:32:46.331273"), _six_decimals("2020-01-21T18:32:46Z")
    ('2020-01-21T18:32:46.331273', '2020-01-21T18:32:46.000000')
    """
    whole, _, fraction = time.removeprefix("UTC=").removesuffix("Z").partition(".")
    return f"{whole}.{fraction[:6]:0<6}"


@rule("s1-mbu")
class BurstRule(Value):
    """One request for each ocean product of wave mode, which is its only input."""

    role: str = "ocean"

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of an ocean product."""
        return [_request_of(product, chain)]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the product."""
        ocean = _named(request, self.role, "WV_OCN__2S", view)
        if isinstance(ocean, Awaited):
            return ocean
        return MainInputs(
            products={self.role: (ocean,)},
            start=ocean.start,
            stop=ocean.stop,
            satellite=ocean.satellite,
            timeliness=ocean.attributes.timeliness,
            reason="the product that arrived",
        )
