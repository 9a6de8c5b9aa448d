"""How `INGEST` requests are served: station, extraction and publishing put together."""

import shutil
import tempfile
from pathlib import Path
from uuid import uuid4

from refsys.chains.extraction import identify
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest
from refsys.model.times import parse_time
from refsys.scheduler.loop import Fetch
from refsys.scheduler.system import System
from refsys.stations.folder import FolderStation, StationItem
from refsys.storage.publishing import publish_folder
from refsys.storage.staging import delete_below


def fetcher(system: System) -> Fetch:
    """Return the function that fetches what an `INGEST` request names and publishes it."""

    def fetch(request: ProductionRequest) -> Product:
        item = _item(request)
        station = FolderStation(Path(item.address), system.settings.limits)
        scratch = system.settings.scratch_folder
        scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="fetch-", dir=scratch))
        try:
            local = station.fetch(item, folder)
            draft = identify(local)
            # Two processes may fetch the same item, one of them having lost its lease: each has a place of its own.
            place = f"{request.key}/{uuid4().hex}"
            product = publish_folder(draft, local, system.store, system.catalogue, incoming_id=place)
            delete_below(system.store, f"incoming/{request.key}")
            return product
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # a leftover is only space, and `refsys doctor` finds it

    return fetch


def _item(request: ProductionRequest) -> StationItem:
    """Return the item as it was listed, so that a change since then is noticed."""
    return StationItem(
        name=request.label,
        address=request.inputs[0],
        size_bytes=request.parameters["size_bytes"],
        modified=parse_time(str(request.parameters["modified"])),
    )
