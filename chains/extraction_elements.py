"""Elements of a metadata file by their local names, read as texts, numbers, times and choices, faults told by name.

Name spaces differ from issue to issue of the formats, so that local names are all that can be relied on.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from lxml import etree

from refsys.model.errors import InputCorrupt
from refsys.model.times import parse_time

C = TypeVar("C", bound=str)

OPEN_END = datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
"""Validity stop of what is valid until replaced."""


class Elements:
    """The elements of one file, found by paths of local names such as `acquisitionPeriod/startTime`.

    Parameters
    ----------
    root
        Parsed file.
    where
        What errors call it.
    """

    def __init__(self, root: etree._Element, where: Path) -> None:
        self.root = root
        self.where = where
        self._by_name: dict[str, list[etree._Element]] = {}
        for element in root.iter(etree.Element):
            self._by_name.setdefault(element.tag.rpartition("}")[2], []).append(element)

    def all(self, path: str) -> Iterator[etree._Element]:
        """Yield the elements at a path that may begin anywhere, in the order of the file."""
        *above, last = path.split("/")
        for element in self._by_name.get(last, ()):
            parent = element.getparent()
            for name in reversed(above):
                if parent is None or parent.tag.rpartition("}")[2] != name:
                    break
                parent = parent.getparent()
            else:
                yield element

    def first(self, path: str) -> etree._Element | None:
        """Return the first element at a path."""
        return next(self.all(path), None)

    def text(self, path: str) -> str | None:
        """Return the text of the first element at a path; None if there is none, or it is empty."""
        element = self.first(path)
        return None if element is None else (element.text or "").strip() or None

    def texts(self, path: str) -> list[str]:
        """Return the texts of all elements at a path that have one."""
        return [text for element in self.all(path) if (text := (element.text or "").strip())]

    def attribute(self, path: str, name: str) -> str | None:
        """Return an attribute of the first element at a path; None if there is none, or it is empty."""
        element = self.first(path)
        return None if element is None else (element.get(name) or "").strip() or None

    def needed(self, path: str) -> str:
        """Return the text of the first element at a path (`InputCorrupt` if there is none)."""
        text = self.text(path)
        if text is None:
            raise InputCorrupt(f"no element {path}", where=self.where)
        return text

    def time(self, path: str) -> datetime:
        """Return the time in the first element at a path (`InputCorrupt` if absent or no time)."""
        return self.as_time(path, self.needed(path))

    def optional_time(self, path: str) -> datetime | None:
        """Return the time in the first element at a path, None if absent (`InputCorrupt` if it is no time)."""
        text = self.text(path)
        return None if text is None else self.as_time(path, text)

    def end(self, path: str) -> datetime:
        """Return a validity stop: a time of the year 9999, however it is written, is `OPEN_END`."""
        stop = self.time(path)
        return OPEN_END if stop.year == 9999 else stop

    def integer(self, path: str) -> int | None:
        """Return the whole number in the first element at a path, None if absent (`InputCorrupt` if it is none)."""
        text = self.text(path)
        return None if text is None else self.as_integer(path, text)

    def number(self, path: str) -> float | None:
        """Return the number in the first element at a path, None if absent (`InputCorrupt` if it is none)."""
        text = self.text(path)
        return None if text is None else self.as_number(path, text)

    def as_time(self, path: str, text: str) -> datetime:
        """Return the time of a text (`InputCorrupt`, naming the element, if it is none)."""
        try:
            return parse_time(text)
        except (ValueError, OverflowError) as error:
            raise InputCorrupt(f"{path} is {text!r}, no time", where=self.where) from error

    def as_integer(self, path: str, text: str) -> int:
        """Return the whole number of a text (`InputCorrupt`, naming the element, if it is none)."""
        if not (text.removeprefix("+").isdecimal() and text.isascii() and len(text) < 19):
            raise InputCorrupt(f"{path} is {text!r}, no whole number", where=self.where)
        return int(text)

    def as_number(self, path: str, text: str) -> float:
        """Return the number of a text (`InputCorrupt`, naming the element, if it is none or not finite)."""
        try:
            number = float(text)
        except ValueError as error:
            raise InputCorrupt(f"{path} is {text!r}, no number", where=self.where) from error
        if not abs(number) < float("inf"):
            raise InputCorrupt(f"{path} is {text!r}, no number", where=self.where)
        return number

    def choice(self, path: str, text: str | None, values: Sequence[C]) -> C | None:
        """Return the value that a text is, in capitals or not; None for none (`InputCorrupt` for another text)."""
        if text is None:
            return None
        for value in values:
            if text.upper() == value:
                return value
        raise InputCorrupt(f"{path} is {text!r}, must be one of {', '.join(values)}", where=self.where)

    def positions(self, path: str, text: str, *, heights: bool = False) -> list[tuple[float, float]]:
        """Return longitude and latitude, degrees, of a text of latitudes and longitudes (and heights) in turn."""
        try:
            values = [float(value) for value in text.replace(",", " ").split()]
            step = 3 if heights else 2
            if len(values) % step:
                raise ValueError(f"{len(values)} numbers")  # noqa: TRY301  (told as every other fault)
            return list(zip(values[1::step], values[::step], strict=True))
        except ValueError as error:
            said = f"{path} holds no pairs of latitude and longitude: {error}"
            raise InputCorrupt(said, where=self.where) from error

    def percentage(self, path: str) -> float | None:
        """Return the percentage in the first element at a path, None if absent (`InputCorrupt` if it is none)."""
        number = self.number(path)
        if number is not None and not 0 <= number <= 100:
            raise InputCorrupt(f"{path} is {number}, no percentage", where=self.where)
        return number
