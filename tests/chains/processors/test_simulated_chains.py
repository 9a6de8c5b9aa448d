"""Shipped chains of processors: their parameters are right, and simulated they make what they declare."""

from pathlib import Path

import pytest
from job_orders import S1_SLICE, S3_GRANULE, START, STOP, job_order

from refsys.chains.chain_files import shipped_chains
from refsys.chains.job_orders_writing import write_job_order
from refsys.chains.processors.execution import Run
from refsys.chains.processors.runs import run_processor
from refsys.chains.processors.simulated_chains import UNIT, with_simulated_processors
from refsys.chains.processors.unit import REPORT_TYPE, RunParameters, with_rules
from refsys.chains.units import find_unit
from refsys.model.chains import Chain, fits_type
from refsys.model.plans import Resources

CHAINS = {name: chain for name, chain in shipped_chains().items() if any(step.unit == UNIT for step in chain.steps)}


def steps(chain: Chain) -> list[tuple[RunParameters, tuple[str, ...]]]:
    unit = find_unit(UNIT)
    return [(unit.check(step.parameters), step.outputs) for step in chain.steps if step.unit == UNIT]


@pytest.mark.parametrize("name", CHAINS)
def test_parameters_of_shipped_chains_are_right(name: str) -> None:
    for parameters, _ in steps(CHAINS[name]):
        assert parameters.processor.name


@pytest.mark.parametrize("name", [name for name in CHAINS if name.startswith(("S1-IPF", "S3-"))])
def test_a_simulated_processor_makes_all_that_its_step_declares(tmp_path: Path, name: str) -> None:
    """Whole types are made one each; those with `?` stand for any of their types, of which the first is asked for."""
    chain = with_simulated_processors(CHAINS[name], {"check_inputs": False, "seed": 1})
    assert all(step.resources == Resources(memory_bytes=64 << 20) for step in chain.steps if step.unit == UNIT)
    for number, (parameters, outputs) in enumerate(steps(chain)):
        declared = [kind for kind in outputs if kind != REPORT_TYPE and "?" not in kind]
        if not declared:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        main = S1_SLICE if name.startswith("S1") else S3_GRANULE
        order = job_order(folder, {"MAIN": [main]}, declared, sensing=(START, STOP))
        (folder / "JobOrder.xml").write_bytes(write_job_order(order, parameters.processor.profile))
        report = run_processor(Run(with_rules(parameters.processor, tuple(declared)), folder, folder / "JobOrder.xml"))
        made = [output.type for output in report.outputs if output.kind == "product"]
        assert report.failure is None
        assert all(any(fits_type(kind, other) for other in made) for kind in declared)
