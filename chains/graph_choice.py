"""Which chains of a home are planned as graphs of sub-tasks, and which as their files say."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from refsys.model.chains import Chain, StepRule
from refsys.model.errors import ConfigInvalid


def with_graphs(chains: Mapping[str, Chain], patterns: Sequence[str]) -> dict[str, Chain]:
    """Return all chains, with the graphs of some made active.

    Parameters
    ----------
    chains
        By name.
    patterns
        Names or patterns (`*`, `?`) of chains.

    Raises
    ------
    ConfigInvalid
        If a pattern fits no chain that has a graph.
    """
    able = [name for name, chain in chains.items() if any(step.graph is not None for step in chain.steps)]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in able):
            said = f"no chain called {pattern!r} has a graph"
            raise ConfigInvalid(said, where="setting graphs", hint=f"there are {', '.join(sorted(able)) or 'none'}")
    chosen = {name for name in able if any(fnmatchcase(name, pattern) for pattern in patterns)}
    return {name: _active(chain) if name in chosen else chain for name, chain in chains.items()}


def _active(chain: Chain) -> Chain:
    return chain.model_copy(update={"steps": tuple(_switched(step) for step in chain.steps)})


def _switched(step: StepRule) -> StepRule:
    if step.graph is None:
        return step
    return step.model_copy(update={"graph": step.graph.model_copy(update={"active": True})})
