"""What a product's name alone says of it: enough to list a station's offer or an archive's contents in bulk.

Sources: the naming conventions in `refsys.model.names`.
"""

from datetime import datetime
from typing import Any

from pydantic import JsonValue

from refsys.chains.extraction_elements import OPEN_END
from refsys.chains.extraction_s3 import TIMELINESS
from refsys.chains.units import ProductDraft
from refsys.model.attributes import Attributes
from refsys.model.errors import InputCorrupt
from refsys.model.names import (
    EofName,
    Name,
    S1AuxName,
    S1ProductName,
    S2CompactName,
    S2HktmName,
    S2PdiName,
    S3ProductName,
    SessionFileName,
    SessionName,
    parse_name,
)

_ARCHIVES = (".zip", ".tar.gz", ".tar", ".tgz", ".TGZ", ".ZIP", ".TAR")
_AUXILIARY = ("AUX_", "DEM_", "GIP_")
_Times = tuple[datetime | None, datetime | None, datetime | None]


def name_draft(text: str) -> ProductDraft:
    """Return the draft of a name; the ending of an archive is no part of the product's name.

    Names hold no microseconds. Where a name holds no creation time it is taken to be the stop: what was made, was made
    after that.

    Raises
    ------
    NameInvalid
        If the name does not follow its mission's convention.
    InputCorrupt
        If a name of this kind holds no times; only its metadata do.

    Examples
    --------
    >>> draft = name_draft("S2A_OPER_MSI_L1A_GR_MTI__20141104T134012_S20141104T134012_D03_N01.12")
    >>> draft.product_type, draft.attributes.detector, draft.attributes.baseline
    ('MSI_L1A_GR', '03', '01.12')
    """
    name = parse_name(text)
    start, stop, created = _times(name)
    if start is None or stop is None or isinstance(name, SessionFileName):
        raise InputCorrupt("its name alone does not say from when to when it is", where=text, hint="give its files")
    bare = next((text.removesuffix(ending) for ending in _ARCHIVES if text.endswith(ending)), text)
    return ProductDraft(
        name=bare,
        product_type=name.product_type,
        mission=name.mission,
        satellite=name.satellite,
        start=start,
        stop=stop,
        creation_time=created or stop,
        attributes=Attributes(**name_attributes(name)),
        figures=_figures(name),
    )


def name_attributes(name: Name) -> dict[str, Any]:
    """Return what a name says, as `Attributes` call it."""
    match name:
        case S1ProductName():
            data_take = None if name.data_take_id is None else str(name.data_take_id)
            polarisation = None if name.polarisation == "__" else name.polarisation
            found = {"mode": name.beam, "swath": name.beam, "polarisation": polarisation}
            return found | {"data_take_id": data_take, "absolute_orbit": name.orbit}
        case S2PdiName():
            found = {"tile": name.tile, "detector": name.detector, "band": name.band, "baseline": name.baseline}
            orbit = name.first_orbit if name.orbit is None else name.orbit
            orbits = {"absolute_orbit": orbit, "absolute_orbit_stop": name.last_orbit}
            return found | orbits | {"relative_orbit": name.relative_orbit, "station": name.site}
        case S2CompactName():
            return {"tile": name.tile, "baseline": name.baseline, "relative_orbit": name.relative_orbit}
        case S3ProductName():
            serves = TIMELINESS.get(name.timeliness, ())
            timeliness = serves[0] if len(serves) == 1 else None
            return {"cycle": name.cycle, "relative_orbit": name.relative_orbit, "timeliness": timeliness}
        case EofName():
            return {"station": name.site}
        case _:
            return {}


def _times(name: Name) -> _Times:
    """Return start, stop and creation time, as far as the name says them."""
    found: _Times = (None, None, None)
    match name:
        case S1ProductName() | S2HktmName():
            found = name.start, name.stop, None
        case S1AuxName():
            found = name.start, name.stop or OPEN_END, name.creation_time
        case EofName():
            found = name.start, name.stop or OPEN_END, name.creation_time or name.start
        case S2PdiName():
            found = _pdi_times(name)
        case S2CompactName():
            found = name.start, name.start, name.discriminator
        case S3ProductName():
            found = name.start, name.stop, name.creation_time
        case SessionName():
            found = name.start, name.start, name.start
        case _:
            pass
    return found


def _pdi_times(name: S2PdiName) -> _Times:
    """Return validity or sensing time; of auxiliary files a sensing time is the beginning of an open validity."""
    if name.start is not None:
        return name.start, name.stop or OPEN_END, name.creation_time
    if name.sensing_time is not None and name.file_type.startswith(_AUXILIARY):
        return name.sensing_time, OPEN_END, name.creation_time
    return name.sensing_time, name.sensing_time, name.creation_time


def _figures(name: Name) -> dict[str, JsonValue]:
    match name:
        case S1ProductName():
            return {"beam": name.beam, "orbit": name.orbit}
        case S2PdiName():
            found = {"completeness": name.completeness, "degradation": name.degradation}
            return {key: value for key, value in found.items() if value is not None}
        case S3ProductName() if name.is_auxiliary:
            return {"serves_timeliness": list(TIMELINESS.get(name.timeliness, ()))}
        case EofName() if name.version is not None:
            return {"version": name.version}
        case _:
            return {}
