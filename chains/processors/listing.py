"""What a run made: the LIST file, each line to the kind of output it is, and what is missing or too much."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from refsys.chains.processors.ghosts import is_ghost
from refsys.chains.processors.working import safe_name
from refsys.model.errors import ConfigInvalid, ProcessorFailed
from refsys.model.processors import OutputFound, OutputRule, Processor

LIST_BYTES = 4 << 20
"""More than any LIST file has."""


@dataclass(frozen=True)
class Listed:
    """One line of a LIST file."""

    line: str
    name: str
    """Text after the first `/`, with `.ISIP` read as `.SAFE` where asked for."""
    path: Path


@dataclass(frozen=True)
class Findings:
    """What was made, what was not, and what nobody asked for."""

    outputs: tuple[OutputFound, ...]
    unexpected: tuple[str, ...]
    missing: tuple[str, ...]
    failing: tuple[str, ...]
    """Those of the missing that fail the run."""


def find_list(folder: Path, processor: Processor) -> Path | None:
    """Return the LIST file of a run; None if there is none and none is required.

    Raises
    ------
    ProcessorFailed
        If there is none, or more than one.
    """
    pattern = processor.list_file.name.replace("{folder}", folder.name)
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if len(found) == 1 or (not found and not processor.list_file.required):
        return found[0] if found else None
    names = ", ".join(path.name for path in found) or "none"
    raise ProcessorFailed(f"one LIST file {pattern} must be there, found {names}", where=folder)


def read_list(file: Path, *, isip_to_safe: bool | None) -> tuple[Listed, ...]:
    """Return the products of a LIST file, one for each name, in order; empty lines are passed over.

    Raises
    ------
    ProcessorFailed
        If it is too large, no text, or names something outside the working directory.
    """
    if file.stat().st_size > LIST_BYTES:
        raise ProcessorFailed(f"LIST file has more than {LIST_BYTES} bytes", where=file)
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ProcessorFailed("LIST file is no text", where=file) from error
    found: dict[str, Listed] = {}
    for line in filter(None, (line.strip() for line in lines)):
        listed = _listed(file, line, isip_to_safe=isip_to_safe)
        found.setdefault(str(listed.path), listed)
    return tuple(found.values())


def _listed(file: Path, line: str, *, isip_to_safe: bool | None) -> Listed:
    try:
        path = file.parent / safe_name(line)
    except ConfigInvalid as error:
        raise ProcessorFailed(f"LIST file names {line!r}, outside the working directory", where=file) from error
    name = (line.partition("/")[2] or line).rstrip("/")
    last = name.rpartition("/")[2]
    inside = last.startswith("S1") if isip_to_safe is None else isip_to_safe
    if inside and name.endswith("ISIP"):
        name = f"{name.removesuffix('ISIP')}SAFE"
        path /= name.rpartition("/")[2]
    whole = path.resolve()
    if not whole.is_relative_to(file.parent.resolve()):
        raise ProcessorFailed(f"LIST file names {line!r}, a link out of the working directory", where=file)
    return Listed(line, name, whole)


def search(folder: Path, rules: Iterable[OutputRule], known: Iterable[str]) -> tuple[Listed, ...]:
    """Return what lies in a working directory and fits a rule: for processors without LIST file.

    Looked at are the folder itself and the folders in it that are no inputs; `known` names those that were there before
    the run.
    """
    before, patterns = set(known), [re.compile(rule.pattern) for rule in rules]
    entries = [path for path in sorted(folder.iterdir()) if path.name not in before and not path.name.startswith(".")]
    below = [path for entry in entries if entry.is_dir() for path in sorted(entry.iterdir())]
    fitting = [path for path in entries + below if any(pattern.fullmatch(path.name) for pattern in patterns)]
    inside = {path for path in fitting if path.parent in fitting}
    return tuple(Listed(path.relative_to(folder).as_posix(), path.name, path) for path in fitting if path not in inside)


def classify(listed: Iterable[Listed], processor: Processor) -> Findings:
    """Sort what was listed by the first rule that its name matches; count it against what was declared."""
    outputs: list[OutputFound] = []
    unexpected, missing = [], []
    counts: Counter[str] = Counter()
    for item in listed:
        rule = next((rule for rule in processor.outputs if re.fullmatch(rule.pattern, item.name)), None)
        if rule is None:
            unexpected.append(f"{item.line}: of no declared kind")
        elif not item.path.exists():
            missing.append(f"{item.line}: listed and not there")
        else:
            counts[rule.type] += 1
            outputs += _found(item, rule, processor)
    unexpected += [
        f"{rule.type}: {counts[rule.type]} made, at most {rule.most} expected"
        for rule in processor.outputs
        if rule.most is not None and counts[rule.type] > rule.most
    ]
    short = [rule for rule in processor.outputs if counts[rule.type] < rule.least]
    missing += [_short(rule, counts[rule.type]) for rule in short]
    failing = [_short(rule, counts[rule.type]) for rule in short if rule.mandatory]
    listed_lost = [text for text in missing if text.endswith("listed and not there")]
    return Findings(tuple(outputs), tuple(unexpected), tuple(missing), (*listed_lost, *failing))


def _short(rule: OutputRule, count: int) -> str:
    return f"{rule.type}: {count} made, at least {rule.least} expected"


def _found(item: Listed, rule: OutputRule, processor: Processor) -> list[OutputFound]:
    if rule.kind == "ignored":
        return []
    ghost = rule.kind == "product" and is_ghost(item.path, processor.ghosts)
    return [OutputFound(name=item.name.rpartition("/")[2], type=rule.type, kind=rule.kind, path=item.path, ghost=ghost)]
