"""Rule `s1-session`: a reception session with both channels, or with what there is when its time is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel1.preparation.level0 import mission_id
from refsys.model.chains import Chain
from refsys.model.errors import ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import compact_time, format_time
from refsys.model.values import Value


class StationSettings(Value):
    """What the all-in-one processor is told of the station that received a session."""

    code: str = "WILE"
    timeout_s: float = Field(
        7200.0, ge=0, description="How long after the end of the downlink a channel may stay away."
    )
    processing_mode: str = "FAST24"
    pt_assembly: str = "yes"
    descramble: str = "yes"
    rs_encode: str = "yes"


@rule("s1-session")
class SessionRule(Value):
    """One request for each session; of several products of one session all channels are taken together."""

    role: str = "session"
    channels: int = Field(2, ge=1, description="Channels of a whole session.")
    minimal_s: float = Field(43200.0, ge=0, description="How long after the request a channel is waited for at least.")
    times_out: bool = Field(True, description="Whether a session with a channel too few is taken at last.")
    stations: dict[str, StationSettings] = Field({}, description="By the code of the station.")
    station: StationSettings = Field(StationSettings(), description="Of stations that `stations` does not know.")
    parameters: dict[str, str] = Field({}, description="Further processing parameters.")

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of a session."""
        wish = ProductionRequest(
            chain=chain.name,
            chain_version=chain.version,
            product_type=chain.outputs[0],
            satellite=product.satellite,
            inputs=(product.name,),
        )
        return [wish]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the session when all channels are there, or what came when its time is over."""
        name = request.inputs[0]
        try:
            session = view.get(name)
        except ProductUnknown:
            lack = MissingInput(role=self.role, product_type="S1_SESSION", satellite=request.satellite, name=name)
            return Awaited(missing=(lack,), reason="the session is not in the catalogue")
        parts = _parts_of(session, view)
        if parts[0].name != session.name:
            return Discarded(reason=f"the same session is processed as {parts[0].name}")
        found = sorted({channel for part in parts for channel in _channels(part)})
        if len(found) >= self.channels:
            return self._inputs(parts, f"channels {' and '.join(found)}")
        words = f"{len(found)} of {self.channels} channels: {', '.join(found) or 'none'}"
        until = self._deadline(parts, moment) if self.times_out else None
        if until is not None and moment.now >= until:
            return self._inputs(parts, f"time is over at {format_time(until)}: {words}", incomplete=True)
        lack = MissingInput(
            role=self.role,
            product_type=session.product_type,
            satellite=session.satellite,
            start=session.start,
            stop=session.stop,
        )
        return Awaited(missing=(lack,), until=until, reason=words)

    def _deadline(self, parts: Sequence[Product], moment: Moment) -> datetime:
        received = max(part.stop for part in parts) + timedelta(seconds=self._settings(parts[0]).timeout_s)
        return max(received, moment.accepted_at + timedelta(seconds=self.minimal_s))

    def _settings(self, session: Product) -> StationSettings:
        return self.stations.get(_station(session) or "", self.station)

    def _inputs(self, parts: Sequence[Product], reason: str, *, incomplete: bool = False) -> MainInputs:
        session, station = parts[0], self._settings(parts[0])
        start = min(part.start for part in parts)
        told = {
            "Mission_Id": mission_id(session),
            "Processing_Station": station.code,
            "DownlinkTime": compact_time(start),
            "PT_Assembly": station.pt_assembly,
            "Processing_Mode": station.processing_mode,
            "TimeoutSec": f"{station.timeout_s:.0f}",
            "Descramble": station.descramble,
            "RSEncode": station.rs_encode,
        }
        return MainInputs(
            products={self.role: tuple(parts)},
            start=start,
            stop=max(part.stop for part in parts),
            satellite=session.satellite,
            parameters=told | self.parameters,
            reason=reason,
            incomplete=incomplete,
        )


def _parts_of(session: Product, view: RuleView) -> list[Product]:
    """Return the products that hold the channels of a session, as few as can be, the one that leads first.

    A session is one product with its channels; where each channel came as a product of its own, figure `session_id`
    says that they belong together. The one with most channels leads, of equals the newest.
    """
    identity = _identity(session)
    near = view.touching((session.product_type,), session.satellite, session.start, session.stop)
    same = {part.name: part for part in (*near, session) if _identity(part) == identity}
    ranked = sorted(same.values(), key=lambda part: (len(_channels(part)), part.creation_time, part.name), reverse=True)
    taken, channels = ranked[:1], set(_channels(ranked[0]))
    for part in ranked[1:]:
        if not channels.issuperset(_channels(part)):
            taken.append(part)
            channels.update(_channels(part))
    return taken


def _identity(session: Product) -> str:
    return str(session.figures.get("session_id") or session.name)


def _channels(session: Product) -> list[str]:
    listed = session.figures.get("channels")
    return [str(channel) for channel in listed] if isinstance(listed, list) else []


def _station(session: Product) -> str | None:
    told = session.attributes.station or session.figures.get("station")
    return None if told is None else str(told)
