"""Names of Sentinel-1 products and auxiliary SAFE folders.

Sources: Sentinel-1 Product Specification S1-RS-MDA-52-7441 (naming convention), Sentinel-1 IPF Auxiliary Product
Specification S1-RS-MDA-52-7443.
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
            choice_part("content", "RAW", "SLC", "GRD", "OCN", "ETA", "SL1", "SL2"),
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
                "[0-9A-F]{6}|_{6}",
                "6 hexadecimal digits in capitals, or ______",
                lambda text: None if text == "______" else int(text, 16),
                lambda value: "______" if value is None else f"{value:06X}",
            ),
            "_",
            Part("crc", 4, "[0-9A-Z]{4}", "4 digits or capitals (hexadecimal, as a rule)"),
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
    data_take_id: int | None = None
    """None for GPS and house-keeping products, which belong to no data take."""
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
