"""Every noun goes through JSON unharmed and is frozen; errors survive pickling; digests leave out what is volatile."""

import enum
import importlib
import pickle
import pkgutil
import types
import typing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import annotated_types
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

import refsys.model
from refsys.model import errors
from refsys.model.chains import Chain
from refsys.model.events import Event
from refsys.model.names_layout import ProductName
from refsys.model.names_sessions import SessionFileName
from refsys.model.plans import Plan, Step, StepResult, step_key
from refsys.model.products import Asset, InputRef, Product, content_digest
from refsys.model.requests import ProductionRequest
from refsys.model.times import VirtualClock, compact_time, format_time, parse_compact_time, parse_time, require_utc
from refsys.model.values import Value, canonical_json, digest
from refsys.model.volatile import Volatile

instants = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))
short = st.text(max_size=6)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | short,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(short, inner, max_size=2),
    max_leaves=4,
)
BY_TYPE = {
    str: short,
    bool: st.booleans(),
    datetime: instants,
    Path: st.sampled_from([Path("/a/b"), Path("c")]),
    typing.Any: st.lists(numbers, max_size=2),
    type(None): st.none(),
}

V = TypeVar("V", bound=Value)


def of_type(annotation: Any, metadata: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Return a strategy of all values of a field's type within its bounds."""
    bounds = {name: getattr(m, name) for m in metadata for name in ("ge", "gt", "le", "pattern") if hasattr(m, name)}
    if annotation is JsonValue:
        return json_values
    if bounds.get("pattern"):
        return st.from_regex(bounds["pattern"], fullmatch=True)
    if annotation in (int, float):
        numeric = st.integers if annotation is int else st.floats
        return numeric(bounds.get("ge", bounds.get("gt", -1) + 1), bounds.get("le", 10**12))
    if typing.get_origin(annotation) is not None:
        least = next((m.min_length for m in metadata if isinstance(m, annotated_types.MinLen)), 0)
        return of_generic(typing.get_origin(annotation), typing.get_args(annotation), least)
    return of_class(annotation)


def of_class(kind: type) -> st.SearchStrategy[Any]:
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    if issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    if issubclass(kind, Value):
        return of_kind(kind)
    raise NotImplementedError(f"no strategy for {kind}")


def of_generic(origin: Any, args: tuple[Any, ...], least: int) -> st.SearchStrategy[Any]:
    if origin is tuple:
        return st.lists(of_type(args[0]), min_size=least, max_size=max(least, 2)).map(tuple)
    makers: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        typing.Annotated: lambda: of_type(args[0], args[1:]),
        typing.Literal: lambda: st.sampled_from(args),
        typing.Union: lambda: st.one_of([of_type(arg) for arg in args]),
        types.UnionType: lambda: st.one_of([of_type(arg) for arg in args]),
        dict: lambda: st.dictionaries(of_type(args[0]), of_type(args[1]), max_size=2),
    }
    return makers[origin]()


def of_field(kind: type[Value], name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    if (kind, name) in ((Step, "after"), (Chain, "steps")):
        return st.just(()) if kind is Step else st.just(CHAIN.steps)
    return of_type(field.annotation, field.metadata)


@st.composite
def of_kind(draw: st.DrawFn, kind: type[V]) -> V:
    """Return a strategy of values of a noun; what its validators refuse is drawn again."""
    fields = {name: draw(of_field(kind, name, field)) for name, field in kind.model_fields.items()}
    try:
        return kind(**fields)
    except ValidationError:
        assume(False)


CHAIN = Chain.model_validate(
    {
        "name": "S3-TEST",
        "version": "1",
        "title": "a test",
        "inputs": [{"role": "session", "types": ["S3_SESSION"]}],
        "steps": [
            {"name": "first", "unit": "u", "inputs": ["session"]},
            {"name": "last", "unit": "u", "after": ["first"], "outputs": ["OUT"]},
        ],
    }
)


def all_kinds(base: type[Value] = Value) -> list[type[Value]]:
    for module in pkgutil.iter_modules(refsys.model.__path__):
        importlib.import_module(f"refsys.model.{module.name}")
    found = []
    for kind in base.__subclasses__():
        if kind.__module__.startswith("refsys.model."):
            found += [kind, *all_kinds(kind)]
    return found


NAMES = (ProductName, SessionFileName)  # round trips of names: test_names.py
NOUNS = [kind for kind in all_kinds() if not issubclass(kind, NAMES) and kind is not Chain]


def test_the_nouns_are_there() -> None:
    assert {"Product", "ProductionRequest", "Plan", "StepResult", "Settings", "TakenOver"} <= {
        k.__name__ for k in NOUNS
    }


@pytest.mark.parametrize("kind", NOUNS, ids=lambda kind: kind.__name__)
def test_a_noun_goes_through_json_and_is_frozen(kind: type[Value]) -> None:
    @given(of_kind(kind))
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def check(value: Value) -> None:
        again = kind.from_json(value.to_json())
        assert again == value
        assert again.to_json() == value.to_json()
        assert kind.model_validate(value.plain()) == value
        with pytest.raises(ValidationError, match="frozen"):
            setattr(value, next(iter(kind.model_fields)), None)

    check()


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_events_come_back_as_their_own_kind(data: st.DataObject) -> None:
    adapter = TypeAdapter(Event)
    event = data.draw(of_type(Event))
    again = adapter.validate_json(adapter.dump_json(event))
    assert type(again) is type(event)
    assert again == event


def test_a_chain_goes_through_json() -> None:
    assert Chain.from_json(CHAIN.to_json()) == CHAIN
    assert CHAIN.outputs == ("OUT",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": [{"name": "a", "unit": "u", "inputs": ["other"], "outputs": ["X"]}]}, "reads other"),
        ({"steps": [{"name": "a", "unit": "u", "after": ["b"], "outputs": ["X"]}]}, "follows b"),
        ({"steps": [{"name": "a", "unit": "u"}]}, "no step declares an output"),
        ({"steps": [{"name": "a", "unit": "u", "outputs": ["X"]}] * 2}, "used twice: a"),
        ({"name": "lower"}, "pattern"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_chain_that_cannot_be(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Chain.model_validate(CHAIN.model_dump() | change)


def test_a_plan_whose_steps_are_out_of_order() -> None:
    step = Step(key="k", name="late step", processor="p", processor_version="1", after=("absent",))
    with pytest.raises(ValidationError, match=r"'late step' follows .'absent'., not planned before it"):
        Plan(request_key="r", chain="C", chain_version="1", creation_time=datetime.now(UTC), steps=(step,))


ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RefsysError)]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
@given(message=short, where=st.none() | short, hint=st.none() | short)
@settings(max_examples=10)
def test_an_error_survives_pickling(
    kind: type[errors.RefsysError], message: str, where: str | None, hint: str | None
) -> None:
    error = kind(message, where=where, hint=hint)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.where, again.hint, str(again)) == (message, where, hint, str(error))
    assert again.failure is error.failure


def test_each_error_is_also_a_builtin_one() -> None:
    for kind in ERRORS[1:]:
        assert issubclass(kind, ValueError | OSError | RuntimeError | LookupError)
    assert str(errors.InputCorrupt("it broke", where=Path("/a"), hint="mend it")) == "it broke [/a]; mend it"
    assert errors.InputCorrupt.failure not in errors.RETRYABLE
    assert errors.StorageFull.failure in errors.RETRYABLE


@given(instants, st.binary(max_size=50), st.uuids())
def test_what_is_volatile_is_masked_and_nothing_else(created: datetime, other: bytes, uuid: UUID) -> None:
    name = "S3A_MW_0_MWR____20230309T204558_20230309T204623.SEN3"
    one = Volatile(creation_time=created, product_name=name, uuid=str(uuid))
    later = created + timedelta(days=300) if created.year < 9000 else datetime(1999, 1, 1, tzinfo=UTC)
    nil = "00000000-0000-4000-8000-000000000000"
    two = Volatile(creation_time=later, product_name=name.replace("S3A", "S3B"), uuid=nil)

    def asset(v: Volatile) -> bytes:
        stem = v.product_name.removesuffix(".SEN3")
        texts = (v.product_name, stem, v.uuid, format_time(v.creation_time), compact_time(v.creation_time))
        return b"|".join([*(text.encode() for text in texts), b"\0 content ", b"20190101T000000"])

    assert one.mask(asset(one)) == two.mask(asset(two))
    assert one.mask(asset(one)) != one.mask(asset(one) + b"!")
    untouched = other.replace(b"T", b"t").replace(b"-", b"_").replace(b"S", b"s")
    assert one.mask(untouched) == untouched


@given(instants)
def test_times_come_back(time: datetime) -> None:
    assert parse_time(format_time(time)) == time
    assert parse_time("UTC=" + format_time(time).removesuffix("Z")) == time
    assert parse_compact_time(compact_time(time)) == time.replace(microsecond=0)
    east = time.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert format_time(east) == format_time(time)
    assert require_utc(east).tzinfo is UTC


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        require_utc(datetime(2020, 1, 1))
    with pytest.raises(ValidationError, match="no zone"):
        ProductionRequest(chain="C", product_type="T", start=datetime(2020, 1, 1))
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(ValidationError, match="is before start"):
        ProductionRequest(chain="C", product_type="T", start=start, stop=start - timedelta(seconds=1))


def test_a_virtual_clock_moves_when_told() -> None:
    clock = VirtualClock(datetime(2020, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(days=29))
    assert clock.now() == datetime(2020, 1, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(timedelta(seconds=-1))


@given(json_values)
def test_one_spelling_of_a_json_value(value: JsonValue) -> None:
    assert canonical_json(TypeAdapter(JsonValue).validate_json(canonical_json(value))) == canonical_json(value)


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(float("nan"))


@given(of_kind(ProductionRequest), st.integers(-100, 100), short)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_key_of_a_request_is_what_is_wanted(request: ProductionRequest, priority: int, label: str) -> None:
    urgent = request.model_copy(update={"priority": priority, "label": label, "wait": not request.wait})
    assert urgent.key == request.key
    assert request.model_copy(update={"product_type": request.product_type + "x"}).key != request.key


ASSET = Asset(path="a", key="k", size_bytes=1, sha256="1" * 64, content_sha256="2" * 64)


def test_digests_cover_content_and_not_place() -> None:
    moved = ASSET.model_copy(update={"key": "elsewhere", "sha256": "3" * 64})
    other = ASSET.model_copy(update={"path": "b", "content_sha256": "4" * 64})
    assert content_digest((ASSET, other)) == content_digest((other, moved))
    assert content_digest((ASSET,)) != content_digest((other,))
    ref = InputRef(role="r", name="n", product_type="t", digest="d")
    same = ref.model_copy(update={"name": "m", "assets": (ASSET,)})
    assert step_key("p", "1", {"a": 1}, (ref,), ("k",)) == step_key("p", "1", {"a": 1}, (same,), ("k",))
    different: list[tuple[str, str, dict[str, JsonValue], tuple[InputRef, ...], tuple[str, ...]]] = [
        ("q", "1", {}, (), ()),
        ("p", "2", {}, (), ()),
        ("p", "1", {"a": 1}, (), ()),
        ("p", "1", {}, (ref,), ()),
    ]
    assert len({step_key(*parts) for parts in different}) == len(different)


def test_sizes_and_durations() -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    end = start + timedelta(milliseconds=1500)
    assert StepResult(step_key="k", name="n", started_at=start, ended_at=end, worker="w").seconds == 1.5
    common = {"name": "n", "product_type": "t", "mission": "S3", "satellite": "A", "digest": "d"}
    product = Product(start=start, stop=end, creation_time=end, assets=(ASSET, ASSET), **common)
    assert product.size_bytes == 2
    assert product.exact_digest == digest([["a", "1" * 64]] * 2)
