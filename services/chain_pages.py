"""Reference pages of chains, written from their files: what triggers them, what they read, make and need."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from refsys.chains.relations import Relation, relations
from refsys.model.chains import Alternative, Chain, InputRule
from refsys.model.lookups import Policy
from refsys.services.chain_picture import draw_chains

_WRITTEN = "<!-- Written by `make docs` from the chain files; do not edit. -->"


def write_all(folder: Path, chains: Mapping[str, Chain]) -> None:
    """Write the page of each chain, the index and the picture below a folder; pages of chains that are gone go too."""
    folder.mkdir(parents=True, exist_ok=True)
    found = relations(chains)
    pages = {f"{name.lower()}.md": chain_page(chain, found) for name, chain in chains.items()}
    pages["README.md"] = index_page(chains)
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "chains.svg").write_bytes(draw_chains(chains, "svg"))


def chain_page(chain: Chain, found: Sequence[Relation]) -> str:
    """Return the page of a chain, Markdown; `found` are the relations of all chains."""
    parts = [
        f"# {chain.name}\n\n{chain.title}.\n\n{chain.description.strip()}",
        _WRITTEN,
        _facts(chain),
        _triggers(chain),
        _inputs(chain, found),
        _steps(chain),
        _neighbours(chain, found),
    ]
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def index_page(chains: Mapping[str, Chain]) -> str:
    """Return the page that lists all chains."""
    rows = [
        (f"[{name}]({name.lower()}.md)", chain.title, chain.mode or "", len(chain.inputs), _types(chain.outputs))
        for name, chain in sorted(chains.items())
    ]
    head = f"# Chains\n\n{_WRITTEN}\n\n![Who triggers whom](chains.svg)"
    return f"{head}\n\n{_table(('chain', 'what it makes', 'mode', 'inputs', 'outputs'), rows)}\n"


def _facts(chain: Chain) -> str:
    rule = "" if chain.rule is None else f"`{chain.rule.name}` {_settings(chain.rule.parameters)}".strip()
    rows = [
        ("version", chain.version),
        ("mode", chain.mode or "any"),
        ("main inputs by rule", rule or "none: one request for each product that arrives"),
        ("longest wait", f"{chain.longest_wait_h:g} h"),
    ]
    return _table(("", ""), rows)


def _settings(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in parameters.items())


def _triggers(chain: Chain) -> str:
    if not chain.triggers:
        return "## Triggers\n\nNone: it is made on request."
    rows = [
        (
            f"`{rule.arrival}`",
            ", ".join(rule.satellites) or "any",
            ", ".join(rule.timeliness) or "any",
            f"{rule.delay_s / 3600:g} h" if rule.delay_s else "",
            f"`{rule.names}`".replace("|", "\\|") if rule.names else "",
        )
        for rule in chain.triggers
    ]
    return "## Triggers\n\n" + _table(("arrival of", "satellites", "timeliness", "after", "names"), rows)


def _inputs(chain: Chain, found: Sequence[Relation]) -> str:
    grouped: dict[tuple[str, ...], list[InputRule]] = {}
    for rule in chain.inputs:
        words = (
            _alternatives(rule),
            "yes" if rule.mandatory else "no",
            ", ".join(rule.modes) or "any",
            "" if rule.window == "sensing" else rule.window,
            _wait(rule),
        )
        grouped.setdefault(words, []).append(rule)
    rows = [(_types([rule.role for rule in rules]), *words) for words, rules in grouped.items()]
    text = "## Inputs\n\n" + _table(("roles", "chosen by", "mandatory", "modes", "interval", "waited for"), rows)
    made: dict[str, set[str]] = {}
    for relation in found:
        if relation.taker == chain.name:
            made.setdefault(relation.product_type, set()).add(relation.maker)
    if not made:
        return text
    lines = "\n".join(f"* `{kind}` by {', '.join(sorted(makers))}" for kind, makers in sorted(made.items()))
    return f"{text}\n\nMade here:\n\n{lines}"


def _alternatives(rule: InputRule) -> str:
    if rule.same_as is not None:
        return f"as {rule.same_as}"
    own = len(rule.alternatives) == 1 and rule.types == (rule.role,)
    return ", else ".join(_alternative(each, named=not own) for each in rule.alternatives)


def _alternative(each: Alternative, *, named: bool) -> str:
    policy = each.policy.value if isinstance(each.policy, Policy) else each.policy
    margins = f" [{each.before_s:g} s, {each.after_s:g} s]" if each.before_s or each.after_s else ""
    bounds = ""
    if each.least != 1 or each.most is not None:
        bounds = f", {each.least} to {each.most if each.most is not None else 'any'}"
    types = f" of {', else '.join(f'`{kind}`' for kind in each.types)}" if named else ""
    return f"{policy}{margins}{bounds}{types}"


def _wait(rule: InputRule) -> str:
    if rule.wait is None:
        return ""
    return f"{rule.wait.after_acceptance_s:g} s, and {rule.wait.after_sensing_s:g} s from sensing"


def _steps(chain: Chain) -> str:
    rows = [
        (
            step.name,
            f"`{step.unit}`",
            step.per or "",
            ", ".join(step.after),
            _types(step.outputs),
            f"{step.resources.memory_bytes / 2**20:.0f} MiB",
        )
        for step in chain.steps
    ]
    return "## Steps\n\n" + _table(("step", "unit", "one per", "after", "outputs", "memory"), rows)


def _neighbours(chain: Chain, found: Sequence[Relation]) -> str:
    lines = [f"* `{r.product_type}` {r.kind} [{r.taker}]({r.taker.lower()}.md)" for r in found if r.maker == chain.name]
    return "## What follows\n\n" + "\n".join(lines) if lines else ""


def _types(types: Sequence[str]) -> str:
    return " ".join(f"`{kind}`" for kind in types)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [
        " | ".join(head),
        " | ".join("---" for _ in head),
        *(" | ".join(str(cell) for cell in row) for row in rows),
    ]
    return "\n".join(f"| {line} |" for line in lines)
