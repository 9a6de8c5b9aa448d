"""Selections on a big catalogue: python -m benchmarks.catalogue [--rows 10000000] [--database URL] [--queries 2000].

Fills a fresh database with seven product types of equal share over ten years (dense and sparse, short and long, with
open ends, instants, polarisations, bands and instrument configurations), then asks every policy of random windows, one
in four of which lies where nothing is: before or after all, of an unknown satellite, type or polarisation. Prints the
median and the 99th percentile of `Catalogue.select` in milliseconds, documents parsed, for each policy, by the clock
and of this thread's processor time (which a busy machine stretches less; on PostgreSQL the client's part alone), and
what one lookup costs when they are asked in sets. Fails where a median reaches 1 ms or a 99th percentile 20 ms.

Without `--database` a SQLite file is made in a temporary folder and removed. A database that is filled already is only
asked; PostgreSQL wants one that is empty: --database postgresql://user:password@host/name.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from benchmarks.harness import machine
from refsys.model.lookups import Lookup, Policy
from refsys.storage.catalogue import Catalogue
from refsys.storage.catalogue_rows import RowClass, class_ids
from refsys.storage.database import Database, open_database
from refsys.storage.tables import product
from refsys.storage.times import from_us, span_class, to_us

FIRST, LAST = to_us(datetime(2014, 4, 3, tzinfo=UTC)), to_us(datetime(2024, 4, 3, tzinfo=UTC))
SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
OPEN_END = to_us(datetime(2100, 1, 1, tzinfo=UTC))
CHUNK = 100_000
SETS_OF = 50
GOAL_MEDIAN_MS, GOAL_P99_MS = 1.0, 20.0
COLUMNS = (
    *("name", "product_type", "satellite", "start", "stop", "creation", "exact_digest", "auxiliary", "document"),
    *("class_id", "inserted", "polarisation", "band", "instrument_configuration_id"),
)


class Profile(NamedTuple):
    """One product type: lengths of its rows, one drawn for each, and how far windows reach into them."""

    product_type: str
    auxiliary: bool
    satellites: str
    lengths_us: tuple[int, ...]
    polarisations: tuple[str, ...] = ("",)
    bands: tuple[str, ...] = ("",)
    configurations: tuple[int, ...] = ()


class Drawn(NamedTuple):
    """What a row differs in; times are start, stop and creation, in microseconds and as texts."""

    number: int
    times: tuple[int, int, int]
    written: tuple[str, str, str]
    satellite: str
    polarisation: str
    band: str
    configuration: int | None


PROFILES = (
    Profile("AUX_RESORB", True, "AB", (11_860 * SECOND,)),
    Profile("AUX_MET", True, "_", (6 * HOUR, 12 * HOUR, DAY)),
    Profile("AUX_INS", True, "AB_", (*[DAY] * 989, *[30 * DAY] * 10, 0), configurations=(1, 2, 3, 4, 5, 6, 7)),
    Profile("GIP_R2EQOG", True, "AB", (10 * DAY,), bands=tuple(f"{number:02}" for number in range(13))),
    Profile("IW_RAW__0S", False, "ABCD", (32_400_000, 32_400_123, 27 * SECOND, 9 * SECOND), ("DV", "DH", "SV", "SH")),
    Profile("SR_0_SRA___", False, "AB", tuple(range(110 * SECOND, 310 * SECOND, 777_777))),
    Profile("MSI_L0__GR", False, "AB", (0,)),
)
"""A length of 0 stands for an open end of auxiliary files."""


def chunks(profile: Profile, count: int, seed: int) -> Iterator[list[Drawn]]:
    """Draw rows in no order of time; creation follows the start by up to three days."""
    draw = np.random.default_rng(seed)
    configurations = (*profile.configurations, None)  # some auxiliary files say none: they fit any
    for first in range(0, count, CHUNK):
        many = min(CHUNK, count - first)
        start = draw.integers(FIRST, LAST, many)
        length = draw.choice(np.array(profile.lengths_us, dtype=np.int64), many)
        stop = np.where(profile.auxiliary & (length == 0), OPEN_END, start + length)
        times = np.stack([start, stop, start + draw.integers(0, 3 * DAY, many)], axis=1)
        written = np.datetime_as_string(times.astype("datetime64[us]"), timezone="UTC")
        picks = [
            [words[number] for number in draw.integers(0, len(words), many).tolist()]
            for words in (profile.satellites, profile.polarisations, profile.bands, configurations)
        ]
        numbers = range(first, first + many)
        yield [Drawn(*each) for each in zip(numbers, times.tolist(), written.tolist(), *picks, strict=True)]


def row(profile: Profile, drawn: Drawn, class_id: int) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`."""
    name = f"{profile.product_type}_{drawn.satellite}_{drawn.number:08}"
    start, stop, creation = drawn.times
    said = {"polarisation": drawn.polarisation, "band": drawn.band, "instrument_configuration_id": drawn.configuration}
    attributes = ",".join(f'"{key}":{json.dumps(value)}' for key, value in said.items() if value)
    document = (
        f'{{"name":"{name}","product_type":"{profile.product_type}","mission":"S1","satellite":"{drawn.satellite}",'
        f'"start":"{drawn.written[0]}","stop":"{drawn.written[1]}","creation_time":"{drawn.written[2]}",'
        f'"attributes":{{{attributes}}},"assets":[],"digest":"{name}"}}'
    )
    values = (
        *(name, profile.product_type, drawn.satellite, start, stop, creation, name, profile.auxiliary, document),
        *(class_id, creation, drawn.polarisation or None, drawn.band or None, drawn.configuration),
    )
    assert len(values) == len(COLUMNS)
    return values


def class_of(profile: Profile, drawn: Drawn) -> RowClass:
    start, stop, _ = drawn.times
    configuration = "" if drawn.configuration is None else str(drawn.configuration)
    kind = (profile.product_type, drawn.satellite, span_class(start, stop))
    return RowClass(*kind, drawn.polarisation, "", drawn.band, configuration)


def fill(database: Database, count: int) -> None:
    """Insert rows without indexes, and make the indexes afterwards."""
    indexes = [index for index in product.indexes if not index.unique]
    with database.write() as connection:
        for index in indexes:
            index.drop(connection)
    for seed, profile in enumerate(PROFILES):
        for drawn in chunks(profile, count // len(PROFILES), seed):
            with database.write() as connection:
                _insert(connection, profile, drawn)
        print(f"  {profile.product_type}", flush=True)
    with database.write() as connection:
        for index in indexes:
            index.create(connection)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE product"))
            connection.execute(text("VACUUM ANALYZE product_class"))


def _insert(connection: Connection, profile: Profile, drawn: list[Drawn]) -> None:
    kinds = [class_of(profile, each) for each in drawn]
    classes = class_ids(connection, kinds)
    rows = (row(profile, each, classes[kind]) for each, kind in zip(drawn, kinds, strict=True))
    driver: Any = connection.connection.driver_connection
    names = ", ".join(COLUMNS)
    if connection.dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO product ({names}) VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        return
    with driver.cursor().copy(f"COPY product ({names}) FROM STDIN") as copy:
        for each in rows:
            copy.write_row(each)


def lookups(policy: Policy, count: int, seed: int) -> list[Lookup]:
    """Draw windows of all types, one in four where nothing is."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        profile = PROFILES[draw.integers(len(PROFILES))]
        start = int(draw.integers(FIRST, LAST))
        length = int(draw.choice([0, 1, 32 * SECOND, 6000 * SECOND]))
        asked = _asked(profile, draw)
        if draw.integers(4) == 0:
            start, asked = _miss(start, asked, int(draw.integers(5)))
        window = {"start": from_us(start), "stop": from_us(start) + timedelta(microseconds=length)}
        made.append(Lookup(policy=policy, **asked, **window))
    return made


def _asked(profile: Profile, draw: np.random.Generator) -> dict[str, Any]:
    asked: dict[str, Any] = {"product_type": profile.product_type, "satellite": "ABCD"[draw.integers(2)]}
    if profile.configurations:
        asked["instrument_configuration_id"] = int(draw.choice(profile.configurations))
    if len(profile.bands) > 1:
        asked["band"] = str(draw.choice(profile.bands))
    if len(profile.polarisations) > 1 and draw.integers(2):
        asked["polarisation"] = str(draw.choice(profile.polarisations))
    return asked


def _miss(start: int, asked: dict[str, Any], how: int) -> tuple[int, dict[str, Any]]:
    match how:
        case 0:
            return start - 12 * 365 * DAY, asked
        case 1:
            return start + 12 * 365 * DAY, asked
        case 2:
            return start, asked | {"satellite": "E"}
        case 3:
            return start, asked | {"product_type": "AUX_NONE"}
        case _:
            return start, asked | {"polarisation": "XX"}


def measure_policy(catalogue: Catalogue, policy: Policy, count: int) -> bool:
    """Print the times of one policy; whether they keep the goals."""
    for lookup in lookups(policy, 50, 99):
        catalogue.select(lookup)  # connections and statements are there
    times, own, found = [], [], 0
    for lookup in lookups(policy, count, 1):
        before, busy = time.perf_counter(), time.thread_time()
        chosen = catalogue.select(lookup)
        own.append(1e3 * (time.thread_time() - busy))
        times.append(1e3 * (time.perf_counter() - before))
        found += len(chosen)
    many = lookups(policy, count, 2)
    before = time.perf_counter()
    for first in range(0, count, SETS_OF):
        catalogue.select_many(many[first : first + SETS_OF])
    in_sets = 1e3 * (time.perf_counter() - before) / count
    median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[-1]
    kept = median < GOAL_MEDIAN_MS and p99 < GOAL_P99_MS
    client = f"{statistics.median(own):8.3f} {statistics.quantiles(own, n=100)[-1]:8.3f}"
    figures = f"{median:8.3f} {p99:8.3f} {client} {in_sets:8.3f} {found / count:8.2f}"
    print(f"{policy.value:32}{figures}  {'yes' if kept else 'no'}", flush=True)
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--database", help="URL; a temporary SQLite file without it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(given.database or f"sqlite:///{folder}/catalogue.db")
        catalogue = Catalogue(database)
        print(f"{machine()}; {database.engine.dialect.name}", flush=True)
        if catalogue.count() == 0:
            before = time.perf_counter()
            fill(database, given.rows)
            print(f"filled in {time.perf_counter() - before:.0f} s")
        print(f"{catalogue.count()} rows; ms a selection: median, P99, both in CPU time, mean in sets; found; goals")
        kept = [measure_policy(catalogue, policy, given.queries) for policy in Policy]
        database.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
