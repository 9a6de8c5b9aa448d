"""Names of Earth Explorer files (.EOF): orbits, masks, plans and reports.

Source: Earth Explorer Ground Segment File Format Standard PE-TN-ESA-GS-0001, and the names in use.
"""

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

_HEAD = (
    choice_part("mission", "S1", "S2", "S3"),
    satellite_part(any_of_them=True),
    "_",
    Part("file_class", 4, "[A-Z0-9]{4}", "4 capitals or digits, for example OPER"),
    "_",
    Part("file_type", 10, "[A-Z][A-Z0-9_]{9}", "10 capitals, digits or _, for example AUX_RESORB"),
)
_SITE = Part("site", 4, "[A-Z0-9_]{4}", "4 capitals, digits or _, for example OPOD")
_END = extension_part(".EOF", ".xml", ".XML")


class EofName(ProductName):
    """An Earth Explorer file: orbits, masks, plans, reports.

    Sentinel-2 files of the first form follow the convention of its product data items: `S2PdiName`.

    Four forms are in use; the fields that a form lacks are None. In the last one the time is the creation or the
    validity start, as its writer pleased: ask the content.

    Examples
    --------
    >>> EofName.parse("S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507.EOF").product_type
    'AUX_RESORB'
    >>> EofName.parse("S1A_OPER_MPL_ORBPRE_20171208T200309_20171215T200309_0001.EOF").version
    '0001'
    """

    layouts = (
        Layout(
            "MMM_CCCC_TTTTTTTTTT_<site>_<creation>_V<start>_<stop>.EOF",
            *_HEAD,
            "_",
            _SITE,
            "_",
            time_part("creation_time"),
            "_V",
            time_part("start"),
            "_",
            time_part("stop"),
            _END,
        ),
        Layout(
            "MMM_CCCC_TTTTTTTTTT_<start>_<stop>_<version>.EOF",
            *_HEAD,
            "_",
            time_part("start"),
            "_",
            time_part("stop"),
            "_",
            Part("version", 4, "[0-9]{4}", "4 digits"),
            _END,
        ),
        Layout(
            "MMM_CCCC_TTTTTTTTTT_V<start>_G<creation>.EOF",
            *_HEAD,
            "_V",
            time_part("start"),
            "_G",
            time_part("creation_time"),
            _END,
        ),
        Layout(
            "MMM_CCCC_TTTTTTTTTT_<site>_<time>.xml",
            *_HEAD,
            "_",
            _SITE,
            "_",
            time_part("creation_time"),
            _END,
        ),
    )

    mission: str
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
