"""Elements of task tables and job orders: children by name in any spelling, typed, faults told by file and line."""

import math
from collections.abc import Callable
from typing import TypeVar

from lxml import etree
from pydantic import ValidationError

from refsys.model.errors import InputCorrupt
from refsys.model.values import Value

V = TypeVar("V", bound=Value)

_TRUE, _FALSE = ("yes", "true", "on"), ("no", "false", "off", "")


class Node:
    """One element; names are compared without name space and without regard to case.

    Parameters
    ----------
    element
        The element.
    where
        What errors call its file.
    """

    def __init__(self, element: etree._Element, where: str) -> None:
        self.element = element
        self.where = where
        self.name = _local(element)

    def fault(self, message: str) -> InputCorrupt:
        """Return the error that something is wrong with this element, with file and line."""
        return InputCorrupt(f"element {self.name}: {message}", where=f"{self.where}:{self.element.sourceline}")

    def all(self, *names: str) -> list["Node"]:
        """Return the children of these names, in the order of the file."""
        wanted = {name.casefold() for name in names}
        return [
            Node(child, self.where)
            for child in self.element.iterchildren(etree.Element)
            if _local(child).casefold() in wanted
        ]

    def first(self, *names: str) -> "Node | None":
        """Return the only child of one of these names, None without one (`InputCorrupt` for two)."""
        found = self.all(*names)
        if len(found) > 1:
            raise found[1].fault(f"stands twice in {self.name}")
        return found[0] if found else None

    def listed(self, names: tuple[str, ...], items: tuple[str, ...], *, needed: bool = False) -> list["Node"]:
        """Return the items of a list element; its `count` is not believed, other children are refused."""
        around = self.first(*names)
        if around is None:
            if needed:
                raise self.fault(f"has no {names[0]}")
            return []
        around.refuse_others(*items)
        found = around.all(*items)
        if needed and not found:
            raise around.fault(f"has no {items[0]}")
        return found

    def refuse_others(self, *names: str) -> None:
        """Raise `InputCorrupt` for a child of any other name: an unknown spelling must not pass for absence."""
        known = {name.casefold() for name in names}
        for child in self.element.iterchildren(etree.Element):
            if _local(child).casefold() not in known:
                raise Node(child, self.where).fault(f"is not known in {self.name}")

    @property
    def own_text(self) -> str:
        """The text of the element, without blanks around."""
        return (self.element.text or "").strip()

    def text(self, *names: str) -> str:
        """Return the text of a child without blanks around; empty if it is absent."""
        child = self.first(*names)
        return "" if child is None else child.own_text

    def needed(self, *names: str) -> str:
        """Return the text of a child (`InputCorrupt` if it is absent or empty)."""
        text = self.text(*names)
        if not text:
            raise (self.first(*names) or self).fault(f"{names[0]} is absent or empty")
        return text

    def yes(self, *names: str, default: bool) -> bool:
        """Return whether a child says yes; absent: the default; empty: no (`InputCorrupt` for another word)."""
        child = self.first(*names)
        if child is None:
            return default
        word = child.own_text.casefold()
        if word not in _TRUE + _FALSE:
            raise child.fault(f"{child.own_text!r} is neither yes nor no")
        return word in _TRUE

    def choice(self, name: str, allowed: tuple[str, ...], *, default: str) -> str:
        """Return the word of a child, one of those allowed (`InputCorrupt` for another)."""
        child = self.first(name)
        if child is None:
            return default
        if child.own_text not in allowed:
            raise child.fault(f"{child.own_text!r} is none of {', '.join(word or 'empty' for word in allowed)}")
        return child.own_text

    def whole(self, *names: str) -> int | None:
        """Return the whole number of a child, None if absent or empty (`InputCorrupt` if it is none)."""
        child = self.first(*names)
        if child is None or not child.own_text:
            return None
        try:
            return int(child.own_text)
        except ValueError as error:
            raise child.fault(f"{child.own_text!r} is no whole number") from error

    def number(self, name: str) -> float | None:
        """Return the finite number of a child, None if absent or empty (`InputCorrupt` if it is none)."""
        child = self.first(name)
        if child is None or not child.own_text:
            return None
        try:
            value = float(child.own_text)
        except ValueError as error:
            raise child.fault(f"{child.own_text!r} is no number") from error
        if not math.isfinite(value):
            raise child.fault(f"{child.own_text!r} is no finite number")
        return value

    def made(self, make: Callable[[], V]) -> V:
        """Return the value that is made (`InputCorrupt` at this element if its rules are broken)."""
        try:
            return make()
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise self.fault(f"{place}: {message}" if place else message) from error


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
