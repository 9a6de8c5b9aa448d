"""Rule `s3-pdu`: which frames, stripes and tiles are cut out of products for dissemination.

Source: facts on the preparation of Sentinel-3 inputs in the reference system, level S3_PDU. Every product asks for the
units that it touches, by what it says itself; a unit is named by orbit (or dump) and number, so it is asked for once
whatever arrives first, and cut by what the catalogue tells of its orbit.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, model_validator

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel3.preparation.common import (
    Sentinel3Rule,
    interval_subject,
    lacking,
    names,
    rule_inputs,
    subject_interval,
    timeliness_of,
    without_subject,
)
from refsys.chains.sentinel3.preparation.cover import Span, cut, filled, granules_cover
from refsys.chains.sentinel3.preparation.nodes import Orbit, find_orbit, orbits_of
from refsys.model.chains import Chain
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest
from refsys.model.times import format_time, parse_time
from refsys.model.values import Value


class Unit(Value):
    """How products of one type are cut."""

    kind: Literal["FRAME", "STRIPE", "TILE"]
    length_s: float | None = Field(None, gt=0, description="Of frames (180) and stripes.")
    reference: Literal["ORBIT", "DUMP"] = "ORBIT"
    offset_s: float = Field(
        0.0, ge=0, description="How far after the ascending node the first unit of an orbit starts."
    )
    least_s: float = Field(
        0.0, ge=0, description="Shorter parts are not made; a shorter rest joins the unit before it."
    )
    gap_s: float = Field(3.0, ge=0, description="Gaps up to this do not divide a unit.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Unit":
        if (self.kind == "TILE") != (self.length_s is None):
            raise ValueError("frames and stripes have a length, tiles none")
        if self.offset_s and self.reference == "DUMP":
            raise ValueError("an offset counts from the ascending node, not from a dump")
        return self

    def of_orbit(self, orbit: Orbit) -> list[Span]:
        """Return the units of an orbit, in order."""
        offset = timedelta(seconds=self.offset_s)
        return cut(orbit.start + offset, orbit.stop + offset, self.length_s or 0.0, self.least_s)

    def of_dump(self, dump_start: datetime, number: int) -> Span:
        """Return a unit of a dump, counted from 1."""
        length = timedelta(seconds=self.length_s or 0.0)
        return dump_start + (number - 1) * length, dump_start + number * length


def interval_text(spans: list[Span]) -> str:
    """Return intervals as the product unit generator reads them: `[start,stop];[start,stop]`, without zone."""
    return ";".join(f"[{format_time(a).removesuffix('Z')},{format_time(b).removesuffix('Z')}]" for a, b in spans)


@rule("s3-pdu")
class ProductUnits(Sentinel3Rule):
    """One request for each frame, stripe or tile."""

    cuts: dict[str, Unit] = Field(min_length=1, description="By product type; other types are not cut.")

    def requests(
        self,
        product: Product,
        chain: Chain,
        view: RuleView,
        now: datetime,
    ) -> list[ProductionRequest]:
        """Return the requests for the units that the product touches."""
        unit = self.cuts.get(product.product_type)
        if unit is None or not self.counts(product):
            return []
        if unit.kind == "TILE":
            return [self.wish(product, chain, interval_subject(product))]
        subjects = _of_dump(unit, product) if unit.reference == "DUMP" else _of_orbits(unit, product)
        return [self.wish(product, chain, subject) for subject in subjects]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the products of a unit: all of them, or the parts that are there when its time is over."""
        kind, satellite = request.subject.get("type", ""), request.satellite
        unit = self.cuts.get(kind)
        if unit is None or satellite is None:
            return without_subject(request)
        span = self._span(unit, request, view)
        if not isinstance(span, tuple):
            return span
        found = self.found(view, kind, satellite, *span)
        if unit.kind == "TILE":
            found = [product for product in found if (product.start, product.stop) == span]
        if unit.reference == "DUMP":
            span, found = self._to_dump_end(span, found)
        if found and (unit.kind == "TILE" or granules_cover(found, *span, dump_ends=False)):
            return self._inputs(request, chain, unit, found, [span], short=False)
        if moment.now < self.until(moment):
            lack = lacking("main", kind, satellite, *span)
            return Awaited(missing=(lack,), until=self.until(moment), reason=f"{names(found)} do not fill the unit")
        parts = filled([(p.start, p.stop) for p in found], *span, unit.gap_s, unit.least_s)
        if not parts:
            return Discarded(reason=f"{names(found)} of {kind} leave no part of at least {unit.least_s} s")
        kept = [p for p in found if any(p.start < stop and p.stop > start for start, stop in parts)]
        return self._inputs(request, chain, unit, kept, parts, short=True)

    def _span(self, unit: Unit, request: ProductionRequest, view: RuleView) -> Span | Discarded:
        subject = request.subject
        if unit.kind == "TILE":
            return subject_interval(request) or without_subject(request)
        number = int(subject.get("number", "0"))
        if unit.reference == "DUMP" and "dump" in subject and number > 0:
            return unit.of_dump(parse_time(subject["dump"]), number)
        if "orbit" not in subject or number < 1:
            return without_subject(request)
        orbit = find_orbit(self, view, subject["type"], request.satellite, int(subject["orbit"]))
        units = unit.of_orbit(orbit) if orbit else []
        if number > len(units):
            return Discarded(
                reason=f"orbit {subject['orbit']} has {len(units)} units by what the catalogue tells of it"
            )
        return units[number - 1]

    def _to_dump_end(self, span: Span, found: list[Product]) -> tuple[Span, list[Product]]:
        """Return the unit cut at the end of the dump, where that is inside, and what is then in it."""
        ends = [p.stop for p in found if p.attributes.granule_position == "LAST" and span[0] < p.stop < span[1]]
        if not ends:
            return span, found
        stop = min(ends)
        return (span[0], stop), [product for product in found if product.start < stop]

    def _inputs(
        self,
        request: ProductionRequest,
        chain: Chain,
        unit: Unit,
        found: list[Product],
        parts: list[Span],
        *,
        short: bool,
    ) -> MainInputs:
        told = self.told(found[0], chain) | {"pduType": unit.kind.lower()}
        if unit.kind != "TILE":
            told["PDUTimeIntervals"] = interval_text(parts)
        if unit.kind == "FRAME":
            told["MtdPDUFrameNumbers"] = ";".join([request.subject["number"]] * len(parts))
        return MainInputs(
            products={each.role: tuple(found) for each in rule_inputs(chain)},
            start=parts[0][0],
            stop=parts[-1][1],
            satellite=request.satellite or found[0].satellite,
            timeliness=timeliness_of(chain, found[0]),
            parameters=told,
            reason=f"{names(found)}{', time is over' if short else ' fill the unit'}",
            incomplete=short,
        )


def _of_orbits(unit: Unit, product: Product) -> list[dict[str, str]]:
    orbits = orbits_of(product)
    if orbits and unit.offset_s:  # the last units of the orbit before reach into this one
        first = orbits[0]
        orbits = [Orbit(first.number - 1, first.start - (first.stop - first.start), first.start), *orbits]
    return [
        {"orbit": str(orbit.number), "number": str(number)}
        for orbit in orbits
        for number, (start, stop) in enumerate(unit.of_orbit(orbit), 1)
        if start < product.stop and product.start < stop
    ]


def _of_dump(unit: Unit, product: Product) -> list[dict[str, str]]:
    dump_start = product.attributes.dump_start
    subjects: list[dict[str, str]] = []
    if dump_start is None:
        return subjects
    number = max(1, int((product.start - dump_start).total_seconds() // (unit.length_s or 1.0)))
    while (span := unit.of_dump(dump_start, number))[0] < product.stop:
        if span[1] > product.start:
            subjects.append({"dump": format_time(dump_start), "number": str(number)})
        number += 1
    return subjects
