"""Names of what a simulated processor makes: the conventions of the missions, filled from a job order.

What a job order does not say (orbits, cycles, data takes) is taken from the name of its main input, or is a plain
default: names are right in form, not in geography.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any
from zlib import crc32

from refsys.chains.extraction_s1_slices import OVERLAP_AND_LENGTH_S, slice_count
from refsys.model.errors import InputCorrupt, NameInvalid
from refsys.model.job_orders import JobOrder
from refsys.model.names import Name, S1ProductName, S2PdiName, S3ProductName, parse_name
from refsys.model.names_s1 import BEAMS
from refsys.model.names_s3 import INSTRUMENTS
from refsys.model.values import UtcTime, Value

_S1_TYPE = re.compile(r"(?P<beam>[A-Z][A-Z0-9])_(?P<content>RAW|SLC|GRD|OCN|ETA)(?P<resolution>[FHM_])_"
                      r"(?P<level>[012A])(?P<product_class>[SACNX_])")  # fmt: skip
_S3_TYPE = re.compile(rf"({'|'.join(INSTRUMENTS)})_([012_])_([A-Z0-9_]{{6}})")
_S2_TYPE = re.compile(r"MSI_L(0_|0U|1A|1B|1C|2A)_(DS|GR|TL|TC)")
_ONE_FOR_ALL_CLASS_NAMES = {"SM": "S1", "AN": "N1", "ZS": "Z1"}
_TIMELINESS = {"NRT": "NR", "STC": "ST", "NTC": "NT"}
_PAIRS = {frozenset(("VV", "VH")): "DV", frozenset(("HH", "HV")): "DH"}
_SINGLE = {"VV": "SV", "HH": "SH"}


class Facts(Value):
    """What names are made of."""

    mission: str
    satellite: str = "A"
    start: UtcTime
    stop: UtcTime
    creation_time: UtcTime
    fields: dict[str, Any] = {}
    """Of the main input: orbit, data take, polarisation, instance, ..."""
    timeliness: str = "NR"


class Made(Value):
    """A product to be made: its name, and what its manifest says."""

    name: str
    type: str
    start: UtcTime
    stop: UtcTime
    creation_time: UtcTime
    slice_number: int | None = None
    slice_count: int | None = None


def mission_of(file_type: str) -> str | None:
    """Return the mission whose products have such a type; None for reports, lists and intermediate files.

    Examples
    --------
    >>> [mission_of(kind) for kind in ("IW_GRDH_1S", "OL_1_EFR___", "MSI_L1C_TL", "OL_1_EFRINT", "SignalData")]
    ['S1', 'S3', 'S2', None, None]
    """
    if (match := _S1_TYPE.fullmatch(file_type)) and _beam(match["beam"]) in BEAMS:
        return "S1"
    if _S3_TYPE.fullmatch(file_type) and not file_type.endswith("INT"):
        return "S3"
    return "S2" if _S2_TYPE.fullmatch(file_type) else None


def facts_of(job_order: JobOrder, creation_time: datetime | None = None) -> Facts:
    """Return what a job order says for names; without a creation time it is an hour after the interval.

    Raises
    ------
    InputCorrupt
        If neither its sensing time nor the name of an input says when, or nothing says of which mission.
    """
    names = list(_input_names(job_order))
    main = next((name for name in names if _is_main(name)), None)
    start, stop = getattr(main, "start", None), getattr(main, "stop", None)
    if job_order.sensing is not None and (start is None or stop is None or not isinstance(main, S1ProductName)):
        start, stop = job_order.sensing
    start = start or getattr(main, "sensing_time", None)
    if start is None:
        raise InputCorrupt("job order has no sensing time, and no input whose name says one")
    types = [output.file_type for process in job_order.processes for output in process.outputs]
    stop = max(stop or start, start)
    missions = [m for m in (*(getattr(name, "mission", None) for name in names), *map(mission_of, types)) if m]
    if not missions:
        raise InputCorrupt("job order names no product of a mission, neither as input nor as output")
    letters = [str(letter) for name in names if (letter := getattr(name, "satellite", "_")) != "_"]
    return Facts(
        mission=missions[0],
        satellite=getattr(main, "satellite", None) or (letters[0] if letters else "A"),
        start=start,
        stop=stop,
        creation_time=(creation_time or stop + timedelta(hours=1)).replace(microsecond=0),
        fields={} if main is None else dict(main),
        timeliness=_timeliness(job_order, main),
    )


def polarisation_of(job_order: JobOrder) -> str | None:
    """Return the polarisation of what is made of one or more segments: `VV` and `VH` make `DV`."""
    found = {name.polarisation for name in _input_names(job_order) if isinstance(name, S1ProductName)}
    if len(found) == 1:
        (only,) = found
        return _SINGLE.get(only, only)
    return _PAIRS.get(frozenset(found))


def segment_interval(job_order: JobOrder) -> tuple[datetime, datetime] | None:
    """Return the interval that the Sentinel-1 products among the inputs cover together; None without any."""
    found = [(name.start, name.stop) for name in _input_names(job_order) if isinstance(name, S1ProductName)]
    return (min(start for start, _ in found), max(stop for _, stop in found)) if found else None


def names_of(file_type: str, facts: Facts, count: int = 1) -> list[Made]:
    """Return products of one type: the interval cut into `count` equal parts; empty if it is of no mission."""
    mission = mission_of(file_type)
    if mission is None:
        return []
    part = (facts.stop - facts.start) / count
    cuts = [(facts.start + number * part, facts.start + (number + 1) * part) for number in range(count)]
    return [_made(file_type, facts, start, stop, number + 1) for number, (start, stop) in enumerate(cuts)]


def slices_of(file_type: str, facts: Facts) -> list[Made]:
    """Return the slices that a segment of Sentinel-1 is cut into; neighbours share an overlap."""
    beam = str(facts.fields.get("beam", file_type[:2]))
    overlap_s, length_s = OVERLAP_AND_LENGTH_S.get(beam, (0.0, (facts.stop - facts.start).total_seconds()))
    count = slice_count(beam, facts.start, facts.stop) or 1
    found = []
    for number in range(count):
        start = facts.start + timedelta(seconds=number * length_s)
        stop = facts.stop if number == count - 1 else start + timedelta(seconds=length_s + overlap_s)
        made = _made(file_type, facts, start, min(stop, facts.stop), number + 1)
        found.append(made.model_copy(update={"slice_number": number + 1, "slice_count": count}))
    return found


def _made(file_type: str, facts: Facts, start: datetime, stop: datetime, number: int) -> Made:
    write = {"S1": _s1_name, "S2": _s2_name, "S3": _s3_name}[str(mission_of(file_type))]
    return Made(
        name=write(file_type, facts, start, stop, number),
        type=file_type,
        start=start,
        stop=stop,
        creation_time=facts.creation_time,
        slice_number=facts.fields.get("slice_number"),
    )


def _s1_name(file_type: str, facts: Facts, start: datetime, stop: datetime, number: int) -> str:
    match = _S1_TYPE.fullmatch(file_type)
    assert match is not None  # the type was recognised by this pattern
    fields, beam = facts.fields, _beam(match["beam"])
    given = str(fields.get("beam", beam))
    alone = match["beam"] in ("GP", "HK")
    return S1ProductName(
        **match.groupdict() | {"beam": given if given[0] == beam[0] and match["beam"] in ("SM", "AN") else beam},
        satellite=facts.satellite,
        polarisation="__" if alone else fields.get("polarisation", "DV"),
        start=start,
        stop=stop,
        orbit=fields.get("orbit", 1),
        data_take_id=None if alone else fields.get("data_take_id", 1) or 1,
        crc=f"{crc32(f'{file_type} {start} {stop} {facts.creation_time} {number}'.encode()) & 0xFFFF:04X}",
    ).format()


def _s2_name(file_type: str, facts: Facts, start: datetime, stop: datetime, number: int) -> str:
    fields, kind = facts.fields, file_type[-2:]
    more: dict[str, Any] = {"baseline": fields.get("baseline") or "04.00"}
    if kind == "GR":
        more |= {"sensing_time": start, "detector": f"{(number - 1) % 12 + 1:02d}"}
    elif kind == "DS":
        more |= {"sensing_time": fields.get("sensing_time") or start}
    else:
        more |= {"orbit": fields.get("orbit") or 1, "tile": fields.get("tile") or f"{30 + number:02d}TNS"}
    name = S2PdiName(
        satellite=facts.satellite, file_type=file_type, site="REFS", creation_time=facts.creation_time, **more
    )
    return name.format() + (".jp2" if kind == "TC" else "")


def _s3_name(file_type: str, facts: Facts, start: datetime, stop: datetime, _number: int) -> str:
    match = _S3_TYPE.fullmatch(file_type)
    assert match is not None  # the type was recognised by this pattern
    instance = str(facts.fields.get("instance", ""))
    track = instance[4:12] if re.fullmatch(r"[0-9]{4}_[0-9]{3}_[0-9]{3}_.{4}", instance) else "_001_001"
    duration_s = min(round((stop - start).total_seconds()), 9999)
    return S3ProductName(
        satellite=facts.satellite,
        instrument=match[1],
        level=match[2],
        data_type=match[3],
        start=start,
        stop=stop,
        creation_time=facts.creation_time,
        instance="_" * 17 if file_type.endswith("AX") else f"{duration_s:04d}{track}_____",
        centre="LN3",
        class_id=f"O_{facts.timeliness}_002",
        extension=".ISIP" if file_type.endswith("_G") else ".SEN3",
    ).format()


def _beam(beam: str) -> str:
    return _ONE_FOR_ALL_CLASS_NAMES.get(beam, beam)


def _input_names(job_order: JobOrder) -> Iterator[Name]:
    for process in job_order.processes:
        for entry in process.inputs:
            for path in entry.file_names:
                if (name := _parsed(PurePosixPath(path).name)) is not None:
                    yield name


@lru_cache(8192)  # simulations of many runs meet the same auxiliary files again and again
def _parsed(text: str) -> Name | None:
    """Return a parsed name; None for static data, intermediate files, and a processor's own names."""
    try:
        return parse_name(text)
    except NameInvalid:
        return None


def _is_main(name: Name) -> bool:
    if isinstance(name, S3ProductName):
        return not name.is_auxiliary
    return isinstance(name, S1ProductName) or (isinstance(name, S2PdiName) and name.file_type.startswith("MSI_"))


def _timeliness(job_order: JobOrder, main: Name | None) -> str:
    for parameter in ("orderType", "Processing_Mode", "timeliness"):
        if (given := _TIMELINESS.get(job_order.parameter(parameter) or "")) is not None:
            return given
    return main.timeliness if isinstance(main, S3ProductName) else "NR"
