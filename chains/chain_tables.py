"""Chains that take their auxiliary inputs from the agency's task table, where a person has put it."""

from pathlib import Path

from refsys.chains.task_table_chain import inputs_of
from refsys.chains.task_tables import read_task_table
from refsys.model.chains import Chain, InputRule
from refsys.model.errors import ConfigInvalid

_MODES = ("NRT", "STC", "NTC", "SLICING", "NON_SLICING")


def with_task_table(chain: Chain, folder: Path) -> Chain:
    """Return the chain with the auxiliary inputs of its task table, unchanged if the folder holds no such file.

    Parameters
    ----------
    chain
        Its main inputs (policy `trigger` or `rule`) stay as they are; all others are replaced. Steps that read all
        inputs read all new ones; a step that reads an input that is gone is refused.
    folder
        Folder of task tables, searched with its sub-folders for `chain.task_table`, `?` any one character.

    Raises
    ------
    ConfigInvalid
        If tables of several satellites ask for different inputs, or a step reads an input that the table does not have.
    InputCorrupt
        If a file is no task table.
    """
    files = sorted(folder.rglob(chain.task_table)) if chain.task_table else []
    if not files:
        return chain
    asked = [_auxiliary(file, chain) for file in files]
    if other := next((file for file, inputs in zip(files, asked, strict=True) if inputs != asked[0]), None):
        raise ConfigInvalid(f"asks for other inputs than {files[0]}", where=other, hint="keep one version of a table")
    inputs = (*_main(chain), *asked[0])
    before, now = [each.role for each in chain.inputs], tuple(each.role for each in inputs)
    steps = tuple(
        step.model_copy(update={"inputs": now}) if set(step.inputs) == set(before) else step for step in chain.steps
    )
    try:
        return Chain.model_validate({**dict(chain), "inputs": inputs, "steps": steps})
    except ValueError as error:
        raise ConfigInvalid(f"chain {chain.name} does not fit this table: {error}", where=files[0]) from error


def _main(chain: Chain) -> list[InputRule]:
    return [each for each in chain.inputs if each.policy in ("trigger", "rule")]


def _auxiliary(file: Path, chain: Chain) -> list[InputRule]:
    """Return the inputs of a table but for those that the chain finds as its main inputs."""
    main = _main(chain)
    first = set(main[0].types) if main else set()
    own = {kind for each in main for kind in each.types}
    table = read_task_table(file)
    if not any(True for _ in table.inputs()):
        return []
    inputs = inputs_of(table, chain.mode if chain.mode in _MODES else "NRT", {})
    return [each for each in inputs if not set(each.types) & first and not set(each.types) <= own]
