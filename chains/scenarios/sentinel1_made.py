"""What simulated processors of Sentinel-1 make."""

from datetime import datetime, timedelta

from refsys.chains.extraction_s1_slices import OVERLAP_AND_LENGTH_S, slice_count
from refsys.chains.scenarios.happenings import Facts, S1DataTake, S1Segment
from refsys.chains.scenarios.made import MadeProduct, Run
from refsys.model.attributes import Attributes
from refsys.model.products import Product

_BOTH = {frozenset({"VV", "VH"}): "DV", frozenset({"HH", "HV"}): "DH"}
_ALONE = {"VV": "SV", "HH": "SH"}


class Sentinel1:
    """Makes products of Sentinel-1."""

    def __init__(self, facts: Facts) -> None:
        self._received: dict[str, list[tuple[S1DataTake, S1Segment]]] = {}
        for data_take in facts.s1_data_takes:
            for segment in data_take.segments:
                self._received.setdefault(segment.session_id, []).append((data_take, segment))

    def made(self, run: Run) -> list[MadeProduct]:
        """Return what a run makes."""
        if run.chain == "S1-L0AIOP":
            received = self._received.get(run.main.name, [])
            segments = [_segment(take, segment) for take, segment in received if not segment.lost]
            return segments + [_telemetry(kind, run) for kind in ("GP_RAW__0_", "HK_RAW__0_")]
        if run.chain == "S1-L0ASP":
            return _assembled(run)
        beam = run.main.product_type[:2]
        return [_of_slice(f"{beam}{kind[2:]}" if "?" in kind else kind, run.main) for kind in run.outputs]


def _segment(take: S1DataTake, segment: S1Segment) -> MadeProduct:
    whole = segment.consolidation == "FULL"
    attributes = Attributes(
        mode=take.mode,
        polarisation=segment.polarisation,
        data_take_id=take.data_take_id,
        absolute_orbit=take.absolute_orbit,
        instrument_configuration_id=1,
        consolidation="FULL" if whole else "PARTIAL",
        sensing_consolidation=segment.consolidation,
        timeliness=take.timeliness,
    )
    return _named(f"{take.mode}_RAW__0S", segment.start, segment.stop, attributes)


def _telemetry(kind: str, run: Run) -> MadeProduct:
    attributes = Attributes(absolute_orbit=run.main.attributes.absolute_orbit, timeliness="FAST24")
    return MadeProduct(kind, *run.job.sensing, attributes, fields={"orbit": attributes.absolute_orbit})


def _assembled(run: Run) -> list[MadeProduct]:
    """Return slices, and annotation, calibration and noise of the whole."""
    segments = [run.product(ref.name) for ref in run.inputs if ref.role == run.inputs[0].role]
    start, stop = min(one.start for one in segments), max(one.stop for one in segments)
    beam = segments[0].product_type[:2]
    found = {one.attributes.polarisation or "" for one in segments}
    only = next(iter(found))
    polarisation = _BOTH.get(frozenset(found), _ALONE.get(only, only))
    whole = segments[0].attributes.model_copy(
        update={"polarisation": polarisation, "consolidation": None, "sensing_consolidation": None}
    )
    spans = slices_of(beam, start, stop)
    counted = whole.model_copy(update={"slice_count": len(spans)})
    made = [_named(f"{beam}_RAW__0{each}", start, stop, counted) for each in ("" if beam == "RF" else "ACN")]
    for number, (begin, end) in enumerate(spans, 1):
        own = counted.model_copy(update={"consolidation": "SLICE", "slice_number": number})
        made.append(_named(f"{beam}_RAW__0S", begin, end, own))
    return made


def slices_of(beam: str, start: datetime, stop: datetime) -> list[tuple[datetime, datetime]]:
    """Return the slices of what was assembled."""
    if beam not in OVERLAP_AND_LENGTH_S:
        return [(start, stop)]
    overlap_s, length_s = OVERLAP_AND_LENGTH_S[beam]
    count = slice_count(beam, start, stop) or 1
    begins = [start + timedelta(seconds=number * length_s) for number in range(count)]
    ends = [min(begin + timedelta(seconds=length_s + overlap_s), stop) for begin in begins[:-1]]
    return list(zip(begins, [*ends, stop], strict=True))


def _of_slice(kind: str, one: Product) -> MadeProduct:
    return _named(kind, one.start, one.stop, one.attributes)


def _named(kind: str, start: datetime, stop: datetime, attributes: Attributes) -> MadeProduct:
    fields = {
        "polarisation": attributes.polarisation,
        "orbit": attributes.absolute_orbit,
        "data_take_id": int(attributes.data_take_id or 0),
        "beam": kind[:2],
    }
    return MadeProduct(kind, start, stop, attributes, fields=fields)
