"""Ghosts: segments of Sentinel-1 Level 0 that stray packets make, too short to be real."""

import re
from pathlib import Path

from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import NameInvalid, RefsysError
from refsys.model.names_s1 import S1ProductName
from refsys.model.processors import GhostRule


def is_ghost(product: Path, rule: GhostRule) -> bool:
    """Return whether a product is a ghost.

    A segment of EW, IW, SM or WV is one if it is not longer than the threshold of its mode; one of RF if its manifest
    calls it partial. What cannot be read as a Level-0 product is none.
    """
    try:
        name = S1ProductName.parse(product.name)
    except NameInvalid:
        return False
    if name.level != "0":
        return False
    if name.beam == "RF":
        return _is_partial(product / "manifest.safe")
    mode = "sm" if re.fullmatch("S[1-6]", name.beam) else name.beam.lower()
    threshold_s = {"ew": rule.ew_s, "iw": rule.iw_s, "sm": rule.sm_s, "wv": rule.wv_s}.get(mode, -1.0)
    return (name.stop - name.start).total_seconds() <= threshold_s


def _is_partial(manifest: Path) -> bool:
    try:
        root = parse_xml(manifest)
    except RefsysError:
        return False
    return any((element.text or "").strip() == "PARTIAL" for element in root.iterfind(".//{*}productConsolidation"))
