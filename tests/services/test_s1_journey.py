"""Sentinel-1 through the whole journey: arrival of a session and auxiliary files to three levels of products."""

import os
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest

from refsys.chains.chain_files import parse_chain, shipped_chains
from refsys.chains.sentinel1.simulation.acquisition import DataTake, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.echoes import Noise
from refsys.chains.sentinel1.simulation.instrument import S3, shortened, stripmap
from refsys.chains.sentinel1.simulation.orbit import SIMULATED_ORBIT
from refsys.chains.sentinel1.simulation.scene import Scene, point_target
from refsys.chains.sentinel1.simulation.session import SessionOptions, simulate_session
from refsys.chains.sentinel1.simulation.tops import Burst
from refsys.model.chains import Chain
from refsys.model.requests import RequestState
from refsys.model.settings import ClusterSettings, Settings
from refsys.services import home as home_module
from refsys.services.home import ingest, open_system, working

TYPES = ("S3_RAW__0S", "S3_SLC__1S", "S3_GRDH_1S")
LINES, SAMPLES, GAIN = 1500, 3400, 0.5


@pytest.fixture(scope="module")
def arrivals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("arrivals")
    acquisition = stripmap(shortened(S3, SAMPLES, 100e-6), gain=GAIN)
    target = point_target(SIMULATED_ORBIT, 0.59, 149_896_229.0 * (acquisition.codes.first_delay_s + 3e-6), 2500.0)
    part = Burst(0, acquisition, acquisition.raw_grid(0.2, LINES))
    packets = simulate_packets([part], Scene((target,)), DataTake(noise=Noise(2.0, seed=3)))
    options = SessionOptions(start=datetime(2013, 6, 1, 13, tzinfo=UTC), downlink_orbit=123)
    return [simulate_session({"VV": packets}, folder, options), *simulate_auxiliary(folder / "aux", gain=GAIN)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a block of the complex image less memory, so that this scene has four."""

    def load(*_places: object) -> dict[str, Chain]:
        chains = shipped_chains()
        text = (resources.files("refsys.chains") / "s1-l1-slc.yaml").read_text("utf-8")
        assert "blocks: {memory_bytes: 1610612736" in text
        small = text.replace("blocks: {memory_bytes: 1610612736", "blocks: {memory_bytes: 245000000")
        return {**chains, "S1-L1-SLC": parse_chain(small, "s1-l1-slc.yaml")}

    monkeypatch.setattr(home_module, "load_chains", load)


def digests(home: Path, arrivals: list[Path], cluster: ClusterSettings) -> dict[str, str]:
    """Content digest of the product of each type, after a run of everything."""
    with open_system(Settings(home=home, cluster=cluster)) as system:
        keys = ingest(system, arrivals)
        with working(system) as at_work:
            at_work.loop.run()
        assert all(system.ledger.get(key).state is RequestState.PUBLISHED for key in keys)
        found = {}
        for kind in TYPES:
            failed = [(record.request.chain, record.reason) for record in system.ledger.find([RequestState.FAILED])]
            assert not failed
            (product,) = system.catalogue.find(product_type=kind)
            if kind == "S3_SLC__1S":
                assert product.figures["images"]["s3-vv"]["blocks"] == 4  # type: ignore[index, call-overload]
            assert product.quality.value == "nominal", product.figures["degraded_because"]
            found[kind] = product.digest
        return found


def test_serial_and_any_number_of_workers_give_the_same_products(tmp_path: Path, arrivals: list[Path]) -> None:
    """Workers: two, or those of `REFSYS_TEST_WORKERS`, such as `1 2 4`."""
    serial = digests(tmp_path / "serial", arrivals, ClusterSettings(executor="serial"))
    for workers in map(int, os.environ.get("REFSYS_TEST_WORKERS", "2").split()):
        cluster = ClusterSettings(executor="dask", workers=workers)
        assert digests(tmp_path / f"dask{workers}", arrivals, cluster) == serial
