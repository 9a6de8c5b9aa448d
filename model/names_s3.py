"""Names of Sentinel-3 products and auxiliary files.

Source: Sentinel-3 PDGS File Naming Convention, EUM/LEO-SEN3/SPE/10/0070 (fixed columns).
"""

import re

from refsys.model.names_layout import (
    Layout,
    NameTime,
    Part,
    ProductName,
    choice_part,
    extension_part,
    satellite_part,
    time_part,
)

INSTRUMENTS = ("OL", "SL", "SR", "DO", "MW", "GN", "SY", "TM", "AX")
"""OLCI, SLSTR, SRAL, DORIS, MWR, GNSS, synergy, telemetry, multi-instrument auxiliary data."""

_PASS = re.compile(r"([0-9]{4})_([0-9]{3})_([0-9]{3})_([0-9]{4}|_{4})")


class S3ProductName(ProductName):
    """A Sentinel-3 product or auxiliary file.

    `MMM_OO_L_TTTTTT_<start>_<stop>_<creation>_<instance>_<centre>_<class>.SEN3`

    Examples
    --------
    >>> name = S3ProductName.parse(
    ...     "S3A_SR_1_SRA____20230309T204558_20230309T204623_20230309T225028_0024_096_214______PS1_O_NR_004.SEN3"
    ... )
    >>> name.product_type, name.duration_s, name.cycle, name.relative_orbit, name.frame, name.timeliness
    ('SR_1_SRA___', 24, 96, 214, None, 'NR')
    """

    layouts = (
        Layout(
            "MMM_OO_L_TTTTTT_<start>_<stop>_<creation>_<instance>_<centre>_<class>.SEN3",
            choice_part("mission", "S3"),
            satellite_part(any_of_them=True),
            "_",
            choice_part("instrument", *INSTRUMENTS),
            "_",
            choice_part("level", "0", "1", "2", "_"),
            "_",
            Part("data_type", 6, "[A-Z0-9_]{6}", "6 capitals, digits or _, for example SRA___"),
            "_",
            time_part("start"),
            "_",
            time_part("stop"),
            "_",
            time_part("creation_time"),
            "_",
            Part("instance", 17, "[A-Z0-9_]{17}", "17 columns, for example 0024_096_214_____, a tile's name or all _"),
            "_",
            Part("centre", 3, "[A-Z0-9_]{3}", "3 capitals or digits, for example LN3"),
            "_",
            Part(
                "class_id",
                8,
                "[A-Z_]_[A-Z_]{2}_[A-Z0-9_]{3}",
                "platform, timeliness and baseline as P_XX_NNN, for example O_NR_004",
            ),
            extension_part(".SEN3", ".ISIP"),
        ),
    )

    mission: str = "S3"
    satellite: str
    instrument: str
    level: str
    data_type: str
    start: NameTime
    stop: NameTime
    creation_time: NameTime
    instance: str
    centre: str
    class_id: str
    extension: str = ".SEN3"

    @property
    def product_type(self) -> str:
        """Eleven characters: `SR_1_SRA___`."""
        return f"{self.instrument}_{self.level}_{self.data_type}"

    @property
    def is_auxiliary(self) -> bool:
        """Whether its times are a validity: the data type ends with `AX`."""
        return self.data_type.endswith("AX")

    @property
    def duration_s(self) -> int | None:
        """Duration of a frame or stripe in seconds; None for tiles and auxiliary files."""
        return int(self.instance[:4]) if self.instance[:4].isdigit() else None

    @property
    def cycle(self) -> int | None:
        """Cycle number of a frame or stripe."""
        return self._pass_number(2)

    @property
    def relative_orbit(self) -> int | None:
        """Relative orbit of a frame or stripe."""
        return self._pass_number(3)

    @property
    def frame(self) -> int | None:
        """Start of a frame in seconds along its orbit; None for stripes."""
        return self._pass_number(4)

    @property
    def timeliness(self) -> str:
        """`NR`, `ST`, `NT`, or `AL` and others of auxiliary files."""
        return self.class_id[2:4]

    def _pass_number(self, group: int) -> int | None:
        match = _PASS.fullmatch(self.instance)
        return None if match is None or match[group] == "____" else int(match[group])
