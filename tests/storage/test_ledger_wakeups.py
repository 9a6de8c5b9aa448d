"""The arrival of a product wakes exactly the requests that wait for it, through an index."""

from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nouns import T0, make_product, make_request
from sqlalchemy import text
from wiping import wipe

from refsys.model.events import InputsMissing
from refsys.model.products import Product
from refsys.model.requests import Change, MissingInput, RequestState
from refsys.model.times import VirtualClock
from refsys.storage.database import Database, open_database
from refsys.storage.ledger import Ledger

LATER = T0 + timedelta(days=7)
offsets = st.none() | st.integers(0, 40)


def moment(offset: int | None) -> datetime | None:
    return None if offset is None else T0 + timedelta(microseconds=offset)


missing_inputs = st.builds(
    lambda kind, satellite, start, length, name: MissingInput(
        role="main",
        product_type=kind,
        satellite=satellite,
        start=moment(start),
        stop=moment(None if length is None else (start or 0) + length),
        name=name,
    ),
    st.sampled_from(["T1", "T2"]),
    st.sampled_from([None, "A", "B", "_"]),
    offsets,
    offsets,
    st.sampled_from([None, None, "P", "Q"]),
)
arrivals = st.builds(
    lambda name, kind, satellite, start, length: make_product(
        name, start / 1e6, (start + length) / 1e6, product_type=kind, satellite=satellite
    ),
    st.sampled_from(["P", "Q", "R"]),
    st.sampled_from(["T1", "T2"]),
    st.sampled_from(["A", "B", "_"]),
    st.integers(0, 60),
    st.sampled_from([0, 1, 2, 5, 16, 100]),
)


def wait_for(ledger: Ledger, wants: list[tuple[MissingInput, ...]]) -> list[str]:
    """Let one request wait for each tuple; return their keys."""
    keys = [key for key, _ in ledger.accept(make_request(number) for number in range(len(wants)))]
    leases = {claim.record.key: claim.lease for claim in ledger.claim("me", 1000, 30)}
    writes = [
        (
            leases[key],
            Change(state=RequestState.WAITING, missing=missing, due_at=LATER, keep_lease=False),
            InputsMissing(at=T0, missing=missing, until=LATER),
        )
        for key, missing in zip(keys, wants, strict=True)
    ]
    ledger.record_many(writes)
    return keys


def satisfies(product: Product, missing: MissingInput) -> bool:
    return (
        product.product_type == missing.product_type
        and (missing.satellite in {None, "_", product.satellite} or product.satellite == "_")
        and (missing.start is None or product.stop >= missing.start)
        and (missing.stop is None or product.start <= missing.stop)
        and missing.name in {None, product.name}
    )


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(st.lists(missing_inputs, min_size=1, max_size=3).map(tuple), max_size=12),
    st.lists(arrivals, min_size=1, max_size=6),
)
def test_those_who_wait_for_it_are_woken(
    database: Database, wants: list[tuple[MissingInput, ...]], products: list[Product]
) -> None:
    wipe(database)
    ledger = Ledger(database, VirtualClock(T0))
    keys = wait_for(ledger, wants)
    for product in products:
        expected = [
            key for key, missing in zip(keys, wants, strict=True) if any(satisfies(product, each) for each in missing)
        ]
        assert ledger.waiting_for(product) == sorted(expected)


def test_an_arrival_looks_at_no_other_waiting_row(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/refsys.db")
    ledger = Ledger(database, VirtualClock(T0))
    wait_for(ledger, [(MissingInput(role="main", product_type="T1", name=f"session-{n}"),) for n in range(100)])
    seen: list[str] = []
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(seen.append)
    assert len(ledger.waiting_for(make_product("session-7", product_type="T1"))) == 1
    (query,) = [statement for statement in seen if statement.startswith("SELECT")]
    with database.read() as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    seek = "ix_waiting_arrival (product_type=? AND name=? AND satellite=? AND span=? AND start>"
    assert any("SEARCH waiting" in line and seek in line for line in plan), plan
    assert not any("SCAN" in line for line in plan), plan
    database.close()
