"""Chain S3-L2-SRAL: a Level-1B product in, a Level-2 product out, the same bytes each time."""

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr
from sen3_reading import check_objects, read_manifest
from unit_runner import ChainRun, run_chain

from refsys.chains.sentinel3.sral_simulator import simulate_l1b
from refsys.model.errors import InputCorrupt
from refsys.model.products import Quality


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_l1b(tmp_path_factory.mktemp("l1b"), seed=3)


def files(run: ChainRun) -> dict[str, bytes]:
    folder = run.product_folder("SR_2_SRA___")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_input_same_bytes(simulated: Path, tmp_path: Path) -> None:
    runs = [run_chain("S3-L2-SRAL", {"echoes": simulated}, tmp_path / name) for name in ("one", "two")]
    assert files(runs[0]) == files(runs[1])
    assert runs[0].product("SR_2_SRA___").quality is Quality.NOMINAL


def test_netcdf_and_zarr_hold_the_same(simulated: Path, tmp_path: Path) -> None:
    folder = run_chain("S3-L2-SRAL", {"echoes": simulated}, tmp_path).product_folder("SR_2_SRA___")
    group = zarr.open_group(folder / "measurement.zarr", mode="r")
    names = sorted(group.array_keys())
    assert "swh_plrm" in names
    with h5py.File(folder / "measurement.nc") as file:
        for name in names:
            np.testing.assert_array_equal(np.asarray(group[name]), np.asarray(file[name]))
    check_objects(folder, read_manifest(folder))
    assert (folder / "quicklook.png").read_bytes().startswith(b"\x89PNG")


def test_another_file_is_refused_by_name(simulated: Path, tmp_path: Path) -> None:
    broken = tmp_path / simulated.name
    broken.mkdir()
    (broken / "measurement.nc").write_bytes(b"no HDF5")
    with pytest.raises(InputCorrupt, match=r"measurement\.nc"):
        run_chain("S3-L2-SRAL", {"echoes": broken}, tmp_path / "work")


@pytest.mark.shared
def test_real_products(shared_data: Path, tmp_path: Path) -> None:
    for archive in sorted((shared_data / "s3_sral").glob("*.zip")):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path)
    for source in sorted(tmp_path.glob("*.SEN3")):
        draft = run_chain("S3-L2-SRAL", {"echoes": source}, tmp_path / source.name[:3]).product("SR_2_SRA___")
        assert draft.quality is Quality.NOMINAL, draft.figures
        figures: dict[str, Any] = draft.figures
        assert abs(figures["median_swh_plrm_m"] - figures["median_swh_sar_m"]) < 0.5
        assert draft.footprint is not None
