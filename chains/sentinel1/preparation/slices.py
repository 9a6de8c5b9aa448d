"""Rule `s1-slices`: a slice with the annotation, calibration and noise of its data take, for Level 1 and 2."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from refsys.chains.extraction_s1_slices import OVERLAP_AND_LENGTH_S, slice_count
from refsys.chains.masks import enough_sea, meets, read_mask, sea_coverage
from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel1.preparation.level0 import (
    beam_of,
    highest_timeliness,
    is_segment,
    is_slice,
    mission_id,
    newest,
)
from refsys.chains.sentinel1.preparation.optional_inputs import OptionalWait, awaited_input
from refsys.model.chains import Chain
from refsys.model.errors import ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest
from refsys.model.times import format_time
from refsys.model.values import UtcTime, Value

Companion = Literal["A", "C", "N"]
_ROLES: dict[Companion, str] = {"A": "annotation", "C": "calibration", "N": "noise"}
_UNCUT = {"WV": (0.0, 0.0)}
_CATEGORIES = {"PT": "NRT-3h", "NRT": "NRT-3h", "FAST24": "Fast-24h"}


@rule("s1-slices")
class SliceRule(Value):
    """One request for each slice."""

    role: str = "slice"
    needed: tuple[Companion, ...] = Field(
        ("A", "C", "N"), description="Companions of the data take it cannot do without."
    )
    companions_s: float = Field(
        1800.0, ge=0, description="How long after the request other companions are waited for; one there must be."
    )
    waits: tuple[OptionalWait, ...] = Field((), description="For optional inputs of the chain, by timeliness.")
    land_mask: Path | None = Field(None, description="Mask file of land: what shows too little sea is discarded.")
    least_sea_percent: int = Field(0, ge=0, le=100, description="0: any sea will do.")
    area_mask: Path | None = Field(None, description="Mask file: what lies outside is discarded.")
    categories: dict[str, str] = Field(_CATEGORIES, description="Timeliness_Category by timeliness.")
    parameters: dict[str, str] = Field({}, description="Further processing parameters, such as Application_LUT.")

    def requests(self, product: Product, chain: Chain, view: RuleView, now: datetime) -> list[ProductionRequest]:
        """Return the request of a slice; none for segments."""
        if not is_slice(product):
            return []
        wish = ProductionRequest(
            chain=chain.name,
            chain_version=chain.version,
            product_type=_of_beam(chain.outputs[0], product),
            satellite=product.satellite,
            inputs=(product.name,),
        )
        return [wish]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return the slice once its companions are there and the time of its optional inputs is over."""
        name = request.inputs[0]
        try:
            one = view.get(name)
        except ProductUnknown:
            lack = MissingInput(role=self.role, product_type=name[4:14], satellite=request.satellite, name=name)
            return Awaited(missing=(lack,), reason="the slice is not in the catalogue")
        if why_not := self._why_not(one):
            return Discarded(reason=why_not)
        companions = _companions(one, view)
        if awaited := self._awaited_companions(one, companions, moment):
            return awaited
        first = next(companions[each] for each in _ROLES if each in companions)
        segment = (first.start, first.stop)
        timeliness = one.attributes.timeliness or first.attributes.timeliness or _of_segments(one, view)
        for wait in self.waits:
            if wait.is_for(timeliness) and (
                awaited := awaited_input(wait, chain, view, moment, slice_of=one, segment=segment)
            ):
                return awaited
        return self._inputs(one, companions, segment, timeliness)

    def _why_not(self, one: Product) -> str | None:
        """Return why nothing is made of a slice that lies in the wrong place; what has no footprint is made."""
        if one.footprint is None:
            return None
        if self.land_mask is not None:
            sea = sea_coverage(one.footprint, read_mask(self.land_mask))
            if not enough_sea(sea, self.least_sea_percent):
                return f"{sea} % of the slice is sea, {max(self.least_sea_percent, 1)} % must be"
        if self.area_mask is not None and not meets(one.footprint, read_mask(self.area_mask)):
            return f"the slice lies outside the areas of {self.area_mask.name}"
        return None

    def _awaited_companions(self, one: Product, companions: dict[Companion, Product], moment: Moment) -> Awaited | None:
        absent = tuple(each for each in _ROLES if each not in companions)
        needed = tuple(each for each in absent if each in self.needed or not companions)
        until = moment.accepted_at + timedelta(seconds=self.companions_s)
        if not absent or (not needed and moment.now >= until):
            return None
        lacks = tuple(
            MissingInput(
                role=_ROLES[each],
                product_type=_companion_type(one, each),
                satellite=one.satellite,
                start=one.start,
                stop=one.stop,
            )
            for each in absent
        )
        words = ", ".join(_ROLES[each] for each in absent)
        return Awaited(missing=lacks, until=None if needed else until, reason=f"of the data take: {words}")

    def _inputs(
        self,
        one: Product,
        companions: dict[Companion, Product],
        segment: tuple[UtcTime, UtcTime],
        timeliness: str | None,
    ) -> MainInputs:
        absent = [role for each, role in _ROLES.items() if each not in companions]
        products = {_ROLES[each]: (companion,) for each, companion in companions.items()}
        start, stop = (format_time(time) for time in segment)
        return MainInputs(
            products={self.role: (one,), **products},
            start=one.start,
            stop=one.stop,
            satellite=one.satellite,
            sensing=segment,
            windows={"segment": segment},
            instrument_configuration_id=one.attributes.instrument_configuration_id,
            polarisation=one.attributes.polarisation,
            timeliness=timeliness,
            parameters=self._parameters(one, [companions[each] for each in _ROLES if each in companions], timeliness),
            reason=f"slice of the segment {start} to {stop}" + (f", without {', '.join(absent)}" if absent else ""),
        )

    def _parameters(self, one: Product, companions: Sequence[Product], timeliness: str | None) -> dict[str, str]:
        """Return what the processor is told; what is not known is left to the default of its task table."""
        first, beam = companions[0], beam_of(one)
        told: dict[str, str | None] = {"Mission_Id": mission_id(one)}
        if beam not in _UNCUT:
            count = first.attributes.slice_count or slice_count(beam, first.start, first.stop)
            told |= {
                "Slice_Number": _text(one.attributes.slice_number),
                "Total_Number_Of_Slices": _text(count),
            }
        cut = (_UNCUT | OVERLAP_AND_LENGTH_S).get(beam)
        if cut is not None:
            told |= {"Slice_Overlap": str(cut[0]), "Slice_Length": str(cut[1])}
        told["Timeliness_Category"] = self.categories.get(timeliness or "")
        return {name: value for name, value in told.items() if value is not None} | self.parameters


def _companions(one: Product, view: RuleView) -> dict[Companion, Product]:
    """Return the newest annotation, calibration and noise of the slice's data take that touch it."""
    found: dict[Companion, Product] = {}
    data_take = one.attributes.data_take_id
    if data_take is None:
        return found
    for each in _ROLES:
        fitting = [
            product
            for product in view.by_data_take((_companion_type(one, each),), one.satellite, data_take)
            if product.start < one.stop
            and product.stop > one.start
            and product.attributes.polarisation == one.attributes.polarisation
        ]
        if fitting:
            found[each] = newest(fitting)
    return found


def _of_segments(one: Product, view: RuleView) -> str | None:
    """Return the most urgent timeliness of the segments that a slice was made of, else of all of its data take.

    Manifests of slices do not say it. What they were made of is asked first, so that a segment which came later changes
    nothing.
    """
    data_take = one.attributes.data_take_id
    if data_take is None:
        return None
    segments = [each for each in view.by_data_take((one.product_type,), one.satellite, data_take) if is_segment(each)]
    made_of = {ref.name for ref in one.provenance.inputs} if one.provenance else set()
    return highest_timeliness([each for each in segments if each.name in made_of] or segments)


def _companion_type(one: Product, companion: Companion) -> str:
    return f"{one.product_type[:-1]}{companion}"


def _of_beam(kind: str, one: Product) -> str:
    """Return an output type of the chain for the beam of a slice: `S?_SLC__1S` gives `S3_SLC__1S`."""
    return f"{beam_of(one)}{kind[2:]}" if "?" in kind else kind


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
