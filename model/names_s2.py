"""Names of Sentinel-2 product data items (PDI), house-keeping products and compact SAFE products.

Source: Sentinel-2 Products Specification Document S2-PDGS-TAS-DI-PSD (PDI names: fields marked by a letter; compact
names since 2016).
"""

import re
from dataclasses import dataclass
from typing import Any, Self

from pydantic import model_validator

from refsys.model.errors import NameInvalid
from refsys.model.names_layout import (
    Layout,
    NameTime,
    Part,
    ProductName,
    choice_part,
    number_part,
    satellite_part,
    time_part,
)
from refsys.model.times import compact_time, parse_compact_time

_EXTENSION = Part(
    "extension", None, r"(?:\.[A-Za-z0-9]{1,4}){0,3}", "nothing, or up to three extensions of 1-4 letters"
)
_HEAD = (choice_part("mission", "S2"), satellite_part(any_of_them=True), "_")
_FILE_CLASS = Part("file_class", 4, "[A-Z0-9]{4}", "4 capitals or digits, for example OPER")
_TILE = Part("tile", 5, "[0-9]{2}[A-Z]{3}", "2 digits and 3 capitals, for example 32TNS")


@dataclass(frozen=True)
class _Marked:
    """A field that its letter announces; orbits and validity have two values."""

    letter: str
    fields: tuple[str, ...]
    pattern: str
    right: str
    digits: int = 0

    def read(self, text: str) -> dict[str, Any]:
        values = text.split("_")
        if self.digits:
            return dict(zip(self.fields, map(int, values), strict=True))
        if "yyyy" in self.right:
            times = [None if value == _OPEN_END else parse_compact_time(value) for value in values]
            return dict(zip(self.fields, times, strict=True))
        return {self.fields[0]: text}

    def show(self, values: list[Any]) -> str:
        if self.digits:
            return "_".join(f"{value:0{self.digits}d}" for value in values)
        if "yyyy" in self.right:
            return "_".join(_OPEN_END if value is None else compact_time(value) for value in values)
        return str(values[0])


_TIME = "[1-9][0-9]{7}T[0-9]{6}"
_OPEN_END = "99999999T999999"
_MARKED = (
    _Marked("S", ("sensing_time",), _TIME, "a time yyyymmddThhmmss that exists"),
    _Marked("O", ("first_orbit", "last_orbit"), "[0-9]{6}_[0-9]{6}", "two numbers of 6 digits", 6),
    _Marked("V", ("start", "stop"), f"{_TIME}_{_TIME}", "two times yyyymmddThhmmss that exist"),
    _Marked("D", ("detector",), "[0-9]{2}", "2 digits"),
    _Marked("A", ("orbit",), "[0-9]{6}", "6 digits", 6),
    _Marked("R", ("relative_orbit",), "[0-9]{3}", "3 digits", 3),
    _Marked("T", ("tile",), _TILE.pattern, _TILE.right),
    _Marked("N", ("baseline",), r"[0-9]{2}\.[0-9]{2}", "NN.NN"),
    _Marked("B", ("band",), "[0-9A-Z]{2}", "2 digits or capitals, for example 8A"),
    _Marked("W", ("completeness",), "[FP]", "F full or P partial"),
    _Marked("L", ("degradation",), "[ND]", "N nominal or D degraded"),
)
_BY_LETTER = {marked.letter: marked for marked in _MARKED}
_MARKS = "[_S..][_O.._..][_V.._..][_D..][_A..][_R..][_T..][_N..][_B..][_W.][_L.]"


class S2PdiName(ProductName):
    """A Sentinel-2 product data item: datastrip, granule, tile, true-colour image; also auxiliary files and GIPPs.

    `MMM_CCCC_TTTTTTTTTT_<site>_<creation>` and fields marked by letters: S sensing, O orbits, V validity, D detector,
    A orbit, R relative orbit, T tile, N baseline, B band, W completeness, L degradation.

    Examples
    --------
    >>> name = S2PdiName.parse("S2B_OPER_MSI_L0__GR_REFS_20221124T163650_S20221011T064025_D01_N02.08")
    >>> name.product_type, name.detector, name.baseline
    ('MSI_L0__GR', '01', '02.08')
    """

    layouts = (
        Layout(
            f"MMM_CCCC_TTTTTTTTTT_<site>_<creation>{_MARKS}",
            *_HEAD,
            _FILE_CLASS,
            "_",
            Part("file_type", 10, "[A-Z][A-Z0-9_]{9}", "10 capitals, digits or _, for example MSI_L0__GR"),
            "_",
            Part("site", 4, "[A-Z0-9_]{4}", "4 capitals, digits or _, for example REFS"),
            "_",
            time_part("creation_time"),
            Part("rest", None, "(?s:.*)", "fields marked by letters"),
        ),
    )

    mission: str = "S2"
    satellite: str
    file_class: str = "OPER"
    file_type: str
    site: str
    creation_time: NameTime
    sensing_time: NameTime | None = None
    first_orbit: int | None = None
    last_orbit: int | None = None
    start: NameTime | None = None
    stop: NameTime | None = None
    """None with a start: valid for ever, written 99999999T999999."""
    detector: str | None = None
    orbit: int | None = None
    relative_orbit: int | None = None
    tile: str | None = None
    baseline: str | None = None
    band: str | None = None
    completeness: str | None = None
    degradation: str | None = None
    order: str = ""
    """Letters of the marked fields where they do not stand in the usual order (that of the class's description)."""
    extension: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fields of a name (`NameInvalid` says which field is wrong, its text, and what is right)."""
        convention = cls.layouts[0].convention
        found = cls.layouts[0].read(text)
        fault = found[1] if isinstance(found, tuple) else None
        if isinstance(found, dict):
            marked = _scan_marked(found.pop("rest"))
            if isinstance(marked, dict):
                return cls._build(text, found | marked)
            fault = marked
        raise NameInvalid(str(fault), where=text, hint=f"the convention is {convention}")

    def format(self) -> str:
        """Return the name."""
        head = f"{self.mission}{self.satellite}_{self.file_class}_{self.file_type}_{self.site}_"
        head += compact_time(self.creation_time)
        return head + "".join(f"_{letter}{self._marked(letter)}" for letter in self._letters()) + self.extension

    @property
    def product_type(self) -> str:
        """Ten characters: `MSI_L0__GR`."""
        return self.file_type

    def _letters(self) -> str:
        usual = "".join(m.letter for m in _MARKED if any(getattr(self, field) is not None for field in m.fields))
        if self.order == usual != "" or sorted(self.order or usual) != sorted(usual):
            raise ValueError(f"order is {self.order!r}, must be empty or another order of {usual!r}")
        return self.order or usual

    def _marked(self, letter: str) -> str:
        marked = _BY_LETTER[letter]
        values = [getattr(self, field) for field in marked.fields]
        if values[0] is None or (None in values and marked.fields[-1] != "stop"):
            raise ValueError(f"{' and '.join(marked.fields)} come together")
        return marked.show(values)

    @model_validator(mode="after")
    def _marked_fields_are_right(self) -> Self:
        rest = "".join(f"_{letter}{self._marked(letter)}" for letter in self._letters()) + self.extension
        if isinstance(found := _scan_marked(rest), str):
            raise ValueError(found)  # noqa: TRY004  (pydantic turns ValueError into its own)
        return self


def _scan_marked(rest: str) -> dict[str, Any] | str:
    """Return the marked fields, order and extension at the end of a name, or what is wrong with them."""
    fields: dict[str, Any] = {}
    letters = ""
    while rest.startswith("_"):
        marked = _BY_LETTER.get(rest[1:2])
        if marked is None or marked.letter in letters:
            why = "stands twice" if marked else f"is none of {', '.join(_BY_LETTER)}"
            return f"field {rest[1:]!r}: its letter {why}"
        match = re.match(marked.pattern, rest[2:])
        try:
            fields |= marked.read(match[0] if match else "?")
        except ValueError:
            match = None
        if match is None:
            return f"{' and '.join(marked.fields)} is {rest[2:]!r}, must be {marked.right}"
        letters += marked.letter
        rest = rest[2 + match.end() :]
    if re.fullmatch(_EXTENSION.pattern, rest) is None:
        return f"extension is {rest!r}, must be {_EXTENSION.right}"
    usual = "".join(letter for letter in _BY_LETTER if letter in letters)
    return fields | {"order": "" if letters == usual else letters, "extension": rest}


class S2HktmName(ProductName):
    """A Sentinel-2 house-keeping telemetry product: `MMM_CCCC_PRD_HKTM___<start>_<stop>_<version>.SAFE`.

    Examples
    --------
    >>> S2HktmName.parse("S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.SAFE").product_type
    'PRD_HKTM__'
    """

    layouts = (
        Layout(
            "MMM_CCCC_PRD_HKTM___<start>_<stop>_<version>.SAFE",
            *_HEAD,
            _FILE_CLASS,
            "_PRD_HKTM___",
            time_part("start"),
            "_",
            time_part("stop"),
            "_",
            Part("version", 4, "[0-9]{4}", "4 digits"),
            _EXTENSION,
        ),
    )

    mission: str = "S2"
    satellite: str
    file_class: str = "OPER"
    start: NameTime
    stop: NameTime
    version: str = "0001"
    extension: str = ".SAFE"

    @property
    def product_type(self) -> str:
        """Always `PRD_HKTM__`."""
        return "PRD_HKTM__"


_COMPACT_HEAD = (
    *_HEAD,
    Part("file_type", 6, "MSI[A-Z0-9]{3}", "MSI and three capitals or digits, for example MSIL1C"),
    "_",
    time_part("start"),
)
_COMPACT_BASELINE = Part(
    "baseline", 4, "[0-9]{4}", "4 digits", lambda text: f"{text[:2]}.{text[2:]}", lambda value: value.replace(".", "")
)
_COMPACT_END = ("_", time_part("discriminator"), _EXTENSION)


class S2CompactName(ProductName):
    """A Sentinel-2 user product: `MMM_MSIXXX_<sensing start>_Nxxyy_ROOO_Txxxxx_<discriminator>.SAFE`.

    Examples
    --------
    >>> name = S2CompactName.parse("S2A_MSIL2A_20171103T102201_N0206_R065_T32TNS_20171106T195236.SAFE")
    >>> name.product_type, name.baseline, name.tile
    ('MSIL2A', '02.06', '32TNS')
    """

    layouts = (
        Layout(
            "MMM_MSIXXX_<sensing start>_Nxxyy_ROOO_Txxxxx_<discriminator>.SAFE",
            *_COMPACT_HEAD,
            "_N",
            _COMPACT_BASELINE,
            "_R",
            number_part("relative_orbit", 3),
            "_T",
            _TILE,
            *_COMPACT_END,
        ),
        Layout(
            "MMM_MSIXXX_<sensing start>_Nxxyy_ROOO_<discriminator>.SAFE",
            *_COMPACT_HEAD,
            "_N",
            _COMPACT_BASELINE,
            "_R",
            number_part("relative_orbit", 3),
            *_COMPACT_END,
        ),
        Layout(
            "MMM_MSIXXX_<sensing start>_ROOO_Txxxxx_<discriminator>.SAFE",
            *_COMPACT_HEAD,
            "_R",
            number_part("relative_orbit", 3),
            "_T",
            _TILE,
            *_COMPACT_END,
        ),
    )

    mission: str = "S2"
    satellite: str
    file_type: str
    start: NameTime
    baseline: str | None = None
    relative_orbit: int
    tile: str | None = None
    discriminator: NameTime
    extension: str = ".SAFE"

    @property
    def product_type(self) -> str:
        """Six characters: `MSIL1C`."""
        return self.file_type
