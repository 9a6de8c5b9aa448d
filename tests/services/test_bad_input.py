"""Bad input on the whole journey: one clear error that names file and cause, FAILED, and nothing partial visible."""

import io
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from seaweed import BUCKET, SeaweedServer

from refsys.chains.processors.input_cache import CACHE_FOLDER
from refsys.chains.sentinel3.mwr_packets import simulate_mwr_packets
from refsys.chains.sentinel3.session_simulator import SessionOptions, simulate_session
from refsys.chains.sentinel3.sral_simulator import simulate_l1b
from refsys.model.errors import FailureClass
from refsys.model.requests import INGEST, RequestRecord, RequestState
from refsys.scheduler.system import System, retry
from refsys.services.home import ingest, load_settings, open_system, produce, working
from refsys.storage.stores import Store

SETTINGS = """
cluster: {executor: serial}
ledger: {retry_delay_s: 0.01, max_attempts: 1}
limits: {archive_bytes: 20000000, archive_ratio: 50}
"""
START = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small good session on two channels."""
    folder = tmp_path_factory.mktemp("session")
    packets = simulate_mwr_packets(600, seed=1)
    lengths = np.full(len(packets), packets.shape[1], dtype=np.int64)
    options = SessionOptions(satellite="A", start=START, channels="duplicate", chunk_frames=8)
    truth = simulate_session(packets.reshape(-1), lengths, folder, options)
    return folder / truth.session_id


@pytest.fixture(scope="module")
def level1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_l1b(tmp_path_factory.mktemp("level1"), seed=1)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with opened(tmp_path / "home") as system:
        yield system


def opened(home: Path, extra: str = "") -> AbstractContextManager[System]:
    home.mkdir(parents=True, exist_ok=True)
    (home / "refsys.yaml").write_text(SETTINGS + extra)
    return open_system(load_settings(home))


def run(system: System, *paths: Path) -> list[RequestRecord]:
    """Ingest, work until all is closed, and return every request, the oldest first."""
    ingest(system, paths)
    with working(system) as at_work:
        at_work.loop.run()
    return list(reversed(system.ledger.find(limit=100)))


def failed(records: list[RequestRecord]) -> RequestRecord:
    (bad,) = [record for record in records if record.state is RequestState.FAILED]
    return bad


def assert_nothing_partial(system: System) -> None:
    """What the catalogue shows is whole; what failed left no files to be taken for a product."""
    named = set()
    for product in system.catalogue.find(limit=1000):
        for asset in product.assets:
            assert len(system.store.get(asset.key)) == asset.size_bytes
            named.add(asset.key)
    assert list(system.store.list("incoming")) == []
    stored = {info.key for info in system.store.list("products") if not info.key.endswith("/manifest.json")}
    assert stored == named
    scratch = system.settings.scratch_folder
    # Inputs that are kept for the next step are no leftovers.
    assert not scratch.exists() or {path.name for path in scratch.iterdir()} <= {CACHE_FOLDER}


def truncate_chunk(folder: Path) -> str:
    chunk = sorted(folder.rglob("*_ch1_DSDB_*.raw"))[1]
    chunk.write_bytes(chunk.read_bytes()[:-100])
    return "bytes"


def remove_dsib(folder: Path) -> str:
    next(folder.rglob("*_ch2_DSIB.xml")).unlink()
    return "ch2"


def remove_chunk(folder: Path) -> str:
    chunk = min(folder.rglob("*_ch1_DSDB_*.raw"))
    chunk.unlink()
    return chunk.name


def external_entity(folder: Path) -> str:
    dsib = next(folder.rglob("*_ch1_DSIB.xml"))
    dsib.write_text(
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + dsib.read_text().replace("<?xml", "<!--")
    )
    dsib.write_text('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d><session_id>&x;</session_id></d>')
    return dsib.name


def billion_laughs(folder: Path) -> str:
    dsib = next(folder.rglob("*_ch1_DSIB.xml"))
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    dsib.write_text(f"<!DOCTYPE d [{entities}]><d>&a9;</d>")
    return dsib.name


def climbing_name(folder: Path) -> str:
    dsib = next(folder.rglob("*_ch1_DSIB.xml"))
    text = dsib.read_text()
    first = text.index("<dsdb_name>")
    dsib.write_text(text[:first] + "<dsdb_name>../../etc/passwd</dsdb_name>" + text[first:])
    return "../../etc/passwd"


@pytest.mark.parametrize(
    "spoil", [truncate_chunk, remove_dsib, remove_chunk, external_entity, billion_laughs, climbing_name]
)
def test_a_bad_session_fails_by_name_beside_a_good_one(
    system: System, session: Path, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    inbox = tmp_path / "inbox"
    shutil.copytree(session, inbox / "good" / session.name)
    shutil.copytree(session, inbox / "bad" / session.name)
    named = spoil(inbox / "bad")
    records = run(system, inbox)
    bad = failed(records)
    assert bad.request.chain == INGEST
    assert bad.failure in {FailureClass.INPUT_CORRUPT, FailureClass.INPUT_MISSING}
    assert named in (bad.reason or ""), bad.reason
    assert "\n" not in (bad.reason or "")
    assert sorted(record.state for record in records if record is not bad) == [RequestState.PUBLISHED] * 2
    assert sorted(product.product_type for product in system.catalogue.find()) == ["MW_0_MWR___", "S3_SESSION"]
    assert_nothing_partial(system)


def test_a_chunk_that_is_not_cadus_fails_the_production(system: System, session: Path, tmp_path: Path) -> None:
    copy = tmp_path / session.name
    shutil.copytree(session, copy)
    chunk = min(copy.rglob("*_ch1_DSDB_*.raw"))
    size = chunk.stat().st_size
    chunk.chmod(stat.S_IRUSR | stat.S_IWUSR)
    chunk.write_bytes(np.random.default_rng(1).bytes(size))
    bad = failed(run(system, copy))
    assert bad.request.chain == "S3-L0-MWR"
    assert bad.failure is FailureClass.INPUT_CORRUPT
    assert chunk.name in (bad.reason or ""), bad.reason
    assert [product.product_type for product in system.catalogue.find()] == ["S3_SESSION"]
    assert_nothing_partial(system)


def bomb(path: Path) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("S3A.SEN3/zeros", b"\0" * 19_000_000)
    return path.name


def climber(path: Path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../outside.txt", "x")
    return "../outside.txt"


def linker(path: Path) -> str:
    with tarfile.open(path.with_suffix(".tar"), "w") as archive:
        link = tarfile.TarInfo("S3A.SEN3/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link, io.BytesIO())
    return "S3A.SEN3/link"


def broken(path: Path) -> str:
    path.write_bytes(b"PK\x03\x04 and then nothing")
    return path.name


def stranger(path: Path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("HOLIDAY_PHOTOS.SEN3/xfdumanifest.xml", "<a/>")
    return "HOLIDAY_PHOTOS.SEN3"


@pytest.mark.parametrize("make", [bomb, climber, linker, broken, stranger])
def test_a_bad_archive_fails_by_name_beside_a_good_product(
    system: System, level1: Path, tmp_path: Path, make: Callable[[Path], str]
) -> None:
    inbox = tmp_path / "inbox"
    shutil.copytree(level1, inbox / level1.name)
    named = make(inbox / "S3A_bad.zip")
    records = run(system, inbox)
    bad = failed(records)
    assert named in (bad.reason or ""), bad.reason
    assert bad.failure is FailureClass.INPUT_CORRUPT
    assert not (tmp_path / "outside.txt").exists()
    assert {record.request.chain: record.state for record in records if record is not bad} == {
        INGEST: RequestState.PUBLISHED,
        "S3-L2-SRAL": RequestState.PUBLISHED,
    }
    assert_nothing_partial(system)


def test_an_unknown_product_name_fails_by_name(system: System) -> None:
    key = produce(system, "S3-L2-SRAL", ("S3A_SR_1_NOPE.SEN3",))
    with working(system) as at_work:
        at_work.loop.run([key])
    record = system.ledger.get(key)
    assert (record.state, record.failure) == (RequestState.FAILED, FailureClass.INPUT_MISSING)
    assert "S3A_SR_1_NOPE.SEN3" in (record.reason or "")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "refsys-test", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip("full disk: only root may mount a small tmpfs (run as root, as continuous integration does)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("setting", ["store", "scratch"])
def test_a_full_disk(session: Path, tmp_path: Path, small_disk: Path, setting: str) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * ((6 << 20) - (32 << 10)))
    with opened(tmp_path / "home", f"{setting}: {small_disk}/{setting}\n") as system:
        bad = failed(run(system, session))
        assert bad.failure is FailureClass.STORAGE, bad.reason
        assert "space" in (bad.reason or ""), bad.reason
        assert str(small_disk) in (bad.reason or "")
        ballast.unlink()
        retry(system, bad.key, "test")
        records = run(system, session)
        assert {record.state for record in records} == {RequestState.PUBLISHED}
        assert_nothing_partial(system)


class DyingStore:
    """A real S3 store whose server is killed between the first and the second file that is put."""

    def __init__(self, store: Store, server: SeaweedServer) -> None:
        self._store, self._server, self._files = store, server, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def put_file(self, key: str, path: Path) -> None:
        self._files += 1
        if self._files == 2:
            self._server.kill()
        self._store.put_file(key, path)


def test_a_store_that_dies(session: Path, tmp_path: Path, killable_s3_server: SeaweedServer) -> None:
    place = f"store: s3://{BUCKET}/bad-input\ns3_endpoint: {killable_s3_server.endpoint}\n"
    with opened(tmp_path / "home", place) as system:
        dying = replace(system, store=cast(Store, DyingStore(system.store, killable_s3_server)))
        bad = failed(run(dying, session))
        assert bad.failure is FailureClass.STORAGE
        assert BUCKET in (bad.reason or ""), bad.reason
        assert "test-secret" not in repr(system.ledger.history(bad.key))
        assert system.catalogue.find() == []
        killable_s3_server.start()
        records = run(system, session)
        assert {record.state for record in records} == {RequestState.PUBLISHED}
        assert_nothing_partial(system)
