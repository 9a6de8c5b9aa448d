"""Parts of the demo: its checks can fail, its report escapes, its clock measures the compiler."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numba
import numpy as np
import pytest
from command_line import Worked
from rich.console import Console

from refsys.chains.sentinel3.session_simulator import SessionTruth
from refsys.model.errors import ConfigInvalid, InputCorrupt
from refsys.model.events import Event, PlanMade, StepCompleted
from refsys.model.plans import Plan, Step, StepResult
from refsys.model.requests import RequestState
from refsys.services.demonstration import kernels as demo_kernels
from refsys.services.demonstration.checks import check_mwr
from refsys.services.demonstration.inputs import (
    VARIANTS,
    Bytes,
    Lengths,
    Session,
    packet_lengths,
    prepare_sessions,
    simulated_packets,
)
from refsys.services.demonstration.real_data import MWR_PACKETS, find_real_data
from refsys.services.demonstration.report import ProductSection, render
from refsys.services.demonstration.results import DemoResult, MwrResult
from refsys.services.home import load_settings, open_system
from refsys.services.progress import RequestProgress

SHOW_CURSOR = "\x1b[?25h"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Checked:
    """Returns the verdict on the product of the worked home, whatever the truth is said to be."""

    worked: Worked
    truth: SessionTruth
    packets: Bytes
    lengths: Lengths

    def __call__(self, *, sent: Bytes | None = None, **change: object) -> MwrResult:
        truth = self.truth.model_copy(update=change)
        session = Session(variant=VARIANTS[0], folder=self.worked.session, truth=truth)
        with open_system(load_settings(self.worked.refsys.home)) as system:
            record = system.ledger.get(self.worked.request["request"])
            product = system.catalogue.get(self.worked.product)
            return check_mwr(system, record, product, session, (self.packets if sent is None else sent, self.lengths))


@pytest.fixture(scope="module")
def checked(worked_home: Worked) -> Checked:
    fields = {name: worked_home.truth[name] for name in SessionTruth.model_fields}
    packets, lengths = simulated_packets(400, 0)
    return Checked(worked_home, SessionTruth.model_validate(fields), packets, lengths)


def test_the_check_passes_on_the_truth(checked: Checked) -> None:
    found = checked()
    assert found.passed
    assert (found.packets_recovered, found.packets_missing_reported) == (400, 0)


def test_the_check_sees_one_wrong_bit(checked: Checked) -> None:
    sent = checked.packets.copy()
    sent[12345] ^= 1
    assert not checked(sent=sent).identical


def test_the_check_sees_an_unreported_packet(checked: Checked) -> None:
    found = checked(missing_packets=(7,))
    assert not found.identical
    assert not found.missing_exact


def test_packets_cut_off_are_refused() -> None:
    packets, _ = simulated_packets(3, 0)
    assert packet_lengths(packets, where="x").tolist() == [58, 58, 58]
    with pytest.raises(InputCorrupt, match="cut off"):
        packet_lengths(packets[:-1], where="x")


def test_sessions_are_made_once_and_again_if_not_whole(tmp_path: Path) -> None:
    sent = simulated_packets(200, 1)
    first = prepare_sessions(tmp_path, *sent, first_orbit=1)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.raw")}
    assert prepare_sessions(tmp_path, *sent, first_orbit=1) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.raw")} == made
    (tmp_path / "clean" / "truth.json").unlink()
    next(first[0].folder.glob("*.raw")).unlink()
    assert prepare_sessions(tmp_path, *sent, first_orbit=1) == first
    assert set(tmp_path.rglob("*.raw")) == set(made)


def test_where_real_data_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFSYS_SHARED", raising=False)
    real = tmp_path / "shared" / "data" / "real"
    (real / MWR_PACKETS).parent.mkdir(parents=True)
    (real / MWR_PACKETS).touch()
    assert find_real_data(tmp_path / "shared") == find_real_data(real) == real
    inner = tmp_path / "repository" / "inner"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert find_real_data() is None
    (tmp_path / "repository" / "pyproject.toml").touch()
    assert find_real_data() == real
    monkeypatch.setenv("REFSYS_SHARED", str(tmp_path / "elsewhere"))
    with pytest.raises(ConfigInvalid, match="no real data"):
        find_real_data()


def test_the_clock_counts_the_compiler_and_only_it() -> None:
    demo_kernels.start_clock()

    def inner_body(x: int) -> int:
        return x + 1

    inner = numba.njit(inner_body)

    def outer_body(x: int) -> int:
        doubled: int = inner(x) * 2
        return doubled

    outer = numba.njit(outer_body)
    before = demo_kernels.read_clock()
    assert outer(3) == 8
    between = demo_kernels.read_clock()
    assert between.functions_compiled >= before.functions_compiled + 2
    assert between.compile_seconds > before.compile_seconds
    assert outer(4) == 10
    assert demo_kernels.read_clock() == between


def test_first_and_later_calls() -> None:
    steps = tuple(Step(key=f"{n:032d}", name=f"s{n}", processor="p", processor_version="1") for n in range(4))
    plan = Plan(request_key="r", chain="C", chain_version="1", creation_time=NOW, steps=steps)

    def done(number: int, seconds: float, *, reused: bool = False) -> StepCompleted:
        start = NOW + timedelta(minutes=number)
        result = StepResult(
            step_key=steps[number].key,
            name=steps[number].name,
            started_at=start,
            ended_at=start + timedelta(seconds=seconds),
            worker="pid 1",
            reused=reused,
        )
        return StepCompleted(at=NOW, result=result)

    events: list[Event] = [PlanMade(at=NOW, plan=plan), done(1, 1), done(0, 9), done(2, 3), done(3, 99, reused=True)]
    (row,) = demo_kernels.call_times(events)
    assert (row.processor, row.worker, row.calls, row.first_s, row.later_s) == ("p", "pid 1", 3, 9, 2)


def test_the_report_escapes_and_embeds(worked_home: Worked) -> None:
    result = DemoResult(
        data="real",
        data_folder="/x",
        started_at=NOW,
        seconds=1,
        reused=0,
        requests=(),
        mwr=(),
        report="",
        not_run=("<script>alert(1)</script>",),
    )
    section = ProductSection(
        name="<b>bold</b>",
        chain="C",
        product_type="T",
        quality="nominal",
        size="1 B",
        digest="0" * 64,
        figures={"a & b": "<i>"},
        images=("data:image/png;base64,AAAA",),
    )
    html = render(result, [section, section.model_copy(update={"name": "hidden", "images": ()})])
    assert "<script>" not in html
    assert "&lt;b&gt;bold" in html
    assert "hidden" not in html
    assert 'src="data:image/png;base64,AAAA"' in html


def observed(console: Console, worked_home: Worked) -> None:
    with open_system(load_settings(worked_home.refsys.home)) as system:
        record = system.ledger.get(worked_home.request["request"])
        history = system.ledger.history(record.key)
    running = record.model_copy(update={"state": RequestState.RUNNING})
    with RequestProgress(console) as progress:
        for event in history[:-1]:
            progress(running, event)
        progress(record, history[-1])


def test_no_bars_where_there_is_no_terminal(worked_home: Worked) -> None:
    out = StringIO()
    observed(Console(file=out), worked_home)
    assert out.getvalue() == ""


def test_bars_on_a_terminal_are_gone_at_the_end(worked_home: Worked) -> None:
    out = StringIO()
    observed(Console(file=out, force_terminal=True, width=120), worked_home)
    drawn, _, after = out.getvalue().rpartition("S3-L0-MWR")
    assert drawn
    assert "\x1b[2K" in after  # the line is erased, and nothing is written behind it
    assert after.rpartition("\x1b[2K")[2].replace(SHOW_CURSOR, "").strip() == ""


def test_strips_have_a_tick_for_each_place() -> None:
    from refsys.services.demonstration.report import missing_ticks

    places = np.linspace(0, 1, 50).round(5)
    assert len(missing_ticks(tuple(places.tolist()))) == 50
