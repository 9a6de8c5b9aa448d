"""Fixed columns of product names: one description reads a name, writes it, and finds the fault of a wrong one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ValidationError, model_validator

from refsys.model.errors import NameInvalid
from refsys.model.times import compact_time, parse_compact_time
from refsys.model.values import UtcTime, Value

NameTime = Annotated[UtcTime, AfterValidator(lambda time: time.replace(microsecond=0))]
"""A time as names hold it: UTC, microseconds cut (not rounded), as the agencies do."""


@dataclass(frozen=True)
class Part:
    """One field of a name."""

    field: str
    width: int | None
    """Columns; None for the last part, which takes the rest."""
    pattern: str
    right: str
    """What would be right, as the end of the sentence "must be ..."."""
    read: Callable[[str], Any] = str
    show: Callable[[Any], str] = str


def choice_part(field: str, *values: str) -> Part:
    """Return a part that takes one of some texts of equal length."""
    listed = ", ".join(values) if len(values) < 40 else f"{values[0]}, {values[1]} ... {values[-1]}"
    return Part(field, len(values[0]), "|".join(map(re.escape, values)), f"one of {listed}")


def satellite_part(*, any_of_them: bool) -> Part:
    """Return the satellite's letter; `_` stands for all of the mission where `any_of_them`."""
    if any_of_them:
        return Part("satellite", 1, "[A-D_]", "A, B, C, D, or _ for all")
    return Part("satellite", 1, "[A-D]", "A, B, C or D")


def time_part(field: str) -> Part:
    """Return a time `yyyymmddThhmmss`."""
    right = "a time yyyymmddThhmmss that exists"
    return Part(field, 15, "[1-9][0-9]{7}T[0-9]{6}", right, parse_compact_time, compact_time)


def number_part(field: str, width: int) -> Part:
    """Return a decimal number with leading zeros."""
    return Part(field, width, f"[0-9]{{{width}}}", f"{width} digits", int, lambda value: f"{value:0{width}d}")


def extension_part(*own: str) -> Part:
    """Return the end of a name: one of the kind's own extensions, an archive's extension, both or none."""
    choices = "|".join(map(re.escape, own))
    pattern = rf"(?:{choices})?(?:\.zip|\.tar\.gz|\.tar|\.tgz)?"
    return Part("extension", None, pattern, f"nothing, {', '.join(own)}, .zip, .tar, .tar.gz or .tgz")


class Layout:
    """The order of fields and fixed texts in one form of a name.

    Parameters
    ----------
    convention
        The form as documents write it; errors repeat it.
    parts
        Fields, and the texts between them; the last is a `Part` that takes the rest.
    """

    def __init__(self, convention: str, *parts: Part | str) -> None:
        self.convention = convention
        self.parts = parts
        self.fields = tuple(part for part in parts if isinstance(part, Part))
        self.names = frozenset(part.field for part in self.fields)
        pieces = (re.escape(p) if isinstance(p, str) else f"(?P<{p.field}>{p.pattern})" for p in parts)
        self._regex = re.compile("".join(pieces))

    def read(self, text: str) -> dict[str, Any] | tuple[int, str]:
        """Return the fields of a name, or how many characters were right and what is wrong with the next."""
        match = self._regex.fullmatch(text)
        if match is None:
            return self._first_fault(text)
        found = match.groupdict()
        try:
            return {part.field: part.read(found[part.field]) for part in self.fields}
        except ValueError:
            return self._first_fault(text)

    def show(self, values: Value) -> str:
        """Return the name that holds these fields."""
        return "".join(p if isinstance(p, str) else p.show(getattr(values, p.field)) for p in self.parts)

    def _first_fault(self, text: str) -> tuple[int, str]:
        position, before = 0, "the beginning"
        for part in self.parts:
            if isinstance(part, str):
                piece = text[position : position + len(part)]
                if piece != part:
                    return position, f"{piece!r} after {before} must be {part!r}"
                position += len(part)
                continue
            piece = text[position:] if part.width is None else text[position : position + part.width]
            if not _is_right(part, piece):
                return position, f"{part.field} is {piece!r}, must be {part.right}"
            position, before = position + len(piece), part.field
        raise AssertionError(f"{text!r} follows {self.convention} and was refused all the same")


def _is_right(part: Part, piece: str) -> bool:
    if re.fullmatch(part.pattern, piece) is None:
        return False
    try:
        part.read(piece)
    except ValueError:
        return False
    return True


class ProductName(Value):
    """A name of the convention `layouts` describes; `parse` and `format` are each other's inverse.

    A value whose fields do not make a valid name cannot be built (`pydantic.ValidationError`).
    """

    layouts: ClassVar[tuple[Layout, ...]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fields of a name (`NameInvalid` says which field is wrong, its text, and what is right)."""
        faults: list[tuple[int, str, str]] = []
        for layout in cls.layouts:
            found = layout.read(text)
            if isinstance(found, dict):
                return cls._build(text, found)
            faults.append((*found, layout.convention))
        _, fault, convention = max(faults, key=lambda f: f[0])
        raise NameInvalid(fault, where=text, hint=f"the convention is {convention}")

    def format(self) -> str:
        """Return the name."""
        return self._layout().show(self)

    @property
    def product_type(self) -> str:
        """The product type, as chains and the catalogue call it."""
        raise NotImplementedError

    @classmethod
    def _build(cls, text: str, fields: dict[str, Any]) -> Self:
        try:
            return cls(**fields)
        except ValidationError as error:
            raise NameInvalid(error.errors()[0]["msg"].removeprefix("Value error, "), where=text) from error

    def _layout(self) -> Layout:
        if len(self.layouts) == 1:
            return self.layouts[0]
        given = {name for name, value in self if value is not None}
        for layout in self.layouts:
            if given == layout.names:
                return layout
        forms = "; ".join(layout.convention for layout in self.layouts)
        raise ValueError(
            f"no form of the name has exactly the fields {', '.join(sorted(given))}; the forms are {forms}"
        )

    @model_validator(mode="after")
    def _is_a_name(self) -> Self:
        text = self.format()
        found = self._layout().read(text)
        if not isinstance(found, dict):
            raise ValueError(found[1])  # noqa: TRY004  (pydantic turns ValueError into its own)
        check_order(getattr(self, "start", None), getattr(self, "stop", None))
        return self


def check_order(start: datetime | None, stop: datetime | None) -> None:
    """Raise `ValueError` for a stop before the start."""
    if start is not None and stop is not None and stop < start:
        raise ValueError(f"stop {compact_time(stop)} is before start {compact_time(start)}")
