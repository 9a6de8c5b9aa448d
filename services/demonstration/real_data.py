"""Where real data for the demo lie, if there are any."""

import os
from pathlib import Path

from refsys.model.errors import ConfigInvalid

MWR_PACKETS = "s3_l0/S3A_MWR_L0_20221101T092439_isp.dat"
SRAL_PRODUCTS = "s3_sral"
S1_PACKETS = "s1_l0/isp"
S1_REFERENCE = "s1_l0/reference"
S1_AUXILIARY = "aux_s1/safe"


def find_real_data(given: Path | None = None) -> Path | None:
    """Return the folder of real data, or None where there is none.

    Parameters
    ----------
    given
        Folder that holds `data/real`, or that folder itself. If None: `REFSYS_SHARED`, else `../shared` beside the
        repository that the current folder is in.

    Raises
    ------
    ConfigInvalid
        If a folder was given, or named by `REFSYS_SHARED`, and holds no such data.
    """
    named = given or (Path(value) if (value := os.environ.get("REFSYS_SHARED")) else None)
    if named is not None:
        found = _real_folder(named.expanduser().absolute())
        if found is None:
            raise ConfigInvalid(
                f"no real data: neither data/real/{MWR_PACKETS} nor {MWR_PACKETS} is there",
                where=named,
                hint="mend --data or REFSYS_SHARED, or leave both away to run on simulated data",
            )
        return found
    repository = _repository_of(Path.cwd())
    return None if repository is None else _real_folder(repository.parent / "shared")


def _real_folder(folder: Path) -> Path | None:
    candidates = (folder / "data" / "real", folder)
    return next((real for real in candidates if (real / MWR_PACKETS).is_file()), None)


def _repository_of(folder: Path) -> Path | None:
    return next((place for place in (folder, *folder.parents) if (place / "pyproject.toml").is_file()), None)
