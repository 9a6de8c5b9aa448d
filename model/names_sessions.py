"""Names of acquisition sessions and of the files a station delivers in them."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from refsys.model.errors import NameInvalid
from refsys.model.names_layout import Layout, NameTime, Part, ProductName, choice_part, number_part, satellite_part
from refsys.model.times import parse_compact_time
from refsys.model.values import Value


class SessionName(ProductName):
    """An acquisition session: `MMM_<yyyymmddhhmmss><downlink orbit>`.

    Sessions of other stations, for example by relay (`L2017...`), have identifiers without satellite: those are no
    names of this convention.

    Examples
    --------
    >>> name = SessionName.parse("S1A_20200120185900030888")
    >>> name.product_type, name.downlink_orbit, name.start.isoformat()
    ('S1_SESSION', 30888, '2020-01-20T18:59:00+00:00')
    """

    layouts = (
        Layout(
            "MMM_<yyyymmddhhmmss><downlink orbit>",
            choice_part("mission", "S1", "S2", "S3"),
            satellite_part(any_of_them=False),
            "_",
            Part(
                "start",
                14,
                "[1-9][0-9]{13}",
                "a time yyyymmddhhmmss that exists",
                lambda text: parse_compact_time(f"{text[:8]}T{text[8:]}"),
                lambda value: f"{value:%Y%m%d%H%M%S}",
            ),
            number_part("downlink_orbit", 6),
            Part("extension", None, "", "nothing"),
        ),
    )

    mission: str
    satellite: str
    start: NameTime
    downlink_orbit: int
    extension: str = ""

    @property
    def product_type(self) -> str:
        """`S1_SESSION`, `S2_SESSION` or `S3_SESSION`."""
        return f"{self.mission}_SESSION"


_CONVENTION = "DCS_<unit>_<session>_ch<channel>_DSDB_<nnnnn>.raw or DCS_<unit>_<session>_ch<channel>_DSIB.xml"
_SESSION_ID = "[0-9A-Za-z]+(?:_[0-9A-Za-z]+)*"
_SESSION_FILE = re.compile(
    rf"DCS_(?P<station_unit>[0-9]{{2}})_(?P<session_id>{_SESSION_ID})_ch(?P<channel>[1-9])_"
    r"(?:DSDB_(?P<number>[0-9]{5})(?P<raw>\.raw|\.aisp)|DSIB(?P<xml>\.xml))"
)
_STEPS = (
    ("it", "DCS_", "begin with DCS_"),
    ("the station unit", "DCS_[0-9]{2}_", "be 2 digits"),
    ("the session", f"DCS_[0-9]{{2}}_{_SESSION_ID}_ch", "be letters, digits and single _, and _ch must follow it"),
    ("the channel", f"DCS_[0-9]{{2}}_{_SESSION_ID}_ch[1-9]_", "be 1 to 9"),
)


class SessionFileName(Value):
    """A file of a session: a chunk (DSDB) of one channel, or the list (DSIB) of a channel's chunks.

    Examples
    --------
    >>> name = SessionFileName.parse("DCS_02_L20171109175634707000125_ch1_DSDB_00007.raw")
    >>> name.session_id, name.channel, name.number
    ('L20171109175634707000125', 1, 7)
    """

    station_unit: str
    session_id: str
    channel: int = Field(ge=1, le=9)
    number: int | None = Field(None, ge=0, le=99_999, description="Number of the chunk; None for the list (DSIB).")
    extension: Literal[".raw", ".aisp", ".xml"]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fields of a name (`NameInvalid` says which field is wrong, its text, and what is right)."""
        match = _SESSION_FILE.fullmatch(text)
        if match is None:
            raise NameInvalid(_first_fault(text), where=text, hint=f"the convention is {_CONVENTION}")
        return cls(
            station_unit=match["station_unit"],
            session_id=match["session_id"],
            channel=int(match["channel"]),
            number=None if match["number"] is None else int(match["number"]),
            extension=match["raw"] or match["xml"],
        )

    def format(self) -> str:
        """Return the name."""
        kind = "DSIB" if self.number is None else f"DSDB_{self.number:05d}"
        return f"DCS_{self.station_unit}_{self.session_id}_ch{self.channel}_{kind}{self.extension}"

    @property
    def is_list(self) -> bool:
        """Whether it is a DSIB."""
        return self.number is None

    @model_validator(mode="after")
    def _is_a_name(self) -> Self:
        if _SESSION_FILE.fullmatch(text := self.format()) is None:
            raise ValueError(f"{text} is no session file: {_first_fault(text)}")
        return self


def _first_fault(text: str) -> str:
    done = 0
    for field, pattern, right in _STEPS:
        match = re.match(pattern, text)
        if match is None:
            return f"{field} ({text[done:]!r}) must {right}"
        done = match.end()
    return f"the kind is {text[done:]!r}, must be DSDB_nnnnn.raw, DSDB_nnnnn.aisp or DSIB.xml"
