"""Scenario files: traffic of some hours or days, as parameters. What happens in it: see `facts`."""

from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from refsys.chains.chain_expansion import compose
from refsys.chains.chain_files import line_of, not_yaml
from refsys.model.errors import ConfigInvalid
from refsys.model.values import UtcTime, Value

Satellite = Literal["A", "B", "C", "D"]


class DataTakes(Value):
    """Data takes of one kind of Sentinel-1."""

    mode: Literal["IW", "EW", "S1", "S2", "S3", "S4", "S5", "S6", "WV", "EN", "N1", "N2", "N3", "N4", "N5", "N6", "RF"]
    polarisation: Literal["DV", "DH", "SV", "SH"] = "DV"
    timeliness: Literal["PT", "NRT", "FAST24"] = "FAST24"
    length_s: float = Field(gt=0, le=1800)
    every_orbits: int = Field(1, ge=1, description="One in every so many orbits.")
    after_node_s: float = Field(ge=0, lt=5900, description="From the ascending node to its start.")


class Sentinel1Traffic(Value):
    """One downlink an orbit, at its end; a data take that is split is received in two of them."""

    satellites: tuple[Satellite, ...] = ("A",)
    first_orbit: int = Field(50_000, ge=1)
    data_takes: tuple[DataTakes, ...] = ()
    station: str = "SGS_"
    downlink_s: float = Field(600.0, gt=0)
    delay_s: float = Field(900.0, ge=0, description="From the end of the downlink to the arrival of the session.")
    split: float = Field(0.0, ge=0, le=1, description="Share of data takes that are received in two sessions.")
    lone_channel: float = Field(0.0, ge=0, le=1, description="Share of sessions of which one channel never comes.")
    lost_segments: float = Field(0.0, ge=0, le=1, description="Share of segments that reception lost.")


class Sentinel2Traffic(Value):
    """One downlink an orbit, after its datastrips."""

    satellites: tuple[Satellite, ...] = ("A",)
    first_orbit: int = Field(30_000, ge=1)
    every_orbits: int = Field(1, ge=1, description="A datastrip in one of so many orbits.")
    after_node_s: float = Field(3600.0, ge=0, lt=5900, description="From the ascending node to its start.")
    scenes: int = Field(4, ge=1, le=300, description="Granules of each detector, each of 3.608 s.")
    detectors: int = Field(12, ge=1, le=12)
    tiles: int = Field(10, ge=1, le=900, description="Tiles that a datastrip touches.")
    station: str = "MTI_"
    downlink_s: float = Field(600.0, gt=0)
    delay_s: float = Field(900.0, ge=0, description="From the end of the downlink to the arrival of the session.")
    lone_channel: float = Field(0.0, ge=0, le=1, description="Share of sessions of which one channel never comes.")


class Window(Value):
    """Granules of a type that are recorded in a part of the orbit only."""

    type: str = Field(pattern=r"^[A-Z]{2}_0_[A-Z0-9_]{4}_G$")
    after_node_s: float = Field(ge=0, lt=6000)
    length_s: float = Field(gt=0, le=6059)
    every_orbits: int = Field(1, ge=1)
    calibration_class: str | None = Field(None, description="What the Level-0 products of it say, such as `RAC`.")


class Sentinel3Traffic(Value):
    """One dump an orbit, of all that was recorded from one ascending node to the next."""

    satellites: tuple[Satellite, ...] = ("A",)
    first_orbit: int = Field(20_000, ge=1)
    granule_s: float = Field(120.0, gt=0, description="Length of a granule; the last of a recording is shorter.")
    always: tuple[str, ...] = Field((), description="Types of granules that are recorded all the time.")
    windows: tuple[Window, ...] = ()
    station: str = "SGS_"
    downlink_s: float = Field(600.0, gt=0)
    delay_s: float = Field(300.0, ge=0, description="From the end of the downlink to the arrival of the session.")
    lone_channel: float = Field(0.0, ge=0, le=1, description="Share of sessions of which one channel never comes.")
    lost_granules: float = Field(0.0, ge=0, le=1, description="Share of granules that reception lost.")


class AuxiliarySeries(Value):
    """Auxiliary files of some types."""

    mission: Literal["S1", "S2", "S3"]
    types: tuple[str, ...] = Field(min_length=1)
    satellites: tuple[Literal["A", "B", "C", "D", "_"], ...] = Field(("_",), min_length=1)
    every_h: float | None = Field(None, gt=0, description="A file each so many hours; None: one for all the time.")
    length_h: float | None = Field(None, gt=0, description="Length of validity; None: as long as `every_h`.")
    delay_h: float = Field(0.0, description="From the start of validity to arrival; below 0: before (predictions).")
    bands: tuple[str, ...] = Field((), description="One file for each band; empty: one for all.")


class Scenario(Value):
    """A scenario, as its file says it."""

    version: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    start: UtcTime
    hours: float = Field(gt=0, le=24 * 40, description="Sensing of this long; what it causes may last longer.")
    seed: int = Field(0, ge=0)
    s1: Sentinel1Traffic | None = None
    s2: Sentinel2Traffic | None = None
    s3: Sentinel3Traffic | None = None
    auxiliary: tuple[AuxiliarySeries, ...] = ()
    fill: bool = Field(
        True, description="One file, valid for all the time, of each other auxiliary type that chains choose."
    )
    leave_out: tuple[str, ...] = Field((), description="Chains that do not run in it.")
    seconds: dict[str, float] = Field({}, description="Median duration of a run by chain; `*` for all others.")
    spread: float = Field(0.3, ge=0, le=3, description="Sigma of the natural logarithm of durations (lognormal).")


def read_scenario(given: str | Path) -> Scenario:
    """Return a scenario: one that comes with refsys, by name, or that of a file.

    Raises
    ------
    ConfigInvalid
        If there is none, or it is not valid; names file and line.
    """
    shipped = shipped_scenarios()
    if str(given) in shipped:
        return parse_scenario(
            (resources.files("refsys.chains.scenarios") / f"{given}.yaml").read_text("utf-8"), f"{given}.yaml"
        )
    file = Path(given)
    if not file.is_file():
        raise ConfigInvalid("no such scenario", where=given, hint=f"a file, or one of {', '.join(shipped)}")
    try:
        return parse_scenario(file.read_text("utf-8"), str(file))
    except UnicodeDecodeError as error:
        raise ConfigInvalid("not UTF-8 text", where=file) from error


def shipped_scenarios() -> tuple[str, ...]:
    """Return the names of the scenarios that come with refsys."""
    items = resources.files("refsys.chains.scenarios").iterdir()
    return tuple(sorted(item.name.removesuffix(".yaml") for item in items if item.name.endswith(".yaml")))


def parse_scenario(text: str, where: str) -> Scenario:
    """Return the scenario of a YAML text (`ConfigInvalid` naming the line)."""
    try:
        root = compose(text, where)
        if not isinstance(root, yaml.MappingNode):
            raise ConfigInvalid("a scenario is one mapping", where=f"{where}:1")
        return Scenario.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise not_yaml(error, where) from error
    except ValidationError as error:
        found = [(line_of(root, each["loc"]), ".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        words = "; ".join(f"line {line}: {place}: {what}" for line, place, what in found)
        raise ConfigInvalid(words, where=f"{where}:{found[0][0]}", hint="docs/scenarios.md has the form") from error
