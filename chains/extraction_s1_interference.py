"""What the annotation of a Sentinel-1 Level-1 product says of radio frequency interference (RFI).

Source: Sentinel-1 Product Specification S1-RS-MDA-52-7441, RFI annotation data set.
"""

import re
from collections.abc import Iterable

from refsys.chains.extraction_elements import Elements
from refsys.model.errors import InputCorrupt

_RFI_FILE = re.compile("rfi-s1.-.*-[hv]([hv])-.*[.]xml", re.IGNORECASE)
_MITIGATIONS = ("NOTSUPPORTED", "NEVER", "BASEDONNOISEMEAS", "ALWAYS")
_MITIGATING = ("BASEDONNOISEMEAS", "ALWAYS")


def interference_mitigation(annotation: Elements) -> str:
    """Return `rfiMitigationPerformed` of an annotation (`InputCorrupt` if absent or none of the four known)."""
    text = annotation.needed("rfiMitigationPerformed")
    annotation.choice("rfiMitigationPerformed", text, _MITIGATIONS)
    return text


def polarisations_with_interference(files: Iterable[tuple[str, Elements]]) -> int:
    """Return in how many received polarisations interference was detected, by the names and contents of RFI files.

    Raises
    ------
    InputCorrupt
        If a name is none of an RFI file, or `rfiDetected` is neither true nor false.
    """
    found = set()
    for name, elements in files:
        match = _RFI_FILE.fullmatch(name)
        if match is None:
            raise InputCorrupt("name is none of an RFI annotation (rfi-s1*-hh-*.xml)", where=elements.where)
        said = [elements.choice("rfiDetected", text, ("TRUE", "FALSE")) for text in elements.texts("rfiDetected")]
        if "TRUE" in said:
            found.add(match[1].lower())
    return len(found)


def polarisations_mitigated(detected: int, mitigation: str) -> int:
    """Return in how many polarisations interference was removed."""
    return detected if mitigation.upper() in _MITIGATING else 0
