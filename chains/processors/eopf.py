"""EOPF processing units: the payload that says what is read, computed and written, and the command that is given it.

Source: documentation of the EOPF core modules (triggering, payload of the 2.x series).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from refsys.chains.processors.working import OUTPUTS
from refsys.model.errors import ConfigInvalid
from refsys.model.processors import ExitCodes, ListFile, Processor, ProcessorPool, ProcessorTask

TASK = "eopf"


def payload_of(
    processor: Processor, inputs: Mapping[str, Path], outputs: tuple[str, ...], folder: Path
) -> dict[str, Any]:
    """Return the payload of one processing unit.

    Parameters
    ----------
    processor
        Of kind `eopf`.
    inputs
        Place of each input, by the name that the unit gives it.
    outputs
        Names that the unit gives its outputs.
    folder
        The working directory.

    Raises
    ------
    ConfigInvalid
        If the processor is of another kind.
    """
    unit = processor.eopf
    if unit is None:
        raise ConfigInvalid("only processors of kind eopf have a payload", where=processor.name)
    step: dict[str, Any] = {
        "name": processor.name,
        "active": True,
        "module": unit.module,
        "processing_unit": unit.unit,
        "inputs": {name: name for name in inputs},
        "outputs": {name: name for name in outputs},
        "parameters": dict(unit.parameters),
    }
    products = [{"id": name, "path": str(path), "store_type": _store_type(path)} for name, path in inputs.items()]
    made = [
        {
            "id": name,
            "path": str(folder / OUTPUTS),
            "type": "folder",
            "store_type": unit.store,
            "opening_mode": "CREATE_OVERWRITE",
        }
        for name in outputs
    ]
    return {
        "general_configuration": dict(unit.general),
        "workflow": [step],
        "I/O": {"input_products": products, "output_products": made},
    }


def write_payload(payload: Mapping[str, Any], file: Path) -> Path:
    """Write a payload as YAML; its folder gets a place for the outputs."""
    (file.parent / OUTPUTS).mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(dict(payload), sort_keys=False, allow_unicode=True), "utf-8")
    return file


def as_command(processor: Processor) -> Processor:
    """Return the processor as a command whose last argument is the payload, and which writes no LIST file."""
    task = ProcessorTask(name=TASK, version=processor.version, command=processor.eopf_command)
    changes = {
        "kind": "command",
        "eopf": None,
        "pools": (ProcessorPool(tasks=(task,)),),
        "list_file": ListFile(required=False),
        "exit_codes": ExitCodes(last_warning=0),  # Python's 1 is an exception that nobody caught
    }
    return Processor.model_validate(dict(processor) | changes)


def _store_type(path: Path) -> str:
    name = path.name
    return "zarr" if ".zarr" in name else "safe"
