"""Settings as commented YAML: the sentence of each setting is its comment."""

import textwrap

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from refsys.model.settings import Settings

WIDTH = 118
_BOUNDS = {Ge: ("at least", "ge"), Gt: ("more than", "gt"), Le: ("at most", "le"), Lt: ("less than", "lt")}


def settings_yaml(settings: Settings) -> str:
    """Return the settings as YAML that `load_settings` reads back to the same value.

    Parameters
    ----------
    settings
        What is written; each setting's description, bounds and default stand above it. `home` is a comment: a home
        does not hold its own place, it is moved as a whole.
    """
    head = (
        f"# Settings of the refsys home {settings.home}\n"
        "# They are read from `refsys.yaml` in that folder; what is left out has its default.\n"
    )
    return head + "\n" + "\n".join(_lines(settings, 0, skip=("home",))) + "\n"


def _lines(group: BaseModel, depth: int, skip: tuple[str, ...] = ()) -> list[str]:
    plain = group.model_dump(mode="json")
    lines: list[str] = []
    for name, field in type(group).model_fields.items():
        if name in skip:
            continue
        indent = "  " * depth
        value = getattr(group, name)
        lines += [f"{indent}# {line}" for line in textwrap.wrap(_comment(field), WIDTH - len(indent))]
        if isinstance(value, BaseModel):
            lines += [f"{indent}{name}:", *_lines(value, depth + 1)]
        else:
            lines.append(f"{indent}{name}: {_scalar(plain[name])}")
    return lines


def _comment(field: FieldInfo) -> str:
    """Return description, bounds and default of a setting in one line."""
    words = [field.description or ""]
    bounds = [
        f"{_BOUNDS[type(bound)][0]} {getattr(bound, _BOUNDS[type(bound)][1])}"
        for bound in field.metadata
        if type(bound) in _BOUNDS
    ]
    if bounds:
        words.append(f"({', '.join(bounds)})")
    if not isinstance(field.default, BaseModel):
        words.append(f"[default: {_scalar(_plain(field.default))}]")
    return " ".join(words)


def _plain(value: object) -> object:
    return [str(item) for item in value] if isinstance(value, tuple) else value


def _scalar(value: object) -> str:
    """Return a value on one line, as YAML."""
    if value is None:
        return "null"
    return yaml.safe_dump(value, default_flow_style=True, width=1_000_000).removesuffix("\n...\n").strip()
