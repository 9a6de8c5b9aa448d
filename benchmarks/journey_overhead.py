"""What ledger, loop, step areas and publishing cost: toy requests of two small steps on a local Dask cluster of two
workers, against bare `client.submit` of as many functions that return at once. Each of our steps reads its input,
writes a Zarr group or a product, and commits a manifest to disk; the bare ones do nothing, so this ratio says how long
a step must be for the difference not to matter.
"""

import tempfile
from itertools import count
from pathlib import Path

from toy_home import no_fetch, publish_input, toy_request, toy_system  # the toy chain of the tests

from benchmarks.harness import Peer, Row, compare, repetition
from refsys.cluster.local import connect
from refsys.model.settings import ClusterSettings
from refsys.scheduler.dask_executor import DaskExecutor
from refsys.scheduler.loop import Loop
from refsys.scheduler.system import intake

REQUESTS, STEPS = 10, 2
PINNED = False


def nothing(number: int) -> int:
    return number


def measure() -> list[Row]:
    numbers = count()
    with tempfile.TemporaryDirectory() as folder, toy_system(Path(folder, "home")) as system:
        publish_input(system, "numbers", Path(folder), parts=1)
        with connect(ClusterSettings(workers=2)) as client:
            loop = Loop(system, DaskExecutor(client), no_fetch)

            def ours(_: int) -> None:
                wishes = [
                    toy_request("numbers", parameters={"part.factor": next(numbers) + 1}) for _ in range(REQUESTS)
                ]
                intake(system, wishes)
                loop.run()

            def bare(_: int) -> None:
                client.gather([client.submit(nothing, next(numbers), pure=False) for _ in range(REQUESTS * STEPS)])

            peer = Peer("bare Dask no-ops", bare)
            return [compare("journey_overhead", REQUESTS * STEPS, "steps/s", ours, peer, prepare=repetition)]
