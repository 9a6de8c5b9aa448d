"""Rule `s1-segments`: the segments of a data take, complete in every polarisation, for assembly and slicing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel1.preparation.coverage import (
    PAIRS,
    by_polarisation,
    chosen,
    complete_polarisations,
    covered,
)
from refsys.chains.sentinel1.preparation.level0 import beam_of, highest_timeliness, is_segment, mission_id
from refsys.model.attributes import Timeliness
from refsys.model.chains import Chain
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import format_time
from refsys.model.values import Value

_CALIBRATION = "RF"
_REACH = timedelta(hours=2)
"""No data take lasts longer."""


class SegmentWait(Value):
    """How long the segments of a data take are waited for: until both times are over."""

    timeliness: tuple[Timeliness, ...] = Field(min_length=1)
    nominal_h: float = Field(36.0, ge=0, description="After the last sensing time that is known.")
    minimal_h: float = Field(1.0, ge=0, description="After the request was made.")


@rule("s1-segments")
class SegmentRule(Value):
    """One request for each data take; calibration data (`RF`) one for each of its start times."""

    role: str = "segments"
    waits: tuple[SegmentWait, ...] = Field(
        (SegmentWait(timeliness=("PT", "NRT")), SegmentWait(timeliness=("FAST24",))),
        description="By the most urgent timeliness; of another the data take is waited for as long as the chain says.",
    )
    ghosts_s: dict[str, float] = Field(
        {}, description="By mode (`IW EW SM WV`): segments no longer than this are left out. `RF`: partial ones are."
    )

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of the product's data take; none for slices, ghosts and data without data take.

        What is wanted are all classes of its beam: `IW_RAW__0?`.
        """
        data_take = product.attributes.data_take_id
        if data_take is None or not self._counts(product):
            return []
        subject = {"data_take": data_take}
        if beam_of(product) == _CALIBRATION:
            subject["start"] = format_time(product.start)
        wish = ProductionRequest(
            chain=chain.name,
            chain_version=chain.version,
            product_type=f"{product.product_type[:-1]}?",
            satellite=product.satellite,
            subject=subject,
        )
        return [wish]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the segments once they are complete, or when their time is over; a lone RF is discarded then."""
        segments = self._segments(request, view)
        if not segments:
            lack = MissingInput(role=self.role, product_type=_segment_type(request), satellite=request.satellite)
            return Awaited(missing=(lack,), reason="no segment of the data take is in the catalogue")
        groups = by_polarisation(segments)
        if beam_of(segments[0]) == _CALIBRATION:
            return self._calibration(groups, moment)
        taken = [segment for group in groups.values() for segment in chosen(group)]
        lacks = _lacks(groups)
        if not lacks:
            return self._inputs(taken, f"{_words(groups)} complete from begin to end")
        until = self._deadline(segments, moment)
        if until is not None and moment.now >= until:
            return self._inputs(taken, f"time is over at {format_time(until)}: {lacks}", incomplete=True)
        return self._awaited(segments, until, lacks)

    def _counts(self, product: Product) -> bool:
        if not is_segment(product):
            return False
        beam = beam_of(product)
        mode = "SM" if beam[0] == "S" and beam[1].isdigit() else beam
        longest_s = self.ghosts_s.get(mode, -1.0)
        if longest_s < 0:
            return True
        if beam == _CALIBRATION:
            return product.attributes.consolidation != "PARTIAL"
        return (product.stop - product.start).total_seconds() > longest_s

    def _segments(self, request: ProductionRequest, view: RuleView) -> list[Product]:
        data_take, start = request.subject.get("data_take", ""), request.subject.get("start")
        found = view.by_data_take((_segment_type(request),), request.satellite, data_take)
        return [segment for segment in found if self._counts(segment) and start in (None, format_time(segment.start))]

    def _calibration(self, groups: dict[str, list[Product]], moment: Moment) -> MainInputs | Awaited | Discarded:
        """Return a pair of polarisations with the same start; what is no pair when its time is over is discarded."""
        pair = next((pair for pair in PAIRS if pair <= groups.keys()), None)
        if pair is not None:
            taken = [chosen(groups[polarisation])[-1] for polarisation in sorted(pair)]
            return self._inputs(taken, f"both polarisations, {_words(groups)}")
        segments = [segment for group in groups.values() for segment in group]
        until = self._deadline(segments, moment)
        if until is not None and moment.now >= until:
            return Discarded(reason=f"calibration data need two polarisations sent alike, there is {_words(groups)}")
        return self._awaited(segments, until, f"no pair of polarisations: there is {_words(groups)}")

    def _deadline(self, segments: Sequence[Product], moment: Moment) -> datetime | None:
        timeliness = highest_timeliness(segments)
        wait = next((wait for wait in self.waits if timeliness in wait.timeliness), None)
        if wait is None:
            return None
        sensed = max(segment.stop for segment in segments) + timedelta(hours=wait.nominal_h)
        return max(sensed, moment.accepted_at + timedelta(hours=wait.minimal_h))

    def _inputs(self, taken: Sequence[Product], reason: str, *, incomplete: bool = False) -> MainInputs:
        ordered = tuple(sorted(taken, key=lambda segment: (segment.start, segment.name)))
        return MainInputs(
            products={self.role: ordered},
            start=ordered[0].start,
            stop=max(segment.stop for segment in ordered),
            satellite=ordered[0].satellite,
            timeliness=highest_timeliness(ordered),
            parameters={"Mission_Id": mission_id(ordered[0])},
            reason=reason,
            incomplete=incomplete,
        )

    def _awaited(self, segments: Sequence[Product], until: datetime | None, reason: str) -> Awaited:
        lack = MissingInput(
            role=self.role,
            product_type=segments[0].product_type,
            satellite=segments[0].satellite,
            start=min(segment.start for segment in segments) - _REACH,
            stop=max(segment.stop for segment in segments) + _REACH,
        )
        return Awaited(missing=(lack,), until=until, reason=reason)


def _segment_type(request: ProductionRequest) -> str:
    return f"{request.product_type[:-1]}S"


def _lacks(groups: dict[str, list[Product]]) -> str:
    """Return what is missing of a data take, in words; empty if nothing is."""
    if not complete_polarisations(groups):
        return f"not the polarisations of a data take: there is {_words(groups)}"
    open_ones = [polarisation for polarisation, group in groups.items() if not covered(chosen(group))]
    return f"not from begin to end without a gap: {', '.join(open_ones)}" if open_ones else ""


def _words(groups: dict[str, list[Product]]) -> str:
    return " and ".join(groups)
