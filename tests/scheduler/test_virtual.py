"""Steps in virtual time: slots, order, dependence, cancellation, against a schedule made by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from refsys.model.plans import Plan, Step, StepResult, step_key
from refsys.model.times import VirtualClock
from refsys.scheduler.executors import StepDone, StepFailed
from refsys.scheduler.tasks import StepTask, StoreAddress, tasks_of
from refsys.scheduler.virtual import SimulatedStep, VirtualExecutor

START = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = {"short": 1.0, "long": 3.0, "last": 2.0}


def simulate(task: StepTask, before: Sequence[StepResult]) -> SimulatedStep:
    assert [result.step_key for result in before] == list(task.step.after)
    error = ValueError("bad") if task.step.name == "bad" else None
    return SimulatedStep(SECONDS.get(task.step.name, 1.0), error=error)


def tasks(request: str, *names: str, last: str | None = None) -> tuple[StepTask, ...]:
    """Return independent steps, and one that follows them all."""
    steps = [_step(request, name, ()) for name in names]
    if last is not None:
        steps.append(_step(request, last, tuple(step.key for step in steps)))
    plan = Plan(request_key=request, chain="TOY", chain_version="1", creation_time=START, steps=tuple(steps))
    return tasks_of(plan, StoreAddress(url="memory://none"), Path("/nowhere"))


def _step(request: str, name: str, after: tuple[str, ...]) -> Step:
    key = step_key("toy", "1", {"name": f"{request} {name}"}, (), after)
    return Step(key=key, name=name, processor="toy", processor_version="1", after=after)


def ends(executor: VirtualExecutor, clock: VirtualClock) -> list[tuple[float, str, str]]:
    """Run to the end; seconds since the start, request and step (`!` where it failed) of every outcome."""
    found = []
    while (at := executor.next_at()) is not None:
        clock.advance(at - clock.now())
        for outcome in executor.poll(0.0):
            name = outcome.result.name if isinstance(outcome, StepDone) else f"{outcome.step}!"
            found.append(((clock.now() - START) / timedelta(seconds=1), outcome.request_key, name))
    return found


def test_steps_follow_those_they_need_and_share_the_slots() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, simulate, slots=2)
    executor.submit("a", 1, tasks("a", "short", "long", last="last"), 0)
    executor.submit("b", 1, tasks("b", "short"), 0)
    assert ends(executor, clock) == [(1.0, "a", "short"), (2.0, "b", "short"), (3.0, "a", "long"), (5.0, "a", "last")]
    assert executor.busy() == 0


def test_the_more_urgent_starts_first() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, simulate, slots=1)
    executor.submit("a", 1, tasks("a", "long"), 0)
    executor.next_at()  # it runs
    executor.submit("b", 1, tasks("b", "short"), 0)
    executor.submit("c", 1, tasks("c", "short"), 9)
    assert [(at, key) for at, key, _ in ends(executor, clock)] == [(3.0, "a"), (4.0, "c"), (5.0, "b")]


def test_a_cancelled_request_gives_nothing_but_keeps_its_slot_to_the_end() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, simulate, slots=1)
    executor.submit("a", 1, tasks("a", "long"), 0)
    executor.next_at()
    executor.submit("b", 1, tasks("b", "short"), 0)
    executor.cancel("a")
    assert [(at, key) for at, key, _ in ends(executor, clock)] == [(4.0, "b")]


def test_what_is_submitted_again_under_a_new_token_answers_once() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, simulate, slots=2)
    executor.submit("a", 1, tasks("a", "long"), 0)
    executor.next_at()
    executor.submit("a", 2, tasks("a", "long"), 0)
    executor.next_at()
    clock.advance(timedelta(seconds=9))
    (outcome,) = executor.poll(0.0)
    assert outcome.token == 2


def test_steps_after_a_failed_one_do_not_run() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, simulate, slots=2)
    executor.submit("a", 1, tasks("a", "bad", "long", last="last"), 0)
    clock.advance(timedelta(0))
    executor.next_at()
    clock.advance(timedelta(seconds=9))
    (outcome,) = executor.poll(0.0)
    assert isinstance(outcome, StepFailed)
    assert executor.busy() == 0
