"""Product names: one door to the conventions of all missions."""

import re
from collections.abc import Callable

from refsys.model.errors import NameInvalid
from refsys.model.names_earth_explorer import EofName
from refsys.model.names_s1 import S1AuxName, S1ProductName
from refsys.model.names_s2 import S2CompactName, S2HktmName, S2PdiName
from refsys.model.names_s3 import S3ProductName
from refsys.model.names_sessions import SessionFileName, SessionName

Name = (
    S1ProductName
    | S1AuxName
    | EofName
    | S2PdiName
    | S2HktmName
    | S2CompactName
    | S3ProductName
    | SessionName
    | SessionFileName
)
"""A parsed name; every kind has `format()`."""

__all__ = [
    "EofName",
    "Name",
    "S1AuxName",
    "S1ProductName",
    "S2CompactName",
    "S2HktmName",
    "S2PdiName",
    "S3ProductName",
    "SessionFileName",
    "SessionName",
    "parse_name",
]

_KINDS: tuple[tuple[re.Pattern[str], Callable[[str], Name]], ...] = (
    (re.compile("DCS_"), SessionFileName.parse),
    (re.compile("S[123]._[0-9]{6}"), SessionName.parse),
    (re.compile("S1._AUX_"), S1AuxName.parse),
    (re.compile("S[13]._[A-Z0-9]{4}_|S2._[A-Z0-9]{4}_(MPL|REP)_"), EofName.parse),
    (re.compile("S1"), S1ProductName.parse),
    (re.compile("S2._MSI"), S2CompactName.parse),
    (re.compile("S2._[A-Z0-9]{4}_PRD_HKTM__"), S2HktmName.parse),
    (re.compile("S2"), S2PdiName.parse),
    (re.compile("S3"), S3ProductName.parse),
)


def parse_name(text: str) -> Name:
    """Return the fields of a product name, auxiliary file name, session identifier or session file name.

    Parameters
    ----------
    text
        The bare name, without folders; extensions such as `.SAFE` or `.SEN3.zip` may be there or not.

    Raises
    ------
    NameInvalid
        Naming the wrong field, its text, and what would be right.

    Examples
    --------
    >>> parse_name("S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911").product_type
    'MSIL1C'
    >>> parse_name("S1A_IW_RAW__0SXX_20200101T050000_20200101T050032_030612_0381C5_ABCD.SAFE")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    refsys.model.errors.NameInvalid: polarisation is 'XX', must be one of SH, SV, DH, DV, HH, HV, VV, VH, __ [S1A_...
    """
    for beginning, parse in _KINDS:
        if beginning.match(text):
            return parse(text)
    raise NameInvalid(
        f"mission is {text[:2]!r}, must be S1, S2 or S3 (or the name of a session's file, DCS_...)",
        where=text,
        hint="give the bare product name, without folders",
    )
