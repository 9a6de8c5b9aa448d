"""Every setting, its default, its bounds and one sentence, which becomes its comment in the YAML of `refsys config`."""

from pathlib import Path

from pydantic import Field

from refsys.model.values import Value


class ClusterSettings(Value):
    """Where steps run."""

    executor: str = Field(
        "dask", pattern="^(dask|serial)$", description="`dask` for a cluster, `serial` for this process."
    )
    address: str | None = Field(
        None, description="Address of an existing Dask scheduler; empty starts a local cluster."
    )
    workers: int = Field(2, ge=1, le=1024, description="Worker processes of the local cluster.")
    threads_per_worker: int = Field(1, ge=1, le=64, description="Steps that one worker runs at the same time.")
    worker_memory_bytes: int = Field(
        2 << 30, ge=256 << 20, description="Memory limit of one worker; plans beyond it are refused."
    )
    dashboard_port: int = Field(
        0, ge=0, le=65535, description="Port of the Dask dashboard on 127.0.0.1; 0 takes a free one."
    )


class LedgerSettings(Value):
    """How requests are owned and repeated."""

    lease_s: float = Field(
        30.0, ge=0.2, le=86400, description="Seconds after which the requests of a silent process are taken over."
    )
    max_attempts: int = Field(3, ge=1, le=100, description="Attempts of a request whose failure may go away by itself.")
    retry_delay_s: float = Field(
        2.0, ge=0, le=86400, description="Delay before the second attempt; doubled for each further one."
    )


class LimitSettings(Value):
    """What input may be at most; beyond it, it is refused by name."""

    archive_files: int = Field(200_000, ge=1, description="Files in one archive.")
    archive_bytes: int = Field(200 << 30, ge=1, description="Bytes of one archive when unpacked.")
    archive_ratio: int = Field(200, ge=1, description="Unpacked bytes per packed byte of one archive.")
    input_cache_bytes: int = Field(
        64 << 30, ge=0, description="Disk space for inputs that the workers of a node fetch once; 0: no cache."
    )
    free_bytes: int = Field(1 << 30, ge=0, description="Free disk space below which `refsys doctor` warns.")


class Settings(Value):
    """All settings of one refsys home."""

    home: Path = Field(description="Folder of this installation's state.")
    store: str | None = Field(
        None, description="Object store: a folder, `memory://name` or `s3://bucket/prefix`; empty: `<home>/store`."
    )
    s3_endpoint: str | None = Field(
        None, description="S3 endpoint, for example `http://127.0.0.1:8333`; keys come from the environment."
    )
    database: str | None = Field(
        None, description="SQLAlchemy URL of catalogue and ledger; empty: SQLite in `<home>/refsys.db`."
    )
    scratch: Path | None = Field(None, description="Folder for files of running steps; empty: `<home>/scratch`.")
    chains: tuple[Path, ...] = Field(
        (), description="Folders or files of further chains, such as [mine, /opt/x.yaml]; relative: below the home."
    )
    task_tables: Path | None = Field(
        None,
        description="Folder of the agencies' task tables: a chain that names one takes its auxiliary inputs from it. "
        "Relative: below the home.",
    )
    processors: tuple[str, ...] = Field(
        (),
        description="Agency processors that are installed here, by name or pattern of their chains, as [S3-OL*]: "
        "arrivals start them. Without it they start only when asked for by name.",
    )
    graphs: tuple[str, ...] = Field(
        (),
        description="Chains whose steps are planned as graphs of sub-tasks where their files have one, by name or "
        "pattern, as [S2-*]; without it each step is one task.",
    )
    cluster: ClusterSettings = Field(ClusterSettings(), description="Where steps run.")
    ledger: LedgerSettings = Field(LedgerSettings(), description="How requests are owned and repeated.")
    limits: LimitSettings = Field(LimitSettings(), description="What input may be at most.")

    @property
    def store_url(self) -> str:
        """Address of the object store, defaults filled in."""
        return self.store or str(self.home / "store")

    @property
    def chain_places(self) -> tuple[Path, ...]:
        """Where further chains are, relative places taken from the home."""
        return tuple(self.home / place for place in self.chains)

    @property
    def task_tables_folder(self) -> Path | None:
        """Folder of task tables, a relative one taken from the home."""
        return None if self.task_tables is None else self.home / self.task_tables

    @property
    def database_url(self) -> str:
        """Address of the database, defaults filled in."""
        return self.database or f"sqlite:///{self.home / 'refsys.db'}"

    @property
    def scratch_folder(self) -> Path:
        """Folder for files of running steps, defaults filled in."""
        return self.scratch or self.home / "scratch"
