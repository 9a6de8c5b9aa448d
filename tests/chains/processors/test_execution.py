"""Runs of processors: pools, tasks, exit codes, environments, and what they made; tasks are shell scripts."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from refsys.chains.processors.execution import Run, execute
from refsys.model.errors import ConfigInvalid
from refsys.model.processors import (
    ExitCodes,
    ListFile,
    Mount,
    OutputRule,
    Processor,
    ProcessorPool,
    ProcessorTask,
    QualityCheck,
    RunReport,
)

NO_LIST = ListFile(required=False)
OWN = {"PATH": os.environ["PATH"], "LICENCE_KEY": "sesam", "OTHER": "not passed on"}


def task(name: str, script: str, **more: object) -> ProcessorTask:
    """Return a task that is a script; the job order is its first argument."""
    return ProcessorTask(name=name, command=("sh", "-c", script, "sh"), **more)


def processor(*pools: list[ProcessorTask], **more: object) -> Processor:
    given = {"list_file": NO_LIST, "timeout_s": 60.0, "grace_s": 0.5} | more
    return Processor(name="TOY", pools=tuple(ProcessorPool(tasks=tuple(tasks)) for tasks in pools), **given)


def run(folder: Path, what: Processor, **more: object) -> RunReport:
    folder.mkdir(exist_ok=True)
    job_order = folder / "JobOrder.1.xml"
    job_order.write_text("<Ipf_Job_Order/>")
    return execute(Run(what, folder, job_order, own_environment=OWN, **more))  # type: ignore[arg-type]


def test_pools_run_in_sequence_and_tasks_of_a_pool_at_the_same_time(tmp_path: Path) -> None:
    """Two tasks of the first pool wait for each other; the second pool sees both."""
    meet = "touch {0}; while [ ! -e {1} ]; do sleep 0.01; done"
    last = task("last", "test -e a && test -e b && touch c")
    report = run(tmp_path, processor([task("one", meet.format("a", "b")), task("two", meet.format("b", "a"))], [last]))
    assert report.failure is None
    assert [(item.name, item.verdict) for item in report.tasks] == [("one", "ok"), ("two", "ok"), ("last", "ok")]
    assert (tmp_path / "c").exists()


def test_a_task_is_called_with_the_job_order_in_the_working_directory(tmp_path: Path) -> None:
    report = run(tmp_path, processor([task("a", 'pwd; echo "$1"')]))
    assert report.tasks[0].stdout is not None
    assert report.tasks[0].stdout.read_text().split() == [str(tmp_path), str(tmp_path / "JobOrder.1.xml")]


@pytest.mark.parametrize(
    ("code", "verdict", "fails"),
    [(0, "ok", False), (1, "warning", False), (127, "warning", False), (128, "error", True)],
)
def test_classes_of_exit_codes(tmp_path: Path, code: int, verdict: str, fails: bool) -> None:
    report = run(tmp_path, processor([task("a", f"exit {code}")], [task("b", "touch went-on")]))
    assert report.tasks[0].verdict == verdict
    assert (report.failure is not None) == fails
    assert (tmp_path / "went-on").exists() != fails
    assert len(report.warnings) == (verdict == "warning")


def test_255_of_a_named_executable_is_a_warning(tmp_path: Path) -> None:
    script = tmp_path / "S1AIOProcessor"
    script.write_text("#!/bin/sh\nexit 255\n")
    script.chmod(0o755)
    codes = ExitCodes(tolerated={".*S1AIOProcessor": (255,)})
    tasks = [ProcessorTask(name="a", command=(str(script),)), task("b", "exit 255")]
    report = run(tmp_path / "run", processor([tasks[0]], [tasks[1]], exit_codes=codes))
    assert [item.verdict for item in report.tasks] == ["warning", "error"]
    assert report.failed_by == "exit"


def test_what_is_not_critical_does_not_fail_the_run(tmp_path: Path) -> None:
    report = run(tmp_path, processor([task("browse", "kill -SEGV $$", critical=False)], [task("b", "touch went-on")]))
    assert report.failure is None
    assert report.tasks[0].exit_code == -signal.SIGSEGV
    assert report.warnings == ("browse: signal 11; not critical",)
    assert (tmp_path / "went-on").exists()


def test_a_failure_ends_the_other_tasks_of_its_pool_and_is_the_cause(tmp_path: Path) -> None:
    pool = [task("waits", "touch up; sleep 600"), task("fails", "while [ ! -e up ]; do sleep 0.01; done; exit 200")]
    report = run(tmp_path, processor(pool, [task("never", "true")]))
    assert report.failure == "task fails failed: exit code 200"
    assert [item.name for item in report.tasks] == ["waits", "fails"]
    assert report.tasks[0].reason.startswith("cancelled")


def test_the_time_of_one_task_is_over_while_it_runs(tmp_path: Path) -> None:
    report = run(tmp_path, processor([task("hangs", "echo begun; sleep 600", timeout_s=0.3)]))
    assert report.failed_by == "timeout"
    assert "not ended after 0.3 s" in str(report.failure)
    assert report.tasks[0].stdout is not None
    assert report.tasks[0].stdout.read_text() == "begun\n"


def test_the_time_of_the_run_is_over(tmp_path: Path) -> None:
    started = time.monotonic()
    report = run(tmp_path, processor([task("a", "sleep 0.2")], [task("b", "sleep 600")], run_timeout_s=0.6))
    assert report.failed_by == "timeout"
    assert report.tasks[0].verdict == "ok"
    assert time.monotonic() - started < 30


def test_memory(tmp_path: Path) -> None:
    child = "[sys.executable, '-S', '-c', 'b = bytearray(60 << 20); import time; time.sleep(60)']"
    hog = f"import subprocess, sys, time\nfor _ in range(3): subprocess.Popen({child})\ntime.sleep(60)"
    eater = ProcessorTask(name="hog", command=("python3", "-S", "-c", hog))
    report = run(tmp_path, processor([eater], memory_bytes=120 << 20))
    assert report.failed_by == "memory"
    assert "took more than 120 MiB" in str(report.failure)


def test_environment_is_declared_and_secrets_are_hidden(tmp_path: Path) -> None:
    told: list[str] = []
    what = processor(
        [task("a", 'echo "$LICENCE_KEY" "$MODE" "${OTHER-none}" "$HOME"; tr "\\0" " " < /proc/self/cmdline')],
        environment={"MODE": "fast"},
        secrets=("LICENCE_KEY",),
    )
    report = run(tmp_path, what, on_line=lambda name, stream, line: told.append(f"{name} {stream} {line}"))
    assert told[0] == f"a stdout *** fast none {tmp_path}"
    assert "sesam" not in "".join(path.read_text() for path in (tmp_path / ".refsys").iterdir())
    assert "sesam" not in report.to_json()


def test_a_secret_that_is_not_set_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="KEY2"):
        run(tmp_path, processor([task("a", "true")], secrets=("KEY2",)))


def test_a_declared_shell_runs_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for tcsh that says how it was called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "tcsh").write_text('#!/bin/sh\necho "tcsh $1"; exec sh "$@"\n')
    (programs / "tcsh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    folder = tmp_path / "with blank"
    report = run(folder, processor([ProcessorTask(name="a", command=("ls", "-d"))], shell="tcsh"))
    assert report.tasks[0].stdout is not None
    assert report.tasks[0].stdout.read_text().splitlines() == ["tcsh -c", str(folder / "JobOrder.1.xml")]


def test_a_shell_or_executable_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="nosuchshell is not installed"):
        run(tmp_path / "a", processor([task("a", "true")], shell="nosuchshell"))
    with pytest.raises(ConfigInvalid, match="/opt/none/IPF"):
        run(tmp_path / "b", processor([ProcessorTask(name="a", command=("/opt/none/IPF",))]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its user")
def test_another_user_may_write_into_the_working_directory_and_not_into_its_inputs() -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "run"
        (folder / "input").mkdir(parents=True)
        (folder / "input/data").write_text("1")
        report = run(
            folder, processor([task("a", "id -un > made; echo 2 > input/data || echo refused")], user="nobody")
        )
        assert (folder / "made").read_text() == "nobody\n"
        assert report.tasks[0].stdout is not None
        assert report.tasks[0].stdout.read_text() == "refused\n"
        with pytest.raises(ConfigInvalid, match="no such user"):
            run(folder.with_name("b"), processor([task("a", "true")], user="nosuchuser"))


def test_static_data_are_links(tmp_path: Path) -> None:
    dem = tmp_path / "dem"
    dem.mkdir()
    (dem / "tile").write_text("42")
    report = run(tmp_path / "run", processor([task("a", "cat DEM/tile")], mounts=(Mount(source=dem, target="DEM"),)))
    assert report.tasks[0].stdout is not None
    assert report.tasks[0].stdout.read_text() == "42"
    with pytest.raises(ConfigInvalid, match="static data are not there"):
        run(tmp_path / "b", processor([task("a", "true")], mounts=(Mount(source=tmp_path / "none", target="DEM"),)))


PRODUCT = OutputRule(type="A", pattern="A_.*", least=1, mandatory=True)


def test_outputs_by_list_file(tmp_path: Path) -> None:
    made = "mkdir -p NRT/A_1 NRT/A_2.ISIP/A_2.SAFE; touch r.xml odd"
    script = f"{made}; printf 'NRT/A_1\\nNRT/A_2.ISIP\\nr.xml\\nodd\\nNRT/A_1' > x.LIST"
    rules = (PRODUCT, OutputRule(type="REPORT", pattern=r".*\.xml", kind="report"))
    report = run(tmp_path, processor([task("a", script)], outputs=rules, list_file=ListFile(isip_to_safe=True)))
    assert report.failure is None
    assert [(item.name, item.type, item.kind) for item in report.outputs] == [
        ("A_1", "A", "product"),
        ("A_2.SAFE", "A", "product"),
        ("r.xml", "REPORT", "report"),
    ]
    assert report.outputs[1].path == tmp_path / "NRT/A_2.ISIP/A_2.SAFE"
    assert report.unexpected == ("odd: of no declared kind",)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("true", "found none"),
        ("touch a.LIST b.LIST", "found a.LIST, b.LIST"),
        ("echo A_1 > a.LIST", "A_1: listed and not there"),
        (": > a.LIST", "A: 0 made, at least 1 expected"),
        ("echo ../A_1 > a.LIST", "outside the working directory"),
        ("ln -s / A_1; echo A_1 > a.LIST", "a link out of the working directory"),
        ("printf '\\377\\376' > a.LIST", "no text"),
    ],
)
def test_a_list_file_that_is_wrong_fails_the_run(tmp_path: Path, script: str, why: str) -> None:
    report = run(tmp_path, processor([task("a", script)], outputs=(PRODUCT,), list_file=ListFile()))
    assert report.failed_by == "outputs"
    assert why in str(report.failure)


def test_the_list_file_of_a_level_is_named_after_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "129"
    script = "mkdir A_1; echo A_1 > 129.LIST; touch other.LIST"
    what = processor([task("a", script)], outputs=(PRODUCT,), list_file=ListFile(name="{folder}.LIST"))
    assert [item.name for item in run(folder, what).outputs] == ["A_1"]


def test_counts_against_what_was_expected(tmp_path: Path) -> None:
    rules = (
        OutputRule(type="A", pattern="A_.*", least=1, most=1),
        OutputRule(type="B", pattern="B_.*", least=2),
        OutputRule(type="C", pattern="C_.*"),
    )
    report = run(tmp_path, processor([task("a", "mkdir A_1 A_2 B_1")], outputs=rules))
    assert report.failure is None
    assert report.unexpected == ("A: 2 made, at most 1 expected",)
    assert report.missing == ("B: 1 made, at least 2 expected",)


def test_without_list_file_what_is_new_and_fits_is_found(tmp_path: Path) -> None:
    (tmp_path / "A_input").mkdir()
    report = run(tmp_path, processor([task("a", "mkdir -p NRT/A_1/A_inside other")], outputs=(PRODUCT,)))
    assert [item.name for item in report.outputs] == ["A_1"]


CHECK = """
product=$(sed -n 's:.*<File_Name>\\(.*A_[0-9]\\)</File_Name>.*:\\1:p' "$1"); mkdir -p reports
touch reports/r.pdf; echo "<report><inspection status='$(cat $product/status)'/></report>" > reports/r.xml
"""


@pytest.mark.parametrize(
    ("script", "status", "verdict"),
    [
        (CHECK, "Passed", "OK"),
        (CHECK, "Failed", "NOK"),
        ("exit 3", "Passed", "NOT_CHECKED"),
        ("sleep 600", "Passed", "NOT_CHECKED"),
        (CHECK + "touch reports/two.xml", "Passed", "NOT_CHECKED"),
        (CHECK + "echo '<!DOCTYPE x>' > reports/r.xml", "Passed", "NOT_CHECKED"),
    ],
)
def test_quality_check_never_fails_the_run(tmp_path: Path, script: str, status: str, verdict: str) -> None:
    check = QualityCheck(command=("sh", "-c", script, "sh"), types=("A",), timeout_s=1.0)
    report = run(
        tmp_path, processor([task("a", f"mkdir A_1; echo {status} > A_1/status")], outputs=(PRODUCT,), quality=check)
    )
    assert report.failure is None
    assert report.outputs[0].quality == verdict
    assert (tmp_path / "A_1/r.pdf").exists() == (verdict != "NOT_CHECKED")
    assert (tmp_path / ".refsys/quality/A_1/not-checked.txt").exists() == (verdict == "NOT_CHECKED")


def test_a_quality_check_whose_program_is_absent(tmp_path: Path) -> None:
    check = QualityCheck(command=("/no/oqc",), types=("A",))
    report = run(tmp_path, processor([task("a", "mkdir A_1")], outputs=(PRODUCT,), quality=check))
    assert report.outputs[0].quality == "NOT_CHECKED"
