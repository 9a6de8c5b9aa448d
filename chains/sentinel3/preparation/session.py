"""Rule `s3-session`: a reception session, with both channels or when it has waited long enough.

Source: facts on the preparation of acquisition sessions in the reference system.
"""

import re
from datetime import UTC, datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel3.preparation.common import lacking, rule_inputs, timeliness_of
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
        session_id = _session_id(product)
        timed = _window(session_id) is not None
        return [
            ProductionRequest(
                chain=chain.name,
                chain_version=chain.version,
                product_type=chain.outputs[0],
                satellite=product.satellite,
                start=None if timed else product.start,
                stop=None if timed else product.stop,
                subject={"type": product.product_type, "session": session_id},
                label="triggered",
            )
        ]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the session: one product with all channels, else one for each channel."""
        versions = self._versions(request, view)
        if isinstance(versions, Awaited | Discarded):
            return versions
        sessions = _fewest(versions)
        there = len({channel for each in sessions for channel in _channels(each)})
        start, stop = min(each.start for each in sessions), max(each.stop for each in sessions)
        until = max(
            moment.accepted_at + timedelta(seconds=self.after_acceptance_s),
            stop + timedelta(seconds=self.after_downlink_s),
        )
        if there < self.channels and moment.now < until:
            lack = lacking("session", sessions[0].product_type, sessions[0].satellite, start, stop)
            return Awaited(missing=(lack,), until=until, reason=f"the session has {there} of {self.channels} channels")
        return MainInputs(
            products={each.role: sessions for each in rule_inputs(chain)},
            start=start,
            stop=stop,
            satellite=sessions[0].satellite,
            timeliness=timeliness_of(chain, sessions[0]),
            parameters={"DownlinkTime": compact_time(start), **self.parameters},
            reason=f"{there} of {self.channels} channels{', time is over' if there < self.channels else ''}",
            incomplete=there < self.channels,
        )

    def _versions(self, request: ProductionRequest, view: RuleView) -> list[Product] | Awaited | Discarded:
        if request.inputs:
            try:
                return [view.get(request.inputs[0])]
            except ProductUnknown:
                lack = MissingInput(role="session", product_type="S3_SESSION", name=request.inputs[0])
                return Awaited(missing=(lack,), reason=f"{request.inputs[0]} is not in the catalogue")
        kind, session_id = request.subject.get("type"), request.subject.get("session", "")
        own = (request.start, request.stop) if request.start and request.stop else _window(session_id)
        if kind is None or own is None:
            return Discarded(reason="the request names no session")
        found = [each for each in view.touching((kind,), request.satellite, *own) if _session_id(each) == session_id]
        if found:
            return found
        lack = lacking("session", kind, request.satellite, *own)
        return Awaited(missing=(lack,), reason=f"session {session_id} is not in the catalogue")


def _window(session_id: str) -> tuple[datetime, datetime] | None:
    """Return an interval that holds a session whose id tells its time, as in `S3A_20200101050000012345`."""
    found = re.match(r".{4}([0-9]{14})", session_id)
    try:
        time = datetime.strptime(found.group(1), "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:  # digits, and no time
        return None
    return None if time is None else (time - timedelta(days=1), time + timedelta(days=1))


def _fewest(versions: list[Product]) -> tuple[Product, ...]:
    """Return the product with all channels, else those that together have them, of two alike the newest."""
    by_age = sorted(versions, key=lambda each: (len(_channels(each)), each.creation_time, each.name), reverse=True)
    kept: list[Product] = []
    seen: set[str] = set()
    for each in by_age:
        if not kept or _channels(each) - seen:
            kept.append(each)
            seen |= _channels(each)
    return tuple(sorted(kept, key=lambda each: each.name))


def _session_id(product: Product) -> str:
    told = product.figures.get("session_id")
    return told if isinstance(told, str) else product.name


def _channels(product: Product) -> set[str]:
    told = product.figures.get("channels")
    return {str(channel) for channel in told} if isinstance(told, list) else set()
