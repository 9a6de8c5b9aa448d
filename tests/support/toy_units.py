"""A toy processor for tests of the journey: one step a part, then one that joins them into a product."""

import json
import os
import sys
from pathlib import Path

import numpy as np
from pydantic import Field

from refsys.chains.units import ProductDraft, UnitContext, UnitOutcome, unit
from refsys.model.errors import InputCorrupt, StorageError
from refsys.model.times import compact_time, format_time
from refsys.model.values import Value


class PartParameters(Value):
    part: str
    factor: int = Field(2, ge=1)


class JoinParameters(Value):
    fail: str = ""
    short_name: bool = False


@unit("toy_units:part", version="1", parameters=PartParameters)
def part(context: UnitContext, parameters: PartParameters) -> UnitOutcome:
    """Multiply the numbers of one part, and count the run in a file if the test wants to know."""
    numbers = np.load(context.input("main").path(f"{parameters.part}.npy"))
    if journal := os.environ.get("TOY_JOURNAL"):
        with Path(journal).open("a") as file:
            file.write(f"{context.step.key}\n")
    context.progress(0.5, "multiplied")
    group = context.open_workspace()
    group.create_array("numbers", data=numbers * parameters.factor)
    return UnitOutcome(figures={"count": int(numbers.size)})


@unit("toy_units:join", version="1", parameters=JoinParameters)
def join(context: UnitContext, parameters: JoinParameters) -> UnitOutcome:
    """Write all numbers into one product."""
    if parameters.fail == "corrupt":
        raise InputCorrupt("numbers are not numbers", where=context.input("main").ref.name)
    if parameters.fail == "storage":
        raise StorageError("the store is away", where="toy")
    if parameters.fail == "bug":
        raise ZeroDivisionError("toy")
    if parameters.fail == "exit":
        sys.exit(3)
    if parameters.fail == "surrogate":
        raise ValueError("\udcff is no text")
    if parameters.fail == "huge":
        raise ValueError("x" * 10_000_000)
    if parameters.fail == "kill":
        os.kill(os.getpid(), 9)
    source = context.input("main").ref
    key = "" if parameters.short_name else f"_{context.step.key[:8]}"
    name = f"{source.name}_OUT_{compact_time(context.creation_time)}{key}"
    folder = context.out / name
    folder.mkdir()
    numbers = np.concatenate([np.asarray(before.workspace["numbers"]) for before in context.before if before.workspace])
    np.save(folder / "numbers.npy", numbers)
    volatile = context.volatile(name)
    about = {
        "name": name,
        "created": format_time(context.creation_time),
        "uuid": volatile.uuid,
        "sum": int(numbers.sum()),
    }
    (folder / "about.json").write_text(json.dumps(about))
    draft = ProductDraft(
        name=name,
        product_type="TOY_OUT",
        mission="S3",
        satellite="A",
        start=context.creation_time.replace(year=2020),
        stop=context.creation_time.replace(year=2020),
        creation_time=context.creation_time,
        figures={"sum": int(numbers.sum())},
        volatile=volatile,
    )
    return UnitOutcome(products=(draft,))
