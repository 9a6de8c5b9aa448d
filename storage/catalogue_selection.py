"""The SQL of selections: what each policy of `refsys.model.lookups` chooses, found by a bounded number of seeks.

Rows lie in classes (`product_class`) of one type, satellite and length within a factor of two. Within a class every
question is one about a range of starts, or about the nearest row from a time on:

* what covers or meets a window starts less than one length of its class before it (`_among`): as many rows are looked
  at as cover or meet the window, and at most about as many again; only for the chosen ones more than the index is read;
* the latest or closest start or stop is the first row of the index from there on (`_nearest`): one seek in each class
  and direction.

Only the latest creation among those that cover or meet is bounded by nothing but their number. The statements are plain
texts, prepared once by the driver: building them for every question would take longer than to answer it.
"""

# ruff: noqa: S608 - the statements are made of the fragments below alone; every value is a parameter

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from refsys.model.lookups import Lookup, Policy
from refsys.storage.spans import ANY_SATELLITE
from refsys.storage.times import to_us


class Found(NamedTuple):
    """A row that was chosen."""

    id: int
    name: str
    start: int
    stop: int
    creation: int
    auxiliary: int
    document: str


_COLUMNS = ", ".join(f"p.{name}" for name in Found._fields)

_COVERS = "k.length >= :length AND p.start BETWEEN :stop - k.length AND :start AND p.stop >= :stop"
_MEETS = "p.start > :start - k.length AND p.start < :stop AND p.stop > :start"
_ANY_TIME = "1 = 1"


class _Asked(NamedTuple):
    """What decides about the text of a statement, apart from the policy."""

    satellite: bool
    configuration: bool
    polarisation: bool
    band: bool
    sqlite: bool

    def classes(self) -> str:
        """Return the classes that may hold what is asked for."""
        conditions = ["product_type = :product_type"]
        if self.satellite:
            conditions.append(f"satellite IN (:satellite, '{ANY_SATELLITE}')")
        if self.configuration:
            conditions.append("configuration IN ('', :configuration)")
        if self.polarisation:
            conditions.append("polarisation = :polarisation")
        if self.band:
            conditions.append("band = :band")
        return f"(SELECT id, length, configuration FROM product_class WHERE {' AND '.join(conditions)}) k"

    def rows(self, times: str) -> str:
        """Return the condition on `p` that it belongs to class `k` and fits."""
        own = "p.instrument_configuration_id"
        fits = f" AND (k.configuration <> '' OR {own} IS NULL OR {own} = :number)" if self.configuration else ""
        return f"p.class_id = k.id AND {times}{fits}"

    def joined(self, times: str) -> str:
        """Return the join that looks once into each class: what the planner must not turn round."""
        if self.sqlite:
            return f"{self.classes()} CROSS JOIN product p ON {self.rows(times)}"
        inner = f"SELECT p.* FROM product p WHERE {self.rows(times)} OFFSET 0"
        return f"{self.classes()} CROSS JOIN LATERAL ({inner}) p"


def select_rows(connection: Connection, lookups: Sequence[Lookup]) -> list[list[Found]]:
    """Return what each lookup chooses, in order of start, creation, name."""
    is_sqlite = connection.dialect.name == "sqlite"
    questions = [(statement_of(each, sqlite=is_sqlite), _values(each)) for each in lookups]
    answers = (_ask_sqlite if is_sqlite else _ask_postgres)(connection, questions)
    return [_settled(lookup, rows) for lookup, rows in zip(lookups, answers, strict=True)]


def statement_of(lookup: Lookup, *, sqlite: bool) -> str:
    """Return the text that is asked, in the spelling of the driver."""
    asked = _Asked(
        satellite=lookup.satellite is not None,
        configuration=lookup.instrument_configuration_id is not None,
        polarisation=lookup.polarisation is not None,
        band=lookup.band is not None,
        sqlite=sqlite,
    )
    return _statement(lookup.policy, asked)


def _values(lookup: Lookup) -> dict[str, Any]:
    start, stop = to_us(lookup.start), to_us(lookup.stop)
    return {
        "product_type": lookup.product_type,
        "satellite": lookup.satellite,
        "configuration": str(lookup.instrument_configuration_id),
        "number": lookup.instrument_configuration_id,
        "polarisation": lookup.polarisation,
        "band": lookup.band,
        "start": start,
        "stop": stop,
        "length": stop - start,
        "twice": start + stop,  # twice the centre, which may lie between two microseconds
        "floor": (start + stop) // 2,
        "ceiling": (start + stop + 1) // 2,
    }


def _ask_sqlite(connection: Connection, questions: Sequence[tuple[str, dict[str, Any]]]) -> list[list[Found]]:
    return [[Found(*row) for row in connection.exec_driver_sql(*question)] for question in questions]


_PLAN_ONCE = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in {
        "plan_cache_mode": "force_generic_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_bitmapscan": "off",
        "enable_seqscan": "off",
    }.items()
)
"""For this transaction: a plan for any values, kept, of seeks alone, however bad the statistics are.

Planning for each question takes longer than its seeks.
"""


def _ask_postgres(connection: Connection, questions: Sequence[tuple[str, dict[str, Any]]]) -> list[list[Found]]:
    """Ask all questions before the first answer is awaited: one way to the server and back for all of them."""
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            driver.cursor().execute(_PLAN_ONCE, prepare=True)
            cursors = [driver.cursor().execute(*question, prepare=True) for question in questions]
            return [[Found(*row) for row in cursor.fetchall()] for cursor in cursors]
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(None, None, error) from error


def _settled(lookup: Lookup, rows: list[Found]) -> list[Found]:
    """Finish in Python what needs all the rows that meet the window."""
    if lookup.policy is Policy.VAL_INTERSECT_WITHOUT_DUPLICATES:
        return _without_duplicates(rows)
    if lookup.policy is Policy.FULL_COVERAGE:
        return _gapless(rows, to_us(lookup.start), to_us(lookup.stop))
    return rows


def _without_duplicates(rows: list[Found]) -> list[Found]:
    newest: dict[tuple[int, int], Found] = {}
    for row in sorted(rows, key=lambda row: (row.creation, row.name)):
        newest[row.start, row.stop] = row
    return sorted(newest.values(), key=lambda row: (row.start, row.creation, row.name))


def _gapless(rows: list[Found], start: int, stop: int) -> list[Found]:
    reached = start
    for row in rows:  # in order of start
        if row.start > reached:
            return []
        reached = max(reached, row.stop)
    return rows if reached >= stop else []


@cache
def _statement(policy: Policy, asked: _Asked) -> str:
    """Return the statement of a policy in the spelling of the driver: `:name`, or `%(name)s` for PostgreSQL."""
    text = _STATEMENTS[policy](asked)
    if asked.sqlite:
        return text
    for name in ("product_type", "satellite", "configuration", "number", "polarisation", "band", "start", "stop"):
        text = text.replace(f":{name}", f"%({name})s")
    for name in ("length", "twice", "floor", "ceiling"):
        text = text.replace(f":{name}", f"%({name})s")
    return text


def _all(times: str) -> Callable[[_Asked], str]:
    def statement(asked: _Asked) -> str:
        return f"SELECT {_COLUMNS} FROM {asked.joined(times)} ORDER BY p.start, p.creation, p.name"

    return statement


def _among(times: str, distance: str = "0") -> Callable[[_Asked], str]:
    """Return the choice, of all that fit, of the smallest distance, then the latest creation, then name.

    Times are compared in the index; names are read of those alone that have the same distance and creation.
    """

    def statement(asked: _Asked) -> str:
        best = "SELECT distance, creation FROM hits ORDER BY distance, creation DESC LIMIT 1"
        return (
            f"WITH hits AS MATERIALIZED (SELECT p.id, p.creation, {distance} AS distance FROM {asked.joined(times)}) "
            f"SELECT {_COLUMNS} FROM hits JOIN product p ON p.id = hits.id "
            f"WHERE (hits.distance, hits.creation) = ({best}) ORDER BY p.name DESC LIMIT 1"
        )

    return statement


def _nearest(*seeks: tuple[str, str], rank: str) -> Callable[[_Asked], str]:
    """Return the choice of the first by `rank` of what seeks find in each class; a seek is a condition and an order."""

    def statement(asked: _Asked) -> str:
        parts = []
        for times, order in seeks:
            first = f"SELECT p.id FROM product p WHERE {asked.rows(times)} ORDER BY {order}, {_AGE} LIMIT 1"
            parts.append(f"SELECT ({first}) AS id FROM {asked.classes()}")
        found = " UNION ALL ".join(parts)
        return (
            f"SELECT {_COLUMNS} FROM ({found}) found JOIN product p ON p.id = found.id ORDER BY {rank}, {_AGE} LIMIT 1"
        )

    return statement


def _closest(end: str) -> Callable[[_Asked], str]:
    """Return the choice of the end closest to the centre of the window; of two as close, the earlier."""
    before, after = (f"{end} < :ceiling", f"{end} DESC"), (f"{end} >= :ceiling", end)
    return _nearest(before, after, rank=f"abs(2 * {end} - :twice), {end}")


_AGE = "p.creation DESC, p.name DESC"
_LAST = "p.start DESC"
_CENTRE = "abs(p.start + p.stop - :twice)"
_STATEMENTS: dict[Policy, Callable[[_Asked], str]] = {
    Policy.VAL_COVER: _all(_COVERS),
    Policy.LATEST_VAL_COVER: _among(_COVERS),
    Policy.LATEST_VAL_COVER_CLOSEST: _nearest((_COVERS, _LAST), rank=_LAST),
    Policy.BEST_CENTRED_COVER: _among(_COVERS, _CENTRE),
    Policy.VAL_INTERSECT: _all(_MEETS),
    Policy.VAL_INTERSECT_WITHOUT_DUPLICATES: _all(_MEETS),
    Policy.LATEST_VAL_INTERSECT: _among(_MEETS),
    Policy.LATEST_VALIDITY: _nearest((_MEETS, _LAST), rank=_LAST),
    Policy.LATEST_VALIDITY_CLOSEST: _nearest(
        (f"{_MEETS} AND p.start <= :floor", _LAST),
        (f"{_MEETS} AND p.start > :floor", "p.start"),
        rank=f"abs(2 * p.start - :twice), {_LAST}",
    ),
    Policy.FULL_COVERAGE: _all(_MEETS),
    Policy.CLOSEST_START_VALIDITY: _closest("p.start"),
    Policy.CLOSEST_STOP_VALIDITY: _closest("p.stop"),
    Policy.LATEST_START_VALIDITY: _nearest((_ANY_TIME, _LAST), rank=_LAST),
    Policy.LATEST_STOP_VALIDITY: _nearest((_ANY_TIME, "p.stop DESC"), rank="p.stop DESC"),
}
