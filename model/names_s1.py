"""Names of Sentinel-1 products, auxiliary SAFE folders and Earth Explorer files.

Sources: Sentinel-1 Product Specification S1-RS-MDA-52-7441 (naming convention), Sentinel-1 IPF Auxiliary Product
Specification S1-RS-MDA-52-7443, Earth Explorer Ground Segment File Format Standard PE-TN-ESA-GS-0001.
"""

from refsys.model.names_layout import (
    Layout,
    NameTime,
    Part,
    ProductName,
    choice_part,
    extension_part,
    number_part,
    satellite_part,
    time_part,
)

BEAMS = (
    *(f"S{n}" for n in range(1, 7)),
    *("IW", "EW", "WV", "EN", "RF", "GP", "HK", "IM"),
    *(f"N{n}" for n in range(1, 7)),
    *(f"Z{n}" for n in range(1, 7)),
    *("ZE", "ZI", "ZW"),
)
"""Modes and beams: StripMap S1-S6, wide swaths, wave, notch N1-N6, RF characterisation, GPS, house-keeping, test Z*."""

POLARISATIONS = ("SH", "SV", "DH", "DV", "HH", "HV", "VV", "VH", "__")


class S1ProductName(ProductName):
    """A Sentinel-1 product: `MMM_BB_TTTR_LFPP_<start>_<stop>_<orbit>_<data take>_<crc>.SAFE`.

    Examples
    --------
    >>> name = S1ProductName.parse("S1A_IW_RAW__0SDV_20200101T050000_20200101T050032_030612_0381C5_ABCD.SAFE")
    >>> name.product_type, name.orbit, name.data_take_id
    ('IW_RAW__0S', 30612, 229829)
    """

    layouts = (
        Layout(
            "MMM_BB_TTTR_LFPP_<start>_<stop>_<orbit>_<data take>_<crc>.SAFE",
            choice_part("mission", "S1"),
            satellite_part(any_of_them=False),
            "_",
            choice_part("beam", *BEAMS),
            "_",
            choice_part("content", "RAW", "SLC", "GRD", "OCN", "ETA"),
            choice_part("resolution", "F", "H", "M", "_"),
            "_",
            choice_part("level", "0", "1", "2", "A"),
            Part("product_class", 1, "[SACNX_]", "S standard, A annotation, C calibration, N noise, X extended, or _"),
            choice_part("polarisation", *POLARISATIONS),
            "_",
            time_part("start"),
            "_",
            time_part("stop"),
            "_",
            number_part("orbit", 6),
            "_",
            Part(
                "data_take_id",
                6,
                "[0-9A-F]{6}",
                "6 hexadecimal digits in capitals",
                lambda text: int(text, 16),
                lambda value: f"{value:06X}",
            ),
            "_",
            Part("crc", 4, "[0-9A-F]{4}", "4 hexadecimal digits in capitals"),
            extension_part(".SAFE"),
        ),
    )

    mission: str = "S1"
    satellite: str
    beam: str
    content: str
    resolution: str
    level: str
    product_class: str
    polarisation: str
    start: NameTime
    stop: NameTime
    orbit: int
    data_take_id: int
    crc: str
    extension: str = ".SAFE"

    @property
    def product_type(self) -> str:
        """Beam, content, resolution, level and class: `IW_RAW__0S`."""
        return f"{self.beam}_{self.content}{self.resolution}_{self.level}{self.product_class}"


_AUX_TYPE = Part("aux_type", 7, "AUX_[A-Z0-9]{3}", "AUX_ and three capitals or digits, for example AUX_CAL")


class S1AuxName(ProductName):
    """A Sentinel-1 auxiliary SAFE folder: `MMM_AUX_TTT_V<validity start>[_<validity stop>]_G<generation>.SAFE`.

    Examples
    --------
    >>> name = S1AuxName.parse("S1B_AUX_INS_V20160422T000000_G20211027T134314.SAFE")
    >>> name.product_type, name.stop is None
    ('AUX_INS', True)
    """

    layouts = (
        Layout(
            "MMM_AUX_TTT_V<validity start>_G<generation>.SAFE",
            choice_part("mission", "S1"),
            satellite_part(any_of_them=True),
            "_",
            _AUX_TYPE,
            "_V",
            time_part("start"),
            "_G",
            time_part("creation_time"),
            extension_part(".SAFE"),
        ),
        Layout(
            "MMM_AUX_TTT_V<validity start>_<validity stop>_G<generation>.SAFE",
            choice_part("mission", "S1"),
            satellite_part(any_of_them=True),
            "_",
            _AUX_TYPE,
            "_V",
            time_part("start"),
            "_",
            time_part("stop"),
            "_G",
            time_part("creation_time"),
            extension_part(".SAFE"),
        ),
    )

    mission: str = "S1"
    satellite: str
    aux_type: str
    start: NameTime
    stop: NameTime | None = None
    creation_time: NameTime
    extension: str = ".SAFE"

    @property
    def product_type(self) -> str:
        """`AUX_CAL`, `AUX_INS`, ..."""
        return self.aux_type


_EOF_HEAD = (
    choice_part("mission", "S1"),
    satellite_part(any_of_them=True),
    "_",
    Part("file_class", 4, "[A-Z0-9]{4}", "4 capitals or digits, for example OPER"),
    "_",
    Part("file_type", 10, "[A-Z][A-Z0-9_]{9}", "10 capitals, digits or _, for example AUX_RESORB"),
)
_EOF_SITE = Part("site", 4, "[A-Z0-9_]{4}", "4 capitals, digits or _, for example OPOD")
_EOF_END = extension_part(".EOF", ".xml", ".XML")


class S1EofName(ProductName):
    """A Sentinel-1 Earth Explorer file: orbits, masks, plans, reports.

    Four forms are in use; the fields that a form lacks are None. In the last one the time is the creation or the
    validity start, as its writer pleased: ask the content.

    Examples
    --------
    >>> S1EofName.parse("S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507.EOF").product_type
    'AUX_RESORB'
    >>> S1EofName.parse("S1A_OPER_MPL_ORBPRE_20171208T200309_20171215T200309_0001.EOF").version
    '0001'
    """

    layouts = (
        Layout(
            "MMM_CCCC_TTTTTTTTTT_<site>_<creation>_V<start>_<stop>.EOF",
            *_EOF_HEAD,
            "_",
            _EOF_SITE,
            "_",
            time_part("creation_time"),
            "_V",
            time_part("start"),
            "_",
            time_part("stop"),
            _EOF_END,
        ),
        Layout(
            "MMM_CCCC_TTTTTTTTTT_<start>_<stop>_<version>.EOF",
            *_EOF_HEAD,
            "_",
            time_part("start"),
            "_",
            time_part("stop"),
            "_",
            Part("version", 4, "[0-9]{4}", "4 digits"),
            _EOF_END,
        ),
        Layout(
            "MMM_CCCC_TTTTTTTTTT_V<start>_G<creation>.EOF",
            *_EOF_HEAD,
            "_V",
            time_part("start"),
            "_G",
            time_part("creation_time"),
            _EOF_END,
        ),
        Layout(
            "MMM_CCCC_TTTTTTTTTT_<site>_<time>.xml",
            *_EOF_HEAD,
            "_",
            _EOF_SITE,
            "_",
            time_part("creation_time"),
            _EOF_END,
        ),
    )

    mission: str = "S1"
    satellite: str
    file_class: str = "OPER"
    file_type: str
    site: str | None = None
    creation_time: NameTime | None = None
    start: NameTime | None = None
    stop: NameTime | None = None
    version: str | None = None
    extension: str = ".EOF"

    @property
    def product_type(self) -> str:
        """The file type; the antenna error matrices AMH_ERRMAT and AMV_ERRMAT are both `AUX_ECE`."""
        return "AUX_ECE" if self.file_type in ("AMH_ERRMAT", "AMV_ERRMAT", "AM__ERRMAT") else self.file_type
