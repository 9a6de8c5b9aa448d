"""One description of how values lie in XML, from which they are both written and read.

A layout names, in the order of the schema, the elements of a value's XML and the attribute that each one is. Reading
takes elements by name and skips what no layout names; writing gives them in order.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from lxml import etree

from refsys.chains.sentinel1.safe.xml_kinds import Kind
from refsys.model.errors import InputCorrupt

T = TypeVar("T")


class Leaf(NamedTuple):
    """An element whose text is an attribute; an `optional` one that is absent is None, and None is not written."""

    tag: str
    name: str
    kind: Kind
    optional: bool = False


class Fixed(NamedTuple):
    """An element that the schema demands and of which nothing is known: written with this text, not read.

    That of an empty list gets its `count`.
    """

    tag: str
    text: str
    empty_list: bool = False


class Group:
    """An element around attributes of the same value."""

    def __init__(self, tag: str, *nodes: "Node") -> None:
        self.tag = tag
        self.nodes = nodes


class Record(NamedTuple):
    """An element that is a value of its own."""

    tag: str
    name: str
    layout: "Layout[Any]"


class Records(NamedTuple):
    """A list element with its `count` around elements that are values; the attribute is a tuple of them."""

    list_tag: str
    tag: str
    name: str
    layout: "Layout[Any]"


class Column(NamedTuple):
    """One field of each element of a list: its path, the attribute, and which component of it (None: all of it)."""

    path: str
    name: str
    kind: Kind
    component: int | None = None


class Columns:
    """A list element with its `count` around flat elements; the attribute is a value of arrays over them."""

    def __init__(self, list_tag: str, tag: str, name: str, make: Callable[..., Any], *fields: Column | Fixed) -> None:
        self.list_tag = list_tag
        self.tag = tag
        self.name = name
        self.make = make
        self.fields = fields


Node = Leaf | Fixed | Group | Record | Records | Columns


class Layout(Generic[T]):
    """How a value lies in XML.

    Parameters
    ----------
    make
        Builds the value from its attributes by name.
    nodes
        Its elements in the order of the schema.
    """

    def __init__(self, make: Callable[..., T], *nodes: Node) -> None:
        self.make = make
        self.nodes = nodes

    def write(self, parent: etree._Element, value: T) -> None:
        """Append the elements of a value (`ValueError` for one that has no spelling, such as NaN)."""
        _write(parent, self.nodes, value)

    def read(self, parent: etree._Element, where: str) -> T:
        """Return the value of an element (`InputCorrupt` for what is missing or malformed, with its path)."""
        return self.make(**dict(_read(parent, self.nodes, where)))


def _write(parent: etree._Element, nodes: Sequence[Node], value: Any) -> None:  # noqa: ANN401  (any value)
    for node in nodes:
        if isinstance(node, Leaf):
            held = getattr(value, node.name)
            if held is not None or not node.optional:
                _write_leaf(parent, node.tag, node.kind, held)
        elif isinstance(node, Fixed):
            _write_fixed(parent, node)
        elif isinstance(node, Group):
            _write(etree.SubElement(parent, node.tag), node.nodes, value)
        elif isinstance(node, Record):
            node.layout.write(etree.SubElement(parent, node.tag), getattr(value, node.name))
        elif isinstance(node, Records):
            held = getattr(value, node.name)
            around = etree.SubElement(parent, node.list_tag, count=str(len(held)))
            for item in held:
                node.layout.write(etree.SubElement(around, node.tag), item)
        else:
            _write_columns(parent, node, getattr(value, node.name))


def _write_fixed(parent: etree._Element, node: Fixed) -> None:
    element = etree.SubElement(parent, node.tag)
    element.text = node.text or None
    if node.empty_list:
        element.set("count", "0")


def _write_leaf(parent: etree._Element, tag: str, kind: Kind, value: Any) -> None:  # noqa: ANN401
    element = etree.SubElement(parent, tag)
    try:
        element.text = kind.write(value)
    except ValueError as error:
        raise ValueError(f"{tag}: {error}") from error
    if kind.size is not None:
        element.set("count", str(kind.size(value)))


def _write_columns(parent: etree._Element, node: Columns, value: Any) -> None:  # noqa: ANN401
    fields = [field for field in node.fields if isinstance(field, Column)]
    sizes = {len(getattr(value, field.name)) for field in fields}
    if len(sizes) != 1:
        raise ValueError(f"{node.list_tag}: columns of {sorted(sizes)} elements")
    around = etree.SubElement(parent, node.list_tag, count=str(sizes.pop()))
    columns = {field: _component(getattr(value, field.name), field).tolist() for field in fields}
    for row in range(int(around.attrib["count"])):
        element = etree.SubElement(around, node.tag)
        for field in node.fields:
            if isinstance(field, Fixed):
                _write_fixed(element, field)
            else:
                _place(element, field.path).text = field.kind.write(columns[field][row])


def _component(array: Any, field: Column) -> Any:  # noqa: ANN401  (an array of any dtype)
    return array if field.component is None else array[:, field.component]


def _place(element: etree._Element, path: str) -> etree._Element:
    group, _, tag = path.rpartition("/")
    if not group:
        return etree.SubElement(element, tag)
    inner = element.find(group)
    return etree.SubElement(etree.SubElement(element, group) if inner is None else inner, tag)


def _read(parent: etree._Element, nodes: Sequence[Node], where: str) -> Iterator[tuple[str, Any]]:
    for node in nodes:
        if isinstance(node, Leaf):
            yield node.name, _read_leaf(parent, node, where)
        elif isinstance(node, Group):
            yield from _read(child(parent, node.tag, where), node.nodes, where)
        elif isinstance(node, Record):
            yield node.name, node.layout.read(child(parent, node.tag, where), where)
        elif isinstance(node, Records):
            items = _items(parent, node.list_tag, node.tag, where)
            yield node.name, tuple(node.layout.read(item, where) for item in items)
        elif isinstance(node, Columns):
            yield node.name, _read_columns(parent, node, where)


def child(parent: etree._Element, path: str, where: str) -> etree._Element:
    """Return the element at a path (`InputCorrupt` if there is none)."""
    found = parent.find(path)
    if found is None:
        raise InputCorrupt(f"no element {parent.tag}/{path}", where=where)
    return found


def _items(parent: etree._Element, list_tag: str, tag: str, where: str) -> list[etree._Element]:
    around = child(parent, list_tag, where)
    items = around.findall(tag)
    if around.get("count") not in {None, str(len(items))}:
        raise InputCorrupt(f"{list_tag} holds {len(items)} elements but announces {around.get('count')}", where=where)
    return items


def _read_leaf(parent: etree._Element, node: Leaf, where: str) -> Any:  # noqa: ANN401
    if node.optional and parent.find(node.tag) is None:
        return None
    element = child(parent, node.tag, where)
    value = _parsed(element, node.kind, where)
    if node.kind.size is not None and element.get("count") not in {None, str(node.kind.size(value))}:
        held = node.kind.size(value)
        raise InputCorrupt(f"{node.tag} holds {held} values but announces {element.get('count')}", where=where)
    return value


def _parsed(element: etree._Element, kind: Kind, where: str) -> Any:  # noqa: ANN401
    try:
        return kind.read((element.text or "").strip())
    except (ValueError, OverflowError) as error:
        raise InputCorrupt(f"{element.tag} in line {element.sourceline}: {error}", where=where) from error


def _read_columns(parent: etree._Element, node: Columns, where: str) -> Any:  # noqa: ANN401
    items = _items(parent, node.list_tag, node.tag, where)
    arrays: dict[str, list[Any]] = {}
    for field in node.fields:
        if isinstance(field, Column):
            read = [_parsed(child(item, field.path, where), field.kind, where) for item in items]
            arrays.setdefault(field.name, []).append(np.array(read, dtype=field.kind.dtype))
    whole = {field.name for field in node.fields if isinstance(field, Column) and field.component is None}
    return node.make(**{name: parts[0] if name in whole else np.stack(parts, 1) for name, parts in arrays.items()})
