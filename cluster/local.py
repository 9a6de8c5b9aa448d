"""The local pool: worker processes of this machine, on loopback only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from refsys.model.errors import ConfigInvalid
from refsys.model.plans import MEMORY_RESOURCE
from refsys.model.settings import ClusterSettings

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def connect(settings: ClusterSettings) -> Iterator["Client"]:
    """Start a local cluster, or connect to the one whose address is set; end what was started.

    Workers are processes under a nanny, each with the memory limit of the settings. Scheduler, workers and dashboard
    listen on 127.0.0.1 and nowhere else.

    Raises
    ------
    ConfigInvalid
        If nothing answers at the address.
    """
    from distributed import Client  # noqa: PLC0415  (half a second that `refsys --help` need not spend)

    if settings.address is None:
        with _local_cluster(settings) as client:
            yield client
        return
    try:
        client = Client(settings.address, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConfigInvalid(
            "no Dask scheduler answers", where=settings.address, hint="mend `cluster.address`, or leave it empty"
        ) from error
    with client:
        yield client


@contextmanager
def _local_cluster(settings: ClusterSettings) -> Iterator["Client"]:
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415

    quiet = {
        "distributed.worker.memory.terminate": 0.98,
        "distributed.comm.timeouts.connect": "30s",
    }
    with (
        dask.config.set(quiet),
        LocalCluster(
            n_workers=settings.workers,
            threads_per_worker=settings.threads_per_worker,
            processes=True,
            host="127.0.0.1",
            dashboard_address=f"127.0.0.1:{settings.dashboard_port}",
            memory_limit=settings.worker_memory_bytes,
            resources={MEMORY_RESOURCE: settings.worker_memory_bytes},
            silence_logs=40,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def dashboard_url(client: "Client") -> str:
    """Return the address of the Dask dashboard of a connected cluster."""
    return str(client.dashboard_link)
