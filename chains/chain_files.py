"""Chain files: one YAML file a chain with its variants, validated, with errors that name the line."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import yaml
from pydantic import JsonValue, ValidationError

from refsys.chains.chain_expansion import compose, construct, expand
from refsys.chains.units import find_unit
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid

FILE_BYTES = 1 << 20
"""A chain file larger than this is not one."""


def shipped_chains() -> dict[str, Chain]:
    """Return the chains that come with refsys, by name."""
    folder = resources.files("refsys.chains")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)
    chains: dict[str, Chain] = {}
    for item in files:
        _add(chains, parse_chains(item.read_text("utf-8"), item.name), item.name)
    return chains


def load_chains(places: Iterable[Path] = (), task_tables: Path | None = None) -> dict[str, Chain]:
    """Return shipped chains and those of further files or folders, by name.

    Parameters
    ----------
    places
        Further files or folders.
    task_tables
        Folder of the agencies' task tables, which then say inputs, outputs and tasks of chains that name one.

    Raises
    ------
    ConfigInvalid
        For a file that is not a chain, a place that does not exist, or a name that is taken.
    """
    if task_tables is not None and not task_tables.is_dir():
        raise ConfigInvalid("no such folder of task tables", where=task_tables, hint="mend `task_tables`")
    chains = {name: _with_table(chain, task_tables) for name, chain in shipped_chains().items()}
    for place in places:
        if not place.exists():
            raise ConfigInvalid("no such file or folder of chains", where=place, hint="mend `chains` in the settings")
        for file in sorted(place.glob("*.yaml")) if place.is_dir() else [place]:
            _add(chains, load_chain_file(file, task_tables), file)
    return chains


def _with_table(chain: Chain, task_tables: Path | None) -> Chain:
    name = chain.task_table
    if name is None or (task_tables is None and "/" not in name and all("pools" in of for of in _processors(chain))):
        return chain
    from refsys.chains.chain_tables import with_task_table  # noqa: PLC0415  (XML is needed only here)

    return with_task_table(chain, task_tables)


def _processors(chain: Chain) -> list[dict[str, JsonValue]]:
    return [each for step in chain.steps if isinstance(each := step.parameters.get("processor"), dict)]


def _add(chains: dict[str, Chain], more: Iterable[Chain], where: object) -> None:
    for chain in more:
        if chain.name in chains:
            raise ConfigInvalid(f"chain {chain.name} is defined twice", where=where, hint="give it another name")
        chains[chain.name] = chain


def load_chain(file: Path) -> Chain:
    """Return the only chain of a file (`ConfigInvalid` naming file and line, also for a file with variants)."""
    return _only(load_chain_file(file), str(file))


def load_chain_file(file: Path, task_tables: Path | None = None) -> tuple[Chain, ...]:
    """Return the chains of a file, one for each variant, driven by their task table where there is one.

    Raises
    ------
    ConfigInvalid
        Naming file and line, also where the chain and its task table do not fit.
    InputCorrupt
        If the task table is none.
    """
    if not file.is_file():
        raise ConfigInvalid("no such chain file", where=file)
    if file.stat().st_size > FILE_BYTES:
        raise ConfigInvalid(f"larger than {FILE_BYTES} bytes, so not a chain file", where=file)
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigInvalid("not UTF-8 text", where=file) from error
    return tuple(_with_table(chain, task_tables) for chain in parse_chains(text, str(file)))


def parse_chain(text: str, where: str) -> Chain:
    """Return the only chain of a YAML text; see `parse_chains`."""
    return _only(parse_chains(text, where), where)


def _only(chains: tuple[Chain, ...], where: str) -> Chain:
    if len(chains) != 1:
        raise ConfigInvalid(f"holds the chains {', '.join(chain.name for chain in chains)}, not one", where=where)
    return chains[0]


def parse_chains(text: str, where: str) -> tuple[Chain, ...]:
    """Return the chains of a YAML text, one for each variant.

    Parameters
    ----------
    text
        The chain as YAML, short forms allowed; see `refsys.chains.chain_expansion`.
    where
        Names the text in errors.

    Raises
    ------
    ConfigInvalid
        If it is not YAML or not a chain; names the line.
    """
    try:
        root = compose(text, where)
        if not isinstance(root, yaml.MappingNode):
            raise ConfigInvalid("a chain file holds one mapping", where=f"{where}:1")
        chains, known = expand(root, where), dict[int, object]()
        return tuple(_validated(node, construct(node, known), where) for node in chains)
    except yaml.YAMLError as error:
        raise not_yaml(error, where) from error


def _validated(node: yaml.MappingNode, data: object, where: str) -> Chain:
    try:
        chain = Chain.model_validate(data)
    except ValidationError as error:
        raise _at_line(error, node, where) from error
    if chain.task_table is None or "/" not in chain.task_table:
        return chain
    table = Path(where).parent / chain.task_table
    if not table.is_file():
        raise ConfigInvalid(f"no task table {table}", where=f"{where}:{line_of(node, ('task_table',))}")
    return chain.model_copy(update={"task_table": str(table.absolute())})


def not_yaml(error: yaml.YAMLError, where: object) -> ConfigInvalid:
    """Return the error of a text that is not YAML, with file and line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return ConfigInvalid(f"not YAML: {problem}", where=f"{where}:{mark.line + 1 if mark else 1}")


def _at_line(error: ValidationError, root: yaml.Node | None, where: str) -> ConfigInvalid:
    """Translate all findings; the place is that of the first."""
    findings = []
    lines = []
    for finding in error.errors():
        line = line_of(root, finding["loc"])
        lines.append(line)
        place = ".".join(str(part) for part in finding["loc"]) or "chain"
        findings.append(f"line {line}: {place}: {finding['msg'].removeprefix('Value error, ')}")
    return ConfigInvalid("; ".join(findings), where=f"{where}:{lines[0]}", hint="docs/own-chain.md has the form")


def line_of(node: yaml.Node | None, path: tuple[str | int, ...]) -> int:
    """Return the line (from 1) of the deepest node on the path; parts that the text left out are passed over."""
    line = node.start_mark.line + 1 if node else 1
    for part in path:
        child = _child(node, part)
        if child is not None:
            line, node = child
    return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        value = node.value[part]
        return value.start_mark.line + 1, value
    return None


def check_units(chain: Chain) -> None:
    """Check that every step's unit exists and takes its parameters (`ConfigInvalid` otherwise)."""
    for step in chain.steps:
        parameters = dict(step.parameters)
        if step.per is not None:
            parameters[per_parameter(step.per)] = "1"  # such as the number of a channel
        find_unit(step.unit).check(parameters)


def per_parameter(per: str) -> str:
    """Return the parameter that tells a step which element it is for: `channels` gives `channel`."""
    return per.removesuffix("s")
