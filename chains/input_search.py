"""How one input of a request is found: its alternatives in order, each asked of the catalogue, and what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from refsys.chains.cached_view import CachedView, Question
from refsys.chains.policies import SPANS, Span
from refsys.chains.policy_words import why_chosen
from refsys.chains.rules import RuleView
from refsys.model.chains import Alternative, InputRule, fits_type
from refsys.model.errors import PlanInvalid
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product
from refsys.model.requests import MissingInput
from refsys.model.values import Value

BY_INSTRUMENT = frozenset({"AUX_PP1", "AUX_PP2", "AUX_CAL", "AUX_INS"})
"""Types of which only products of the same instrument configuration fit."""

BY_POLARISATION = frozenset({"AUX_ECE"})
"""Types of which only products of the same transmitted polarisation fit."""

_TRANSMITTED = {
    name: name[1] if len(name) == 2 and name[0] in "SD" else name for name in ("SV", "DV", "SH", "DH", "V", "H")
}
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_WITHOUT_WINDOW = frozenset({Policy.LATEST_START_VALIDITY, Policy.LATEST_STOP_VALIDITY})


@dataclass(frozen=True)
class Frame:
    """What auxiliary inputs must fit: interval, satellite and instrument of the main inputs."""

    satellite: str | None = None
    start: datetime | None = None
    stop: datetime | None = None
    windows: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    instrument_configuration_id: int | None = None
    polarisation: str | None = None

    def window(self, name: str) -> tuple[datetime, datetime] | None:
        """Return an interval by name, None if it is not known (`PlanInvalid` for a name that no rule gave)."""
        if name in self.windows:
            return self.windows[name]
        if name != "sensing":
            raise PlanInvalid(
                f"no interval is called {name!r}", hint=f"there are {', '.join(['sensing', *sorted(self.windows)])}"
            )
        return None if self.start is None or self.stop is None else (self.start, self.stop)


class Tried(Value):
    """One lookup of an input and what came of it."""

    lookup: Lookup
    found: tuple[str, ...] = ()
    verdict: str


@dataclass(frozen=True)
class Asked:
    """One question, its answer, and how many products it had to give. Words are made only when somebody asks why."""

    question: Question
    products: tuple[Product, ...]
    alternative: Alternative

    @property
    def lookup(self) -> Lookup:
        """The question as the catalogue is asked it."""
        return self.question.lookup

    @property
    def is_enough(self) -> bool:
        """Whether there are products, and not too few or too many."""
        return _is_enough(self.alternative, self.products)

    @property
    def verdict(self) -> str:
        """Say what came of it."""
        count = len(self.products)
        if not count:
            return "none fits"
        if self.is_enough:
            return why_chosen(self.lookup, self.products)
        if count < self.alternative.least:
            return f"{count} found, at least {self.alternative.least} needed"
        return f"{count} found, at most {self.alternative.most} allowed"

    def told(self) -> Tried:
        """Return it as a value."""
        return Tried(lookup=self.lookup, found=tuple(each.name for each in self.products), verdict=self.verdict)


@dataclass(frozen=True)
class Found:
    """What was found for one input."""

    products: tuple[Product, ...] = ()
    words: str | None = None
    """Why, where it is not the last answer of the catalogue that says it."""
    policy: str = ""
    asked: tuple[Asked, ...] = ()
    lacks: tuple[MissingInput, ...] = ()

    @property
    def reason(self) -> str:
        """Say why these were chosen, or nothing."""
        if self.words is not None:
            return self.words
        if self.products:
            return self.asked[-1].verdict
        return _nothing(self.asked)


def search(rule: InputRule, frame: Frame, main: Mapping[str, Sequence[Product]], view: RuleView) -> Found:
    """Return what the first alternative gives that finds enough, and what was asked on the way.

    Parameters
    ----------
    rule
        The input.
    frame
        What auxiliary inputs must fit.
    main
        By role, the products that the request names or that the chain's rule found.
    view
        The catalogue.

    Raises
    ------
    PlanInvalid
        If the margins leave no window, or the window has a name that no rule gave.
    """
    asked: list[Asked] = []
    sought: list[tuple[str, Question | None]] = []
    for alternative in rule.alternatives:
        if not isinstance(alternative.policy, Policy):
            found = _of_main(rule, alternative, main)
            if found is not None:
                return found
            continue
        for kind in alternative.types:
            question = question_of(alternative, alternative.policy, kind, frame, rule)
            sought.append((kind, question))
            if question is None:
                continue
            asked.append(Asked(question, _answer(question, view), alternative))
            if asked[-1].is_enough:
                return Found(asked[-1].products, None, alternative.policy.value, tuple(asked))
    words = None if asked else _unasked(sought)
    lacks = tuple(_lack(rule.role, kind, frame.satellite, question) for kind, question in sought)
    return Found((), words, str(rule.policy), tuple(asked), lacks)


def _answer(question: Question, view: RuleView) -> tuple[Product, ...]:
    known = view.recalled(question) if isinstance(view, CachedView) else None
    return tuple(view.select(question.lookup)) if known is None else known


def _of_main(rule: InputRule, alternative: Alternative, main: Mapping[str, Sequence[Product]]) -> Found | None:
    """Return what the request names or the rule found for an input, if it is enough."""
    products = tuple(each for each in main.get(rule.role, ()) if _takes(alternative, each.product_type))
    is_named = alternative.policy == "trigger"
    if not (_is_enough(alternative, products) if is_named else products):
        return None
    return Found(products, "named by the request" if is_named else "found by the rule of the chain", alternative.policy)


def _unasked(sought: Sequence[tuple[str, Question | None]]) -> str:
    return "the interval that it must fit is not known" if sought else "the request names none"


def question_of(alternative: Alternative, policy: Policy, kind: str, frame: Frame, rule: InputRule) -> Question | None:
    """Return the question to the catalogue; None if it needs an interval and there is none."""
    window = frame.window(rule.window)
    if window is None and policy not in _WITHOUT_WINDOW:
        return None
    start, stop = window or (_FIRST, _FIRST)
    first = _moved(start, -alternative.before_s)
    last = _moved(stop, alternative.after_s)
    if last < first:
        raise PlanInvalid(f"input {rule.role}: the margins leave no window: {first.isoformat()} to {last.isoformat()}")
    return Question(
        policy=policy,
        product_type=kind,
        satellite=frame.satellite,
        start=first,
        stop=last,
        instrument_configuration_id=frame.instrument_configuration_id if kind in BY_INSTRUMENT else None,
        polarisation=_TRANSMITTED.get(frame.polarisation or "") if kind in BY_POLARISATION else None,
    )


def _moved(time: datetime, seconds: float) -> datetime:
    """Return a time some seconds later; before the first or after the last time there is, that one."""
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        return _FIRST if seconds < 0 else _LAST


def _takes(alternative: Alternative, product_type: str) -> bool:
    return any(fits_type(kind, product_type) for kind in alternative.types)


def _is_enough(alternative: Alternative, products: Sequence[Product]) -> bool:
    return len(products) >= alternative.least and (alternative.most is None or len(products) <= alternative.most)


def _lack(role: str, kind: str, satellite: str | None, question: Question | None) -> MissingInput:
    if question is None or SPANS[question.policy] is Span.ANY:
        return MissingInput(role=role, product_type=kind, satellite=satellite)
    return MissingInput(role=role, product_type=kind, satellite=satellite, start=question.start, stop=question.stop)


def _nothing(asked: Sequence[Asked]) -> str:
    short = [one.verdict for one in asked if one.products]
    if short:
        return short[0]
    one = asked[0].lookup
    words = f"satellite {one.satellite or 'any'} {one.start.isoformat()} to {one.stop.isoformat()}"
    return f"none of type {' or '.join(dict.fromkeys(each.lookup.product_type for each in asked))} fits {words}"
