"""Rule `s3-session`: a reception session, with both channels or when it has waited long enough.

Source: facts on the preparation of acquisition sessions in the reference system.
"""

from datetime import datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel3.preparation.common import rule_inputs, timeliness_of
from refsys.model.chains import Chain
from refsys.model.errors import ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import compact_time
from refsys.model.values import Value


@rule("s3-session")
class Session(Value):
    """One request for each session."""

    channels: int = Field(2, ge=1, description="Channels that a complete session has.")
    after_acceptance_s: float = Field(43_200.0, ge=0, description="Least time that a session of fewer channels waits.")
    after_downlink_s: float = Field(360_000.0, ge=0, description="How long after its downlink such a session waits.")
    parameters: dict[str, str] = Field({}, description="Processing parameters, by name.")

    def requests(
        self,
        product: Product,
        chain: Chain,
        view: RuleView,
        now: datetime,
    ) -> list[ProductionRequest]:
        """Return the request for the session, whichever of its versions arrived."""
        return [
            ProductionRequest(
                chain=chain.name,
                chain_version=chain.version,
                product_type=chain.outputs[0],
                satellite=product.satellite,
                start=product.start,
                stop=product.stop,
                subject={"type": product.product_type, "session": _session_id(product)},
                label="triggered",
            )
        ]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the version of the session with most channels, and of those the newest."""
        versions = self._versions(request, view)
        if isinstance(versions, Awaited | Discarded):
            return versions
        session = max(versions, key=lambda each: (_channels(each), each.creation_time, each.name))
        waits = (
            moment.accepted_at + timedelta(seconds=self.after_acceptance_s),
            session.stop + timedelta(seconds=self.after_downlink_s),
        )
        there, short = _channels(session), _channels(session) < self.channels
        if short and moment.now < max(waits):
            lack = MissingInput(
                role="session",
                product_type=session.product_type,
                satellite=session.satellite,
                start=session.start,
                stop=session.stop,
            )
            return Awaited(
                missing=(lack,), until=max(waits), reason=f"the session has {there} of {self.channels} channels"
            )
        return MainInputs(
            products={each.role: (session,) for each in rule_inputs(chain)},
            start=session.start,
            stop=session.stop,
            satellite=session.satellite,
            timeliness=timeliness_of(chain, session),
            parameters={"DownlinkTime": compact_time(session.start), **self.parameters},
            reason=f"{there} of {self.channels} channels{', time is over' if short else ''}",
            incomplete=short,
        )

    def _versions(self, request: ProductionRequest, view: RuleView) -> list[Product] | Awaited | Discarded:
        if request.inputs:
            try:
                return [view.get(request.inputs[0])]
            except ProductUnknown:
                lack = MissingInput(role="session", product_type="S3_SESSION", name=request.inputs[0])
                return Awaited(missing=(lack,), reason=f"{request.inputs[0]} is not in the catalogue")
        kind, session_id = request.subject.get("type"), request.subject.get("session")
        if kind is None or session_id is None or request.start is None or request.stop is None:
            return Discarded(reason="the request names no session")
        touching = view.touching((kind,), request.satellite, request.start, request.stop)
        found = [each for each in touching if _session_id(each) == session_id]
        if found:
            return found
        lack = MissingInput(
            role="session", product_type=kind, satellite=request.satellite, start=request.start, stop=request.stop
        )
        return Awaited(missing=(lack,), reason=f"session {session_id} is not in the catalogue")


def _session_id(product: Product) -> str:
    told = product.figures.get("session_id")
    return told if isinstance(told, str) else product.name


def _channels(product: Product) -> int:
    told = product.figures.get("channels")
    return len(told) if isinstance(told, list) else 0
