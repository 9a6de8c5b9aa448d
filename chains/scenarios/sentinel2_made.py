"""What simulated processors of Sentinel-2 make."""

from datetime import datetime
from typing import TYPE_CHECKING

from refsys.chains.scenarios.datastrips import SCENE
from refsys.chains.scenarios.happenings import Facts, S2Datastrip
from refsys.chains.scenarios.made import MadeProduct, Run
from refsys.model.attributes import Attributes
from refsys.model.chains import fits_type
from refsys.model.names import S2PdiName

if TYPE_CHECKING:
    from pydantic import JsonValue

_BASELINE = "05.11"


class Sentinel2:
    """Makes products of Sentinel-2."""

    def __init__(self, facts: Facts) -> None:
        self._strips = {(strip.satellite, strip.start): strip for strip in facts.s2_datastrips}
        self._received: dict[str, list[S2Datastrip]] = {}
        for strip in facts.s2_datastrips:
            self._received.setdefault(strip.session_id, []).append(strip)

    def made(self, run: Run) -> list[MadeProduct]:
        """Return what a run makes, of the types that its step declares."""
        return [one for one in self._all(run) if any(fits_type(kind, one.type) for kind in run.outputs)]

    def _all(self, run: Run) -> list[MadeProduct]:
        if run.chain == "S2-L0U":
            strips = [_datastrip("MSI_L0U_DS", strip, run) for strip in self._received.get(run.main.name, [])]
            attributes = Attributes(absolute_orbit=run.main.attributes.absolute_orbit)
            return strips + [MadeProduct(kind, *run.job.sensing, attributes) for kind in ("AUX_SADATA", "PRD_HKTM__")]
        strip = self._strips[run.main.satellite, run.main.start]
        if run.chain == "S2-L0C":
            return _with_granules("MSI_L0__", strip, run)
        if run.chain == "S2-L1":
            return [*_with_granules("MSI_L1B_", strip, run), _datastrip("MSI_L1C_DS", strip, run)]
        if run.chain == "S2-L2":
            return [_datastrip("MSI_L2A_DS", strip, run)]
        tile, level = run.job.parameters["TILE"], "MSI_L1C_" if run.chain == "S2-L1C" else "MSI_L2A_"
        own = run.main.name.replace("MSI_L1B_DS", "MSI_L1C_DS")  # of one run, so that nothing else differs
        return [_tile(f"{level}{kind}", strip, tile, own) for kind in ("TL", "TC")]


def _attributes(strip: S2Datastrip) -> Attributes:
    return Attributes(mode="INS-NOBS", absolute_orbit=strip.absolute_orbit, baseline=_BASELINE)


def _datastrip(kind: str, strip: S2Datastrip, run: Run, granules: tuple[str, ...] = ()) -> MadeProduct:
    figures: dict[str, JsonValue] = {"tiles": list(strip.tiles)}
    if granules:
        figures["granules"] = list(granules)
    name = _name(kind, strip, run.creation_time, sensing_time=strip.start)
    return MadeProduct(kind, strip.start, strip.stop, _attributes(strip), figures=figures, name=name)


def _with_granules(level: str, strip: S2Datastrip, run: Run) -> list[MadeProduct]:
    """Return a datastrip and its granules."""
    own = _name(f"{level}DS", strip, run.creation_time, sensing_time=strip.start)
    granules = []
    for detector in range(1, strip.detectors + 1):
        for scene in range(strip.scenes):
            start = strip.start + scene * SCENE
            place = {"detector": f"{detector:02d}"}
            name = _name(f"{level}GR", strip, run.creation_time, sensing_time=start, **place)
            attributes = _attributes(strip).model_copy(update={"datastrip": own, **place})
            granules.append(MadeProduct(f"{level}GR", start, start + SCENE, attributes, name=name))
    return [_datastrip(f"{level}DS", strip, run, tuple(one.name or "" for one in granules)), *granules]


def _tile(kind: str, strip: S2Datastrip, tile: str, datastrip: str) -> MadeProduct:
    attributes = _attributes(strip).model_copy(update={"datastrip": datastrip, "tile": tile})
    fields = {"orbit": strip.absolute_orbit, "tile": tile, "baseline": _BASELINE}
    return MadeProduct(kind, strip.start, strip.stop, attributes, fields=fields)


def _name(kind: str, strip: S2Datastrip, made: datetime, *, sensing_time: datetime, detector: str | None = None) -> str:
    more = {} if detector is None else {"detector": detector}
    return S2PdiName.model_validate(
        {
            "satellite": strip.satellite,
            "file_type": kind,
            "site": "REFS",
            "creation_time": made,
            "baseline": _BASELINE,
            "sensing_time": sensing_time,
            **more,
        }
    ).format()
