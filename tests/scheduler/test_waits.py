"""Waits and delays in virtual time: deadlines, rules that await and discard, inputs chosen by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from toy_home import CREATED, publish_input, serial_loop, toy_request, toy_system

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.units import ProductDraft
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid, InvalidTransition, PlanInvalid, ProductUnknown
from refsys.model.products import Product
from refsys.model.requests import MissingInput, ProductionRequest, RequestRecord, RequestState
from refsys.model.times import VirtualClock
from refsys.model.values import Value
from refsys.scheduler.overrides import override, overrides_of
from refsys.scheduler.system import System, announce, intake, retry
from refsys.storage.publishing import publish_folder

HOUR = timedelta(hours=1)
S = RequestState


@rule("test-pairs")
class Pairs(Value):
    """Two inputs of the same start make a request; one alone is taken after `alone_s`, or discarded."""

    alone_s: float = 60
    discard: bool = False

    def requests(self, product: Product, chain: Chain, view: RuleView, now: Any) -> list[ProductionRequest]:
        return [ProductionRequest(chain="TOY", product_type="TOY_OUT", subject={"start": product.start.isoformat()})]

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        found = view.touching(["TOY_IN"], None, CREATED, CREATED + HOUR)
        until = moment.accepted_at + timedelta(seconds=self.alone_s)
        if len(found) < 2 and moment.now < until:
            lack = MissingInput(role="main", product_type="TOY_IN")
            return Awaited(missing=(lack,), until=until, reason="the other is not there")
        if len(found) < 2 and self.discard:
            return Discarded(reason="it stayed alone")
        return MainInputs(
            products={"main": tuple(found[:1])},
            start=CREATED,
            stop=CREATED,
            satellite="A",
            reason=f"{len(found)} of 2",
            incomplete=len(found) < 2,
        )


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(CREATED)


@pytest.fixture
def system(tmp_path: Path, clock: VirtualClock) -> Iterator[System]:
    with toy_system(tmp_path / "home", clock) as opened:
        yield opened


def with_chain(system: System, **fields: Any) -> System:
    plain = system.chains["TOY"].plain()
    return replace(system, chains={"TOY": Chain.model_validate(plain | fields)})


def with_orbit(system: System, **fields: Any) -> System:
    main = {"role": "main", "types": ["TOY_IN"]}
    orbit = {"role": "orbit", "types": ["TOY_AUX"], "policy": "LatestValCover", "mandatory": False} | fields
    return with_chain(system, inputs=[main, orbit])


def ruled(system: System, **parameters: Any) -> System:
    main = {"role": "main", "types": ["TOY_IN"], "policy": "rule"}
    return with_chain(system, inputs=[main], rule={"name": "test-pairs", "parameters": parameters})


def work(system: System) -> None:
    serial_loop(system).run()


def the_request(system: System) -> RequestRecord:
    (record,) = system.ledger.find()
    return record


def kinds(system: System, key: str) -> list[str]:
    return [event.kind for event in system.ledger.history(key)]


def publish_aux(system: System, name: str, folder: Path, **fields: Any) -> Product:
    source = folder / name
    source.mkdir(parents=True)
    (source / "content.txt").write_text(name)
    given = {"start": CREATED - HOUR, "stop": CREATED + HOUR, "creation_time": CREATED} | fields
    draft = ProductDraft(name=name, product_type="TOY_AUX", mission="S3", satellite="A", **given)
    return publish_folder(draft, source, system.store, system.catalogue, incoming_id=name)


# --- delays ---


def test_a_delayed_request_is_due_then_and_not_before(system: System, clock: VirtualClock, tmp_path: Path) -> None:
    delayed = with_chain(system, triggers=[{"arrival": "TOY_IN", "delay_s": 44 * 3600}])
    announce(delayed, publish_input(delayed, "in", tmp_path))
    record = the_request(delayed)
    assert (record.state, record.due_at) == (S.ACCEPTED, CREATED + 44 * HOUR)
    work(delayed)  # it ends, although a request is open
    clock.advance(44 * HOUR - timedelta(microseconds=1))
    serial_loop(delayed).run([record.key])
    assert kinds(delayed, record.key) == ["RequestAccepted"]
    clock.advance(timedelta(microseconds=1))
    work(delayed)
    assert the_request(delayed).state is S.PUBLISHED


def test_a_delay_longer_than_the_longest_wait_does_not_expire_the_request(
    system: System, clock: VirtualClock, tmp_path: Path
) -> None:
    wanted = toy_request("in", not_before=CREATED + 29 * 24 * HOUR)
    ((key, _),) = intake(system, [wanted])
    clock.advance(29 * 24 * HOUR)
    work(system)
    assert system.ledger.get(key).state is S.WAITING
    assert system.ledger.get(key).due_at == CREATED + (29 * 24 + 168) * HOUR


# --- optional inputs ---


def test_an_optional_input_is_awaited_then_the_request_goes_without(
    system: System, clock: VirtualClock, tmp_path: Path
) -> None:
    waiting = with_orbit(system, wait={"after_acceptance_s": 1800})
    announce(waiting, publish_input(waiting, "in", tmp_path))
    work(waiting)
    record = the_request(waiting)
    assert (record.state, record.due_at) == (S.WAITING, CREATED + HOUR / 2)
    assert [lack.role for lack in record.missing] == ["orbit"]
    clock.advance(HOUR / 2)
    work(waiting)
    record = the_request(waiting)
    assert record.state is S.PUBLISHED
    assert kinds(waiting, record.key)[1:4] == ["InputsMissing", "DeadlineReached", "PlanMade"]


def test_an_optional_input_that_comes_in_time_is_taken(system: System, clock: VirtualClock, tmp_path: Path) -> None:
    waiting = with_orbit(system, wait={"after_acceptance_s": 1800})
    steps = waiting.chains["TOY"].plain()["steps"]
    steps[0]["inputs"] = ["main", "orbit"]
    waiting = with_chain(waiting, steps=steps)
    announce(waiting, publish_input(waiting, "in", tmp_path))
    work(waiting)
    clock.advance(HOUR / 4)
    announce(waiting, publish_aux(waiting, "orbit", tmp_path))
    assert the_request(waiting).state is S.ACCEPTED
    work(waiting)
    plan = the_request(waiting).plan
    assert plan is not None
    assert {ref.name for step in plan.steps for ref in step.inputs} == {"in", "orbit"}


def test_a_mandatory_input_that_never_comes_expires_the_request_at_the_longest_wait(
    system: System, clock: VirtualClock, tmp_path: Path
) -> None:
    waiting = with_orbit(system, mandatory=True)
    announce(waiting, publish_input(waiting, "in", tmp_path))
    work(waiting)
    clock.advance(168 * HOUR - timedelta(microseconds=1))
    work(waiting)
    assert the_request(waiting).state is S.WAITING
    clock.advance(timedelta(microseconds=1))
    work(waiting)
    record = the_request(waiting)
    assert record.state is S.EXPIRED
    assert record.reason == "still missing at the end of the longest wait: orbit (TOY_AUX)"
    assert [lack.role for lack in record.missing] == ["orbit"]


# --- rules ---


def test_a_rule_decides_at_its_deadline_with_what_is_there(system: System, clock: VirtualClock, tmp_path: Path) -> None:
    alone = ruled(system)
    announce(alone, publish_input(alone, "a", tmp_path))
    work(alone)
    record = the_request(alone)
    assert (record.state, record.due_at) == (S.WAITING, CREATED + timedelta(seconds=60))
    clock.advance(timedelta(seconds=60))
    work(alone)
    assert the_request(alone).state is S.PUBLISHED


def test_a_rule_goes_on_when_the_other_arrives(system: System, tmp_path: Path) -> None:
    pair = ruled(system)
    for name in ("a", "b"):
        announce(pair, publish_input(pair, name, tmp_path))
        work(pair)
    assert the_request(pair).state is S.PUBLISHED


def test_what_a_rule_discards_is_cancelled_with_its_reason(system: System, clock: VirtualClock, tmp_path: Path) -> None:
    alone = ruled(system, discard=True)
    announce(alone, publish_input(alone, "a", tmp_path))
    work(alone)
    clock.advance(timedelta(seconds=60))
    work(alone)
    record = the_request(alone)
    assert (record.state, record.reason) == (S.CANCELLED, "it stayed alone")


def test_a_rule_that_waits_beyond_the_longest_wait_expires(system: System, clock: VirtualClock, tmp_path: Path) -> None:
    alone = ruled(system, alone_s=1e7)
    announce(alone, publish_input(alone, "a", tmp_path))
    work(alone)
    assert the_request(alone).due_at == CREATED + 168 * HOUR
    clock.advance(168 * HOUR)
    work(alone)
    assert the_request(alone).state is S.EXPIRED


def test_a_product_that_no_rule_can_place_fails_a_request_of_its_own(system: System, tmp_path: Path) -> None:
    broken = with_chain(system, rule={"name": "test-not-there"})
    announce(broken, publish_input(broken, "in", tmp_path))
    work(broken)
    record = the_request(broken)
    assert record.state is S.FAILED
    assert "no rule 'test-not-there'" in str(record.reason)
    assert record.request.inputs == ("in",)


# --- chosen by hand ---


def by_hand(system: System, *names: str, role: str = "orbit") -> RequestRecord:
    return override(system, the_request(system), role, names, by="anna", reason="the manoeuvre")


def test_an_input_chosen_by_hand_wakes_the_request_and_is_taken(system: System, tmp_path: Path) -> None:
    waiting = with_orbit(system, mandatory=True)
    steps = waiting.chains["TOY"].plain()["steps"]
    steps[0]["inputs"] = ["main", "orbit"]
    waiting = with_chain(waiting, steps=steps)
    announce(waiting, publish_input(waiting, "in", tmp_path))
    announce(waiting, publish_aux(waiting, "old", tmp_path, start=CREATED - 9 * HOUR, stop=CREATED - 8 * HOUR))
    work(waiting)
    assert the_request(waiting).state is S.WAITING
    assert by_hand(waiting, "old").state is S.ACCEPTED
    work(waiting)
    record = the_request(waiting)
    assert record.state is S.PUBLISHED
    assert record.plan is not None
    assert {ref.name for step in record.plan.steps for ref in step.inputs} == {"in", "old"}
    (event,) = (event for event in waiting.ledger.history(record.key) if event.kind == "InputsOverridden")
    assert (event.by, event.reason, event.at) == ("anna", "the manoeuvre", CREATED)


def test_a_choice_by_hand_survives_a_takeover_and_ends_when_told(
    system: System, clock: VirtualClock, tmp_path: Path
) -> None:
    waiting = with_orbit(system, mandatory=True)
    announce(waiting, publish_input(waiting, "in", tmp_path))
    announce(waiting, publish_aux(waiting, "old", tmp_path, start=CREATED - 9 * HOUR, stop=CREATED - 8 * HOUR))
    work(waiting)
    by_hand(waiting, "old")
    waiting.ledger.claim("somebody who dies", 1, 1.0)
    clock.advance(timedelta(seconds=2))
    (claim,) = waiting.ledger.claim("the next", 1, 1.0)
    assert overrides_of(waiting, claim.record)["orbit"].products == ("old",)
    waiting.ledger.expire("the next")
    by_hand(waiting)
    assert overrides_of(waiting, the_request(waiting)) == {}
    work(waiting)
    assert the_request(waiting).state is S.WAITING


def test_a_choice_for_a_closed_request_is_used_when_it_is_asked_for_again(system: System, tmp_path: Path) -> None:
    announce(system, publish_input(system, "in", tmp_path))
    work(system)
    publish_input(system, "other", tmp_path, parts=2)
    assert by_hand(system, "other", role="main").state is S.PUBLISHED
    retry(system, the_request(system).key, "anna")
    work(system)
    plan = the_request(system).plan
    assert plan is not None
    assert {ref.name for step in plan.steps for ref in step.inputs} == {"other"}


def test_choices_that_cannot_be_are_refused(system: System, tmp_path: Path) -> None:
    announce(system, publish_input(system, "in", tmp_path))
    publish_aux(system, "orbit", tmp_path)
    with pytest.raises(ConfigInvalid, match="has no input 'orbit'"):
        by_hand(system, "orbit")
    with pytest.raises(PlanInvalid, match="input main takes TOY_IN, not TOY_AUX"):
        by_hand(system, "orbit", role="main")
    with pytest.raises(ProductUnknown):
        by_hand(system, "nothing", role="main")
    with pytest.raises(PlanInvalid, match="without a reason"):
        override(system, the_request(system), "main", ("in",), by="anna", reason=" ")
    assert kinds(system, the_request(system).key) == ["RequestAccepted"]


def test_inputs_of_a_plan_are_frozen(system: System, tmp_path: Path) -> None:
    announce(system, publish_input(system, "in", tmp_path))
    seen: list[str] = []

    def observe(record: RequestRecord, event: object) -> None:
        if record.state is S.RUNNING and not seen:
            with pytest.raises(InvalidTransition, match="InputsOverridden"):
                by_hand(system, "in", role="main")
            seen.append("refused")

    serial_loop(system, observe).run()
    assert seen == ["refused"]
