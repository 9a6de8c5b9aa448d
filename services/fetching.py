"""How `INGEST` requests are served: station, extraction and publishing put together."""

import shutil
import tempfile
from pathlib import Path

from refsys.chains.extraction import identify
from refsys.model.errors import InputMissing
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest
from refsys.scheduler.loop import Fetch
from refsys.scheduler.system import System
from refsys.stations.folder import FolderStation
from refsys.storage.publishing import publish_folder


def fetcher(system: System) -> Fetch:
    """Return the function that fetches what an `INGEST` request names and publishes it."""

    def fetch(request: ProductionRequest) -> Product:
        address = Path(request.inputs[0])
        station = FolderStation(address, system.settings.limits)
        items = list(station.items())
        if len(items) != 1:
            raise InputMissing(f"{len(items)} items where the request found one", where=address, hint="ingest it again")
        scratch = system.settings.scratch_folder
        scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="fetch-", dir=scratch))
        try:
            local = station.fetch(items[0], folder)
            draft = identify(local)
            return publish_folder(draft, local, system.store, system.catalogue, incoming_id=request.key)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # a leftover is only space, and `refsys doctor` finds it

    return fetch
