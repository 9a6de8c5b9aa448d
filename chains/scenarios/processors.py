"""Processors of a scenario in this process: what they make of their inputs, without bytes, and how long they take.

Products have the names, times, attributes and figures that real ones have as far as rules ask for them; what is made is
told by `refsys.chains.scenarios.facts`.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version
from random import Random

from pydantic import JsonValue

from refsys.chains.processors.facts import FIELD
from refsys.chains.processors.simulated_names import Facts as NameFacts
from refsys.chains.processors.simulated_names import mission_of, names_of
from refsys.chains.scenarios import sentinel1_made, sentinel2_made, sentinel3_made
from refsys.chains.scenarios.happenings import Facts
from refsys.chains.scenarios.made import MadeProduct, Run
from refsys.chains.scenarios.scenario import Scenario
from refsys.model.plans import Step
from refsys.model.processors import JobFacts
from refsys.model.products import InputRef, Product, Provenance
from refsys.model.times import compact_time
from refsys.model.values import Value, digest

_DEFAULT_SECONDS = 300.0


class StepOfRequest(Value):
    """A step as its processor is given it."""

    chain: str
    chain_version: str
    step: Step
    request_key: str
    creation_time: datetime
    parameters: dict[str, JsonValue]
    inputs: tuple[InputRef, ...]


class ScenarioProcessors:
    """All processors of a scenario.

    Parameters
    ----------
    scenario, facts
        What happens.
    product
        Gives a product of the catalogue by its name.
    shuffle
        Another seed, for other durations.
    """

    def __init__(
        self, scenario: Scenario, facts: Facts, product: Callable[[str], Product], shuffle: int | None = None
    ) -> None:
        self._scenario, self._product = scenario, product
        self._seed = f"{scenario.seed} {shuffle}"
        self._makers: Mapping[str, Callable[[Run], list[MadeProduct]]] = {
            "S1": sentinel1_made.Sentinel1(facts).made,
            "S2": sentinel2_made.Sentinel2(facts).made,
            "S3": sentinel3_made.Sentinel3(facts).made,
        }

    def seconds(self, of: StepOfRequest) -> float:
        """Return how long a step takes: lognormal, by its chain, the same every time."""
        told = self._scenario.seconds
        median = told.get(of.chain, told.get("*", _DEFAULT_SECONDS))
        random = Random(f"{self._seed} {of.request_key} {of.step.name}")  # noqa: S311  (a duration, no secret)
        return median * math.exp(random.gauss(0.0, self._scenario.spread))

    def products(self, of: StepOfRequest) -> tuple[Product, ...]:
        """Return what a step makes; a step of a graph without outputs of its own nothing."""
        if not of.step.outputs:
            return ()
        main = self._product(of.inputs[0].name)
        job = JobFacts.model_validate(of.step.parameters[FIELD])
        run = Run(
            chain=of.chain,
            outputs=of.step.outputs,
            main=main,
            inputs=of.inputs,
            job=job,
            creation_time=of.creation_time,
            product=self._product,
        )
        provenance = Provenance(
            software=f"refsys {version('refsys')}",
            chain=of.chain,
            chain_version=of.chain_version,
            processor=of.step.processor,
            processor_version=of.step.processor_version,
            parameters=of.parameters,
            inputs=of.inputs,
            request_key=of.request_key,
        )
        return tuple(_product(made, run, provenance) for made in self._makers[of.chain[:2]](run))


def _product(made: MadeProduct, run: Run, provenance: Provenance) -> Product:
    name = made.name or _name(made, run)
    return Product(
        name=name,
        product_type=made.type,
        mission=run.chain[:2],
        satellite=run.job.satellite,
        start=made.start,
        stop=made.stop,
        creation_time=run.creation_time,
        attributes=made.attributes,
        figures=made.figures,
        assets=(),
        digest=digest([name, [ref.digest for ref in run.inputs]]),
        provenance=provenance,
    )


def _name(made: MadeProduct, run: Run) -> str:
    """Return the mission's name for a product; of types without a rule of their own a plain one."""
    if mission_of(made.type) is None:
        start, stop = compact_time(made.start), compact_time(made.stop)
        head = f"{run.chain[:2]}{run.job.satellite}_OPER_{made.type}_REFS"
        return f"{head}_{compact_time(run.creation_time)}_V{start}_{stop}"
    facts = NameFacts(
        mission=run.chain[:2],
        satellite=run.job.satellite,
        start=made.start,
        stop=made.stop,
        creation_time=run.creation_time,
        fields=made.fields,
        timeliness={"NRT": "NR", "STC": "ST", "NTC": "NT"}.get(made.attributes.timeliness or "", "AL"),
    )
    return names_of(made.type, facts)[0].name
