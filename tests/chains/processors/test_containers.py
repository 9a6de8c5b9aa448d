"""Processors in containers: a stand-in for podman records its call and runs the command. No container runs."""

import json
import os
import sys
from pathlib import Path

import pytest

from refsys.chains.processors.execution import Run, execute
from refsys.model.errors import ConfigInvalid
from refsys.model.processors import ListFile, Mount, Processor, ProcessorPool, ProcessorTask, RunReport

STAND_IN = f"""#!{sys.executable}
import json, os, sys
folder = os.environ["STAND_IN"]
with open(folder + "/calls", "a") as file:
    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
if sys.argv[1] == "run":
    at = sys.argv.index("registry/ipf:1")
    os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the stand-in; its calls are lines of `calls`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("podman", "docker"):
        (programs / name).write_text(STAND_IN.replace('os.environ["STAND_IN"]', repr(str(tmp_path))))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return tmp_path


def run(folder: Path, script: str, **more: object) -> RunReport:
    pool = ProcessorPool(tasks=(ProcessorTask(name="a", command=("sh", "-c", script, "sh")),))
    given: dict[str, object] = {"list_file": ListFile(required=False), "grace_s": 0.2} | more
    what = Processor(name="IPF", kind="container", image="registry/ipf:1", pools=(pool,), **given)
    work = folder / "work"
    work.mkdir()
    (work / "JobOrder.xml").write_text("<Ipf_Job_Order/>")
    own = {"PATH": os.environ["PATH"], "LICENCE": "sesam", "UNRELATED": "1"}
    return execute(Run(what, work, work / "JobOrder.xml", own_environment=own))


def recorded(calls: Path) -> list[tuple[list[str], dict[str, str]]]:
    lines = (calls / "calls").read_text().splitlines()
    return [(call[0], call[1]) for call in map(json.loads, lines)]


def test_the_call_has_image_limits_mounts_user_and_no_network(calls: Path) -> None:
    dem = calls / "dem"
    dem.mkdir()
    report = run(
        calls,
        'echo "$1"; exit 3',
        mounts=(Mount(source=dem, target="/data/DEM"),),
        memory_bytes=64 << 20,
        user="1001",
        environment={"MODE": "fast"},
        secrets=("LICENCE",),
    )
    arguments, environment = recorded(calls)[0]
    work = calls / "work"
    assert report.tasks[0].verdict == "warning"
    assert arguments[0] == "run"
    assert {
        "--rm",
        "--network=none",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--read-only",
        f"--workdir={work}",
        f"--volume={work}:{work}:rw",
        f"--volume={dem}:/data/DEM:ro",
        f"--memory={64 << 20}",
        f"--memory-swap={64 << 20}",
        "--user=1001",
        "--env=MODE=fast",
        "--env=LICENCE",
    } <= set(arguments)
    assert arguments[arguments.index("registry/ipf:1") + 1] == "sh"
    assert arguments[-1] == str(work / "JobOrder.xml")
    assert environment["LICENCE"] == "sesam"
    assert "sesam" not in " ".join(arguments)
    assert "UNRELATED" not in environment
    assert report.tasks[0].stdout is not None
    assert report.tasks[0].stdout.read_text() == f"{work / 'JobOrder.xml'}\n"


def test_a_container_whose_time_is_over_is_removed(calls: Path) -> None:
    report = run(calls, "sleep 600", timeout_s=0.5)
    (begin, _), (end, _) = recorded(calls)
    name = next(item.removeprefix("--name=") for item in begin if item.startswith("--name="))
    assert report.failed_by == "timeout"
    assert end == ["rm", "--force", name]


def test_a_container_that_the_kernel_ended_ran_out_of_memory(calls: Path) -> None:
    assert run(calls, "exit 137", memory_bytes=64 << 20).failed_by == "memory"


def test_docker_is_called_in_the_same_way(calls: Path) -> None:
    assert run(calls, "true", runtime="docker").failure is None


def test_static_data_that_are_absent_are_told(calls: Path) -> None:
    with pytest.raises(ConfigInvalid, match="static data are not there"):
        run(calls, "true", mounts=(Mount(source=calls / "none", target="/data/DEM"),))


def test_a_runtime_that_is_absent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigInvalid, match="container runtime podman is not installed"):
        run(tmp_path, "true")
