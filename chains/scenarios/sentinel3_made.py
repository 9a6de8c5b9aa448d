"""What simulated processors of Sentinel-3 make."""

from datetime import timedelta
from zlib import crc32

from refsys.chains.scenarios.happenings import Facts, S3Dump
from refsys.chains.scenarios.made import MadeProduct, Run
from refsys.model.attributes import Attributes, Timeliness

_VALID = timedelta(days=30)
"""Validity of the auxiliary files that processors make."""

_TIMELINESS: dict[str | None, Timeliness] = {"NRT": "NRT", "STC": "STC", "NTC": "NTC"}


class Sentinel3:
    """Makes products of Sentinel-3."""

    def __init__(self, facts: Facts) -> None:
        self._dumps = {dump.session_id: dump for dump in facts.s3_dumps}

    def made(self, run: Run) -> list[MadeProduct]:
        """Return what a run makes."""
        if run.chain == "S3-ACQ":
            return _granules(self._dumps[run.main.name], run)
        return [_of_interval(_whole(kind), run) for kind in run.outputs]


def _granules(dump: S3Dump, run: Run) -> list[MadeProduct]:
    """Return the granules of a dump that are not lost."""
    return [
        MadeProduct(
            granule.type,
            granule.start,
            granule.stop,
            Attributes(
                absolute_orbit=dump.absolute_orbit,
                node_before=dump.node_before,
                node_after=dump.node_after,
                dump_start=dump.dump_start,
                granule_number=granule.number,
                granule_position=granule.position,
                calibration_class=granule.calibration_class,
                timeliness="NRT",
                station=run.main.attributes.station,
            ),
        )
        for granule in dump.granules
        if not granule.lost
    ]


def _whole(kind: str) -> str:
    """Return the type made where a chain of calibration granules leaves the class open."""
    return "OL_0_CR0___" if kind.startswith("OL_0_CR") else kind


def _of_interval(kind: str, run: Run) -> MadeProduct:
    """Return a product of the interval of the request."""
    start, stop = run.job.sensing
    if kind.endswith("AX"):
        return MadeProduct(kind, start, start + _VALID, Attributes())
    timeliness = _TIMELINESS.get(run.job.timeliness, run.main.attributes.timeliness)
    carried = run.main.attributes.model_copy(update={"timeliness": timeliness})
    if (start, stop) != (run.main.start, run.main.stop):
        carried = carried.model_copy(update={"granule_number": None, "granule_position": None})
    node_before, node_after = carried.node_before, carried.node_after
    if node_before is None or node_after is None or not node_before <= start < node_after:
        carried = carried.model_copy(update={"absolute_orbit": None, "node_before": None, "node_after": None})
    own = crc32(run.chain.encode()) % 1000  # chains that make the same type in the same second
    return MadeProduct(kind, start, stop, carried, fields={"instance": f"0000_001_{own:03d}_____"})
