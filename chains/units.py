"""Python units: the first kind of processor. A unit is a function of typed inputs and parameters with declared outputs.

A unit is registered under a name that chain files refer to::

    class FramesParameters(Value):
        marker_errors: int = Field(4, ge=0, le=8)

    @unit("s3-l0-mwr.frames", version="1", parameters=FramesParameters)
    def frames(context: UnitContext, parameters: FramesParameters) -> UnitOutcome: ...

Units know no scheduler and no store: they read local files and Zarr groups and write local files and a Zarr group.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import JsonValue, ValidationError

from refsys.model.attributes import Attributes
from refsys.model.errors import ConfigInvalid, InputMissing
from refsys.model.plans import Step
from refsys.model.products import InputRef, Quality
from refsys.model.values import UtcTime, Value
from refsys.model.volatile import Volatile

if TYPE_CHECKING:
    import zarr

P = TypeVar("P", bound=Value)


@dataclass(frozen=True)
class LocalInput:
    """An input product whose files lie on this machine; they are read-only."""

    ref: InputRef
    folder: Path

    def path(self, suffix: str) -> Path:
        """Return the one file of this input whose path ends so (`InputMissing` if there is none or more than one)."""
        found = [asset.path for asset in self.ref.assets if asset.path.endswith(suffix)]
        if len(found) != 1:
            raise InputMissing(
                f"{len(found)} files end with {suffix!r} where one must",
                where=self.ref.name,
                hint="check that the product was ingested whole with `refsys products show`",
            )
        return self.folder / found[0]


class ProductDraft(Value):
    """A product as its unit describes it; the files lie in the folder `context.out / name`."""

    name: str
    product_type: str
    mission: str
    satellite: str
    start: UtcTime
    stop: UtcTime
    creation_time: UtcTime
    footprint: dict[str, Any] | None = None
    quality: Quality = Quality.NOMINAL
    attributes: Attributes = Attributes()
    figures: dict[str, JsonValue] = {}
    volatile: Volatile | None = None
    """Volatile values that its text files (.xml, .json, .html, .safe) hold; they are masked in the content digest."""


class UnitOutcome(Value):
    """What a unit made: products in `context.out`, and figures for those who follow."""

    products: tuple[ProductDraft, ...] = ()
    figures: dict[str, JsonValue] = {}


@dataclass(frozen=True)
class Predecessor:
    """What a step before this one left behind."""

    name: str
    figures: Mapping[str, JsonValue]
    workspace: "zarr.Group | None"
    """Read-only group; None if that step never asked for its workspace."""


@dataclass(frozen=True)
class UnitContext:
    """Everything a unit may touch."""

    step: Step
    inputs: Mapping[str, tuple[LocalInput, ...]]
    before: tuple[Predecessor, ...]
    out: Path
    creation_time: datetime
    open_workspace: Callable[[], "zarr.Group"]
    """Opens this step's own empty Zarr v3 group in the store."""
    progress: Callable[[float, str], None]
    """Told the fraction done and what is being done."""

    def input(self, role: str) -> LocalInput:
        """Return the only input of a role (`InputMissing` if there is not exactly one)."""
        found = self.inputs.get(role, ())
        if len(found) != 1:
            raise InputMissing(f"{len(found)} inputs of role {role!r} where one must be", where=self.step.name)
        return found[0]

    def volatile(self, product_name: str) -> Volatile:
        """Return the volatile values of a product of this step; its UUID follows from step key and name."""
        from uuid import NAMESPACE_URL, uuid5  # noqa: PLC0415  (cheap, used once a step)

        made_of = f"refsys:{self.step.key}:{product_name}"
        return Volatile(
            creation_time=self.creation_time, product_name=product_name, uuid=str(uuid5(NAMESPACE_URL, made_of))
        )


UnitFunction = Callable[[UnitContext, P], UnitOutcome]


@dataclass(frozen=True)
class Unit(Generic[P]):
    """A registered unit."""

    name: str
    version: str
    parameters: type[P]
    function: UnitFunction[P]

    def run(self, context: UnitContext) -> UnitOutcome:
        """Validate the step's parameters and run (`ConfigInvalid` for parameters that do not fit)."""
        return self.function(context, self.check(context.step.parameters))

    def check(self, parameters: Mapping[str, JsonValue]) -> P:
        """Return the parameters as the unit's own type (`ConfigInvalid` if they do not fit)."""
        try:
            return self.parameters.model_validate(dict(parameters))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigInvalid(f"parameter {place}: {first['msg']}", where=f"unit {self.name}") from error


UNITS: dict[str, Unit[Any]] = {}


def find_unit(name: str) -> Unit[Any]:
    """Return the unit of a name, importing the module that registers it.

    `s3-l0-mwr.frames` is looked for in `refsys.chains.sentinel3.l0_mwr`; `package.module:name` imports a user's module.

    Raises
    ------
    ConfigInvalid
        If the module or the unit does not exist.
    """
    module = name.partition(":")[0] if ":" in name else _shipped_module(name)
    if name not in UNITS:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            raise ConfigInvalid(
                f"no module {error.name} for the unit",
                where=name,
                hint="install its package or put its folder on PYTHONPATH, here and on the workers",
            ) from error
        except Exception as error:
            why = f"importing {module} for the unit failed: {type(error).__name__}: {error}"
            raise ConfigInvalid(why, where=name, hint="mend the module") from error
    if name not in UNITS:
        raise ConfigInvalid(f"module {module} registers no such unit", where=name, hint="check `unit:`")
    return UNITS[name]


def _shipped_module(name: str) -> str:
    """Return the module of a unit that comes with refsys: `s3-l0-mwr.frames` is in `sentinel3.l0_mwr`."""
    if name.startswith("processor."):
        return "refsys.chains.processors.unit"
    mission, _, rest = name.partition(".")[0].partition("-")
    return f"refsys.chains.sentinel{mission.removeprefix('s')}.{rest.replace('-', '_')}"


def unit(name: str, *, version: str, parameters: type[P]) -> Callable[[UnitFunction[P]], UnitFunction[P]]:
    """Register a function as the unit `name`; a name taken by another function raises `ConfigInvalid`."""

    def register(function: UnitFunction[P]) -> UnitFunction[P]:
        known = UNITS.get(name)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise ConfigInvalid(f"unit {name!r} is registered twice", where=function.__module__)
        UNITS[name] = Unit(name, version, parameters, function)
        return function

    return register
