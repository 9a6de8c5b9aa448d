"""Main-input rules of Sentinel-2: sessions, datastrips with all their granules or tiles, one request for each tile.

Conditions of readiness: what the original's preparation workers waited for, with two differences. A datastrip with too
few granules is discarded with a reason instead of dropped, and of auxiliary files that come for each band really all
bands are asked for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel2.band_files import BandFiles
from refsys.chains.sentinel2.datastrip_parts import Expected, expected_parts, found_parts, tile_names
from refsys.chains.sentinel2.graphs import levels_of
from refsys.model.chains import Chain
from refsys.model.errors import InputCorrupt, ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import format_time
from refsys.model.values import Value

CHANNELS = 2


@rule("s2-session")
class SessionRule(Value):
    """One request for each session, when both channels are there; a lone channel waits for its end.

    A station may deliver the channels as two products: those that say the same `session_id` among their figures are
    one session, whose request is that of the first created.
    """

    role: str = "session"
    minimal_wait_s: float = Field(43200.0, ge=0, description="Least time to wait after the request was made.")
    downlink_wait_s: float = Field(7200.0, ge=0, description="Least time to wait after the downlink ended.")
    station_waits_s: dict[str, float] = Field({}, description="The same for stations by name, where it is another.")

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of a session."""
        return [_request(chain, product.name, product.satellite)]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the channels of the session, or until when the other is awaited."""
        own = _named(request, self.role, chain, view)
        if isinstance(own, Awaited):
            return own
        near = view.touching((own.product_type,), own.satellite, own.start, own.stop)
        of_session = [other for other in near if _session_id(other) == _session_id(own)] or [own]
        parts = sorted(of_session, key=lambda part: (part.creation_time, part.name))
        if parts[0].name != own.name:
            return Discarded(reason=f"channel of the session that {parts[0].name} began")
        channels = {channel for part in parts for channel in _channels(part)}
        until = max(
            moment.accepted_at + timedelta(seconds=self.minimal_wait_s),
            own.stop + timedelta(seconds=self._downlink_wait_s(own)),
        )
        missing = (_missing(self.role, own.product_type, own),)
        if len(channels) < CHANNELS and moment.now < until:
            return Awaited(missing=missing, until=until, reason=f"{len(channels)} of {CHANNELS} channels are there")
        first, last = min(part.start for part in parts), max(part.stop for part in parts)
        lone = len(channels) < CHANNELS
        return MainInputs(
            products={self.role: tuple(parts)},
            start=first,
            stop=last,
            satellite=own.satellite,
            parameters={"DOWNLINK_TIME": f"{first:%Y%m%dT%H%M%S}", "CHANNELS": "-".join(sorted(channels))},
            reason=f"waited until {format_time(until)} for the other channel" if lone else "both channels are there",
            incomplete=lone,
        )

    def _downlink_wait_s(self, session: Product) -> float:
        return self.station_waits_s.get(session.attributes.station or "", self.downlink_wait_s)


@rule("s2-datastrip")
class DatastripRule(BandFiles):
    """One request for each datastrip, when all its granules (or tiles) are there."""

    datastrip_type: str = Field(description="For example `MSI_L0__DS`.")
    part_type: str | None = Field(None, description="Such as `MSI_L0__GR`, `MSI_L1C_TL`; None: it holds all itself.")
    datastrip_role: str = "datastrip"
    part_role: str = "granules"
    levels: tuple[str, ...] = Field((), description="Only data takes that give one of these: `L1A`, `L1B`, `L2A`, ...")
    least: int = Field(1, ge=1, description="A datastrip with fewer parts is not processed.")
    unknown_count_wait_s: float = Field(
        1800.0, ge=0, description="How long to wait where the datastrip does not say how many parts it has."
    )

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of a datastrip, also when one of its parts arrives."""
        if product.product_type == self.datastrip_type:
            return [_request(chain, product.name, product.satellite)]
        if product.attributes.datastrip is None:
            raise InputCorrupt("does not say which datastrip it belongs to", where=product.name)
        return [_request(chain, product.attributes.datastrip, product.satellite)]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return datastrip and parts when they are complete, and the auxiliary files of every band."""
        strip = _named(request, self.datastrip_role, chain, view)
        if isinstance(strip, Awaited):
            return strip
        if unwanted := _unwanted(strip, self.levels):
            return Discarded(reason=unwanted)
        if self.part_type is None:
            return self._with_bands(view, self._complete(strip, [], "it holds all itself"))
        expected = expected_parts(strip, self.part_type)
        parts = found_parts(view, strip, self.part_type, expected)
        until = None if expected else moment.accepted_at + timedelta(seconds=self.unknown_count_wait_s)
        if (expected and len(parts) < expected.count) or (until and moment.now < until):
            return self._awaited(strip, self.part_type, parts, expected, until)
        if len(parts) < self.least:
            return Discarded(reason=f"has {len(parts)} of type {self.part_type}, at least {self.least} are processed")
        reason = f"{len(parts)} of type {self.part_type} are there" + ("" if expected else ", of unknown number")
        return self._with_bands(view, self._complete(strip, parts, reason, incomplete=expected is None))

    def _complete(
        self, strip: Product, parts: Sequence[Product], reason: str, *, incomplete: bool = False
    ) -> MainInputs:
        roles = {self.datastrip_role: (strip,)} | ({self.part_role: tuple(parts)} if parts else {})
        return _main(strip, roles, _parameters(strip, parts), reason).model_copy(update={"incomplete": incomplete})

    def _awaited(
        self,
        strip: Product,
        part_type: str,
        parts: Sequence[Product],
        expected: Expected | None,
        until: datetime | None,
    ) -> Awaited:
        number = expected.count if expected else "an unknown number"
        there = f"{len(parts)} of {number} of type {part_type} are there"
        absent = expected.absent(parts) if expected else []
        reason = there + (f", the first absent is {absent[0]}" if absent else "")
        return Awaited(missing=(_missing_part(self.part_role, part_type, strip, absent),), until=until, reason=reason)


@rule("s2-tiles")
class TilesRule(BandFiles):
    """One request for each tile that a datastrip lists."""

    datastrip_type: str = Field(description="Datastrip that lists its tiles: `MSI_L1B_DS`, `MSI_L2A_DS`.")
    part_type: str = Field(description="What else a tile is made of: `MSI_L1B_GR` (all) or `MSI_L1C_TL` (its own).")
    datastrip_role: str = "datastrip"
    part_role: str = "granules"
    levels: tuple[str, ...] = ()

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return a request for each tile; none for a data take that gives no such product.

        Raises
        ------
        InputCorrupt
            If the datastrip does not list its tiles, or does not say the type of its data take.
        """
        if _unwanted(product, self.levels):
            return []
        tiles = tile_names(product)
        if tiles is None:
            raise InputCorrupt("does not list its tiles (figure `tiles`)", where=product.name)
        return [_request(chain, product.name, product.satellite, tile=tile) for tile in tiles]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the datastrip and what the tile is made of."""
        strip = _named(request, self.datastrip_role, chain, view)
        if isinstance(strip, Awaited):
            return strip
        tile = request.subject.get("tile")
        if tile is None or tile not in (tile_names(strip) or (tile,)):
            return Discarded(reason=f"datastrip {strip.name} does not list the tile {tile}")
        own_tile = self.part_type.endswith("_TL")
        expected = Expected(keys=frozenset({tile}), count=1) if own_tile else expected_parts(strip, self.part_type)
        parts = found_parts(view, strip, self.part_type, expected)
        if not parts or (expected and len(parts) < expected.count):
            absent = expected.absent(parts) if expected else []
            missing = (_missing_part(self.part_role, self.part_type, strip, absent),)
            return Awaited(missing=missing, reason=f"{len(parts)} of type {self.part_type} for tile {tile} are there")
        roles = {self.datastrip_role: (strip,), self.part_role: tuple(parts)}
        reason = f"datastrip and {len(parts)} of type {self.part_type} are there"
        return self._with_bands(view, _main(strip, roles, {"TILE": tile, **_parameters(strip, ())}, reason))


def _main(strip: Product, roles: dict[str, tuple[Product, ...]], parameters: dict[str, str], reason: str) -> MainInputs:
    return MainInputs(
        products=roles,
        start=strip.start,
        stop=strip.stop,
        satellite=strip.satellite,
        timeliness=strip.attributes.timeliness,
        parameters=parameters,
        reason=reason,
    )


def _request(chain: Chain, name: str, satellite: str, **subject: str) -> ProductionRequest:
    return ProductionRequest(
        chain=chain.name,
        chain_version=chain.version,
        product_type=chain.outputs[0],
        satellite=satellite,
        inputs=(name,),
        subject=subject,
        label="triggered",
    )


def _named(request: ProductionRequest, role: str, chain: Chain, view: RuleView) -> Product | Awaited:
    """Return the product that a request names, or what says that it is awaited."""
    name = request.inputs[0] if request.inputs else ""
    try:
        return view.get(name)
    except ProductUnknown:
        kind = next(kind for each in chain.inputs if each.role == role for kind in each.types)
        missing = (MissingInput(role=role, product_type=kind, satellite=request.satellite, name=name),)
        return Awaited(missing=missing, reason=f"not in the catalogue: {name or 'the request names no product'}")


def _missing(role: str, kind: str, near: Product) -> MissingInput:
    return MissingInput(role=role, product_type=kind, satellite=near.satellite, start=near.start, stop=near.stop)


def _missing_part(role: str, kind: str, strip: Product, absent: Sequence[str]) -> MissingInput:
    """Return what is awaited: of listed granules the last, by name, so that not every arrival asks again."""
    if absent and not kind.endswith("_TL"):
        return MissingInput(role=role, product_type=kind, satellite=strip.satellite, name=absent[-1])
    return _missing(role, kind, strip)


def _session_id(session: Product) -> str:
    return str(session.figures.get("session_id", session.name))


def _channels(session: Product) -> list[str]:
    told = session.figures.get("channels")
    if not isinstance(told, list) or not told:
        raise InputCorrupt("does not list its channels (figure `channels`)", where=session.name)
    return [str(channel) for channel in told]


def _unwanted(strip: Product, levels: Sequence[str]) -> str | None:
    """Return why a datastrip gives none of the levels, None if it does."""
    if not levels:
        return None
    kind = strip.attributes.mode
    if kind is None:
        raise InputCorrupt("does not say the type of its data take (attribute `mode`)", where=strip.name)
    gives = levels_of(kind)
    if set(levels).isdisjoint(gives):
        return (
            f"data takes of type {kind} give {', '.join(gives) or 'nothing'} above Level-0, not {' or '.join(levels)}"
        )
    return None


def _parameters(strip: Product, parts: Sequence[Product]) -> dict[str, str]:
    """Return what the graph of the request follows from."""
    told = {} if strip.attributes.mode is None else {"DATATAKE_TYPE": strip.attributes.mode}
    detectors = [part.attributes.detector for part in parts if part.attributes.detector]
    if detectors:
        told["GRANULES_PER_DETECTOR"] = str(max(detectors.count(one) for one in set(detectors)))
    return told
