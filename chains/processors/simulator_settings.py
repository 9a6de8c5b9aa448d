"""What a simulated processor is told: how long, how much memory, what to make, and how to fail."""

import json
import math
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from refsys.model.errors import ConfigInvalid
from refsys.model.values import UtcTime, Value

VARIABLE = "REFSYS_SIMULATOR"
"""Environment variable: settings as JSON, or the path of a file that holds them."""
FILE = "simulator.json"
"""File beside the job order."""

Failure = Literal[
    "none",
    "exit",
    "hang",
    "hang-deaf",
    "signal",
    "memory-hog",
    "no-list",
    "two-lists",
    "half-outputs",
    "no-outputs",
    "wrong-names",
    "corrupt-manifest",
]
"""`hang` listens to the killing signal, `hang-deaf` does not; `half-outputs` lists all and writes every other."""


class SimulatorSettings(Value):
    """Settings of one simulated run."""

    seed: int = 0
    median_s: float = Field(0.0, ge=0, description="Median of the log-normal distribution of the duration.")
    sigma: float = Field(0.0, ge=0, description="Standard deviation of the duration's logarithm; 0: always the median.")
    memory_bytes: int = Field(0, ge=0, description="Taken and touched while it runs.")
    failure: Failure = "none"
    failure_rate: float = Field(1.0, ge=0, le=1, description="How often `failure` happens, drawn from the seed.")
    exit_code: int = Field(0, ge=0, le=255)
    signal: int = Field(11, ge=1, le=31, description="For failure `signal`.")
    lines: int = Field(0, ge=0, description="Printed on the way.")
    check_inputs: bool = True
    counts: dict[str, int] = Field({}, description="Products by type; 0 for none.")
    other_count: int = Field(1, ge=0, description="Products of each type that `counts` does not name.")
    product_bytes: int = Field(64, ge=0, description="Of each product's measurement.")
    creation_time: UtcTime | None = Field(None, description="None: an hour after the sensing time.")
    list_name: str = Field("{folder}.LIST", description="Name of the LIST file; `{folder}` is the working directory.")
    list_prefix: str = Field("", description="Before every name in it, such as `NRT/`.")

    def duration_s(self, what: str) -> float:
        """Return how long one run takes; `what` tells runs apart, the same is the same again.

        Examples
        --------
        >>> SimulatorSettings(median_s=3.0).duration_s("any")
        3.0
        """
        if self.median_s == 0:
            return 0.0
        return self.median_s * math.exp(self.sigma * self._draws(what).gauss(0.0, 1.0))

    def fails(self, what: str) -> bool:
        """Return whether the failure happens in one run."""
        return self.failure != "none" and self._draws(f"failure of {what}").random() < self.failure_rate

    def _draws(self, what: str) -> random.Random:
        return random.Random(f"{self.seed} {what}")  # noqa: S311  (a simulation, no secret)


def read_settings(job_order: Path, environment: Mapping[str, str] = os.environ) -> SimulatorSettings:
    """Return the settings of the environment variable, else of the file beside the job order, else the defaults.

    Raises
    ------
    ConfigInvalid
        If they are no JSON, or not settings.
    """
    given = environment.get(VARIABLE)
    where = f"environment variable {VARIABLE}"
    if given is None or not given.lstrip().startswith("{"):
        file = Path(given) if given else job_order.parent / FILE
        if not file.is_file():
            if given:
                raise ConfigInvalid("no such file of settings", where=file)
            return SimulatorSettings()
        given, where = file.read_text("utf-8"), str(file)
    try:
        return SimulatorSettings.model_validate(json.loads(given))
    except json.JSONDecodeError as error:
        raise ConfigInvalid(f"settings of the simulator are no JSON: {error}", where=where) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigInvalid(f"settings of the simulator: {place}: {first['msg']}", where=where) from error
