"""Short forms of chain files, written out: inputs of many types, steps that read all inputs, variants by timeliness.

All is done on the nodes of the YAML text, before anything is validated, so that every error still names its line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

from refsys.model.errors import ConfigInvalid

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser of libyaml where PyYAML has it: about eight times faster."""

_DEEPEST = 50
"""Levels of nesting; libyaml's composer recurses without a limit of its own."""

_SERIES = re.compile(r"([^{}]*)\{([0-9]{1,3})\.\.([0-9]{1,3})\}([^{}]*)")
_BEGUN = object()
_MAPPING, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_TEXT = "tag:yaml.org,2002:str"
_KEYED = {"inputs": "role", "steps": "name"}
"""Lists whose elements a variant overrides by this key."""


def compose(text: str, where: str) -> yaml.Node | None:
    """Return the root node of a YAML text (`yaml.YAMLError`; `ConfigInvalid` if nested too deeply)."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise ConfigInvalid("nested too deeply for a chain file", where=f"{where}:{line}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    root = yaml.compose(text, Loader=_Loader)
    if root is not None:
        _resolve_merges(root, set())
    return root


def _resolve_merges(node: yaml.Node, done: set[int]) -> None:
    """Put in place what `<<` takes from elsewhere; of a key given twice the last stays, as when YAML is constructed."""
    if id(node) in done:
        return
    done.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yaml.SafeLoader("").flatten_mapping(node)
        node.value = list({key.value: (key, value) for key, value in node.value if _is_plain(key)}.values()) + [
            pair for pair in node.value if not _is_plain(pair[0])
        ]
        for _, value in node.value:
            _resolve_merges(value, done)
    elif isinstance(node, yaml.SequenceNode):
        for element in node.value:
            _resolve_merges(element, done)


def _is_plain(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode)


def construct(node: yaml.Node, known: dict[int, object]) -> object:
    """Return the plain data of a node.

    Parameters
    ----------
    node
        Node of a tree that stays alive while `known` is used.
    known
        Data of the lists and mappings seen before, by the identity of their nodes: variants share most of them.

    Raises
    ------
    yaml.YAMLError
        For keys that are no scalars, tags that are not of YAML itself, and nodes inside themselves.
    """
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.tag == _TEXT else yaml.SafeLoader("").construct_object(node)
    if id(node) in known:
        if known[id(node)] is _BEGUN:
            raise yaml.constructor.ConstructorError(None, None, "a node inside itself", node.start_mark)
        return known[id(node)]
    known[id(node)] = _BEGUN
    data: object
    if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
        if odd := [key for key, _ in node.value if not _is_plain(key)]:
            raise yaml.constructor.ConstructorError(None, None, "a key that is no scalar", odd[0].start_mark)
        data = {construct(key, known): construct(value, known) for key, value in node.value}
    elif isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE:
        data = [construct(element, known) for element in node.value]
    else:
        raise yaml.constructor.ConstructorError(None, None, f"the tag {node.tag}", node.start_mark)
    known[id(node)] = data
    return data


def expand(root: yaml.MappingNode, where: str) -> list[yaml.MappingNode]:
    """Return the node of each chain that a file stands for, with nothing short left in it.

    Parameters
    ----------
    root
        Node of the file. `inputs` may hold mappings with `each: [TYPE, ...]`, which stand for one input per type whose
        role is the type (`SR_2_SI{01..12}AX` there for twelve types); a step may say `inputs: all`; `variants` maps a
        mode to what differs in it. The variant NRT keeps the name of the file's chain, another has its mode appended.
    where
        Name of the file for errors.

    Raises
    ------
    ConfigInvalid
        If a short form is not what it must be.
    """
    variants = _value(root, "variants")
    plain = _each_written_out(_without(root, "variants"), where)
    if variants is None:
        return [_all_written_out(plain)]
    if not isinstance(variants, yaml.MappingNode) or not variants.value:
        raise ConfigInvalid("`variants` maps modes to what differs", where=_place(where, variants))
    chains = []
    for mode, difference in variants.value:
        if not isinstance(difference, yaml.MappingNode):
            raise ConfigInvalid(f"variant {mode.value} is not a mapping", where=_place(where, difference))
        own = _each_written_out(difference, where)
        chains.append(_all_written_out(_merged(_named(plain, mode), own, where)))
    return chains


def _named(root: yaml.MappingNode, mode: yaml.ScalarNode) -> yaml.MappingNode:
    """Return the chain of a mode, with its name."""
    name = _value(root, "name")
    changed: dict[str, yaml.Node] = {"mode": mode}
    if isinstance(name, yaml.ScalarNode) and mode.value != "NRT":
        changed["name"] = yaml.ScalarNode(name.tag, f"{name.value}-{mode.value}", name.start_mark, name.end_mark)
    return _with(root, changed)


def _each_written_out(root: yaml.MappingNode, where: str) -> yaml.MappingNode:
    inputs = _value(root, "inputs")
    if not isinstance(inputs, yaml.SequenceNode):
        return root
    return _with(
        root, {"inputs": _sequence(inputs, [one for each in inputs.value for one in _one_per_type(each, where)])}
    )


def _all_written_out(root: yaml.MappingNode) -> yaml.MappingNode:
    inputs, steps = _value(root, "inputs"), _value(root, "steps")
    if not isinstance(steps, yaml.SequenceNode) or not isinstance(inputs, yaml.SequenceNode):
        return root
    roles = list({role.value: role for role in _roles(inputs)}.values())
    return _with(root, {"steps": _sequence(steps, [_reads(step, roles) for step in steps.value])})


def _one_per_type(given: yaml.Node, where: str) -> list[yaml.Node]:
    types = _value(given, "each") if isinstance(given, yaml.MappingNode) else None
    if types is None or not isinstance(given, yaml.MappingNode):
        return [given]
    if not isinstance(types, yaml.SequenceNode) or not all(isinstance(kind, yaml.ScalarNode) for kind in types.value):
        raise ConfigInvalid("`each` lists product types", where=_place(where, types))
    for other in ("role", "types", "alternatives", "same_as"):
        if _value(given, other) is not None:
            raise ConfigInvalid(f"give `each` or `{other}`, not both", where=_place(where, types))
    kinds = [one for kind in types.value for one in _numbered(kind)]
    names = [kind.value for kind in kinds]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigInvalid(f"`each` lists twice: {', '.join(twice)}", where=_place(where, types))
    shared = _without(given, "each")
    return [_with(shared, {"role": kind, "types": _sequence(kind, [kind])}) for kind in kinds]


def _numbered(kind: yaml.ScalarNode) -> list[yaml.ScalarNode]:
    """Return the types that `T{01..12}` stands for, numbers as long as the first; any other type as it is."""
    found = _SERIES.fullmatch(kind.value)
    if found is None:
        return [kind]
    before, first, last, after = found.groups()
    names = [f"{before}{number:0{len(first)}}{after}" for number in range(int(first), int(last) + 1)]
    return [yaml.ScalarNode(kind.tag, name, kind.start_mark, kind.end_mark) for name in names]


def _roles(inputs: yaml.SequenceNode) -> Iterator[yaml.ScalarNode]:
    for node in inputs.value:
        role = _value(node, "role") if isinstance(node, yaml.MappingNode) else None
        if isinstance(role, yaml.ScalarNode):
            yield role


def _reads(step: yaml.Node, roles: list[yaml.ScalarNode]) -> yaml.Node:
    """Return the step with `inputs: all` as the list of all roles."""
    reads = _value(step, "inputs") if isinstance(step, yaml.MappingNode) else None
    if isinstance(step, yaml.MappingNode) and isinstance(reads, yaml.ScalarNode) and reads.value == "all":
        return _with(step, {"inputs": _sequence(reads, roles)})
    return step


def _merged(base: yaml.MappingNode, difference: yaml.MappingNode, where: str) -> yaml.MappingNode:
    """Return the base with the differences: mappings are merged, inputs by role, steps by name; all else replaced."""
    changed: dict[str, yaml.Node] = {}
    for key, value in difference.value:
        old = _value(base, key.value)
        if key.value in _KEYED and isinstance(old, yaml.SequenceNode):
            value = _merged_list(old, value, _KEYED[key.value], where)  # noqa: PLW2901  (what is put in its place)
        elif isinstance(old, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
            value = _merged(old, value, where)  # noqa: PLW2901
        changed[key.value] = value
    return _with(base, changed, difference)


def _merged_list(old: yaml.SequenceNode, new: yaml.Node, by: str, where: str) -> yaml.Node:
    """Return a list of mappings with some changed: `new` maps their names to differences, or is a list in its place."""
    if not isinstance(new, yaml.MappingNode):
        return new
    differences = {key.value: (key, value) for key, value in new.value}
    elements = []
    for element in old.value:
        name = _value(element, by) if isinstance(element, yaml.MappingNode) else None
        _, difference = differences.pop(name.value, (None, None)) if isinstance(name, yaml.ScalarNode) else (None, None)
        if isinstance(element, yaml.MappingNode) and isinstance(difference, yaml.MappingNode):
            elements.append(_merged(element, difference, where))
        else:
            elements.append(element)
    for name, (key, _) in differences.items():
        raise ConfigInvalid(f"variant changes {name!r}, and no {by} is called so", where=_place(where, key))
    return _sequence(old, elements)


def _value(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _without(node: yaml.MappingNode, key: str) -> yaml.MappingNode:
    return _mapping(node, [(name, value) for name, value in node.value if name.value != key])


def _with(
    node: yaml.MappingNode, changed: Mapping[str, yaml.Node], keys_of: yaml.MappingNode | None = None
) -> yaml.MappingNode:
    """Return the mapping with other values; a key's place is that in `keys_of`, else that of its value."""
    names = {name.value: name for name, _ in keys_of.value} if keys_of else {}
    pairs = [(name, value) for name, value in node.value if name.value not in changed]
    for key, value in changed.items():
        pairs.append((names.get(key) or yaml.ScalarNode(_TEXT, key, value.start_mark, value.end_mark), value))
    return _mapping(node, pairs)


def _mapping(like: yaml.Node, pairs: list[tuple[yaml.Node, yaml.Node]]) -> yaml.MappingNode:
    return yaml.MappingNode(_MAPPING, pairs, like.start_mark, like.end_mark)


def _sequence(like: yaml.Node, elements: Sequence[yaml.Node]) -> yaml.SequenceNode:
    return yaml.SequenceNode(_SEQUENCE, list(elements), like.start_mark, like.end_mark)


def _place(where: str, node: yaml.Node | None) -> str:
    return f"{where}:{node.start_mark.line + 1 if node else 1}"
