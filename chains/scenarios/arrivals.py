"""What arrives in a scenario and when: sessions and auxiliary files, as products that need no bytes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random

from refsys.chains.scenarios.happenings import Auxiliary, Facts, Session
from refsys.chains.scenarios.scenario import Scenario
from refsys.chains.sentinel2.splitting import BANDS
from refsys.model.attributes import Attributes
from refsys.model.chains import Chain
from refsys.model.lookups import Policy
from refsys.model.products import Product
from refsys.model.times import compact_time
from refsys.model.values import digest

SHUFFLED_H = 3.0
"""Arrivals change places within spans of this length: shorter than any time that is waited for a session."""

_ALL_TIME = timedelta(days=60)

Arrival = tuple[datetime, list[Product]]


def arrivals_of(scenario: Scenario, facts: Facts, *, shuffle: int | None = None) -> list[Arrival]:
    """Return what arrives, in order of time.

    Parameters
    ----------
    scenario, facts
        What happens; see `filled`.
    shuffle
        Seed: what arrives within the same `SHUFFLED_H` hours changes places; None: as the facts say.

    Returns
    -------
    list of (datetime, list of Product)
        Same arguments, same list.
    """
    single = [(each.arrival, _auxiliary(each)) for each in facts.auxiliaries]
    single += [(each.arrival, session_product(each)) for each in facts.sessions]
    if shuffle is not None:
        single = _shuffled(single, scenario.start, Random(shuffle))  # noqa: S311  (an order, no secret)
    by_time: dict[datetime, list[Product]] = {}
    for arrival, product in sorted(single, key=lambda pair: pair[0]):
        by_time.setdefault(arrival, []).append(product)
    return sorted(by_time.items(), key=lambda pair: pair[0])


def filled(scenario: Scenario, facts: Facts, chains: Mapping[str, Chain]) -> Facts:
    """Return facts with the auxiliary files that no series of the scenario names (`fill`), for the chains that run."""
    more = fillers_of(scenario, facts, chains) if scenario.fill else ()
    return facts.model_copy(update={"auxiliaries": more + facts.auxiliaries})


def _shuffled(
    single: Iterable[tuple[datetime, Product]], start: datetime, random: Random
) -> list[tuple[datetime, Product]]:
    """Return the same products with times of others of the same span, in another order."""
    spans: dict[int, list[tuple[datetime, Product]]] = {}
    for pair in single:
        spans.setdefault(int((pair[0] - start) / timedelta(hours=SHUFFLED_H)), []).append(pair)
    result: list[tuple[datetime, Product]] = []
    for _, pairs in sorted(spans.items()):
        products = [product for _, product in pairs]
        random.shuffle(products)
        result += [(at, product) for (at, _), product in zip(pairs, products, strict=True)]
    return result


def session_product(session: Session) -> Product:
    """Return a reception session as the catalogue has it."""
    return Product(
        name=session.session_id,
        product_type=f"{session.mission}_SESSION",
        mission=session.mission,
        satellite=session.satellite,
        start=session.start,
        stop=session.stop,
        creation_time=session.stop.replace(microsecond=0),
        attributes=Attributes(station=session.station, absolute_orbit=session.absolute_orbit),
        figures={"session_id": session.session_id, "channels": list(session.channels)},
        assets=(),
        digest=digest([session.session_id, list(session.channels)]),
    )


def _auxiliary(each: Auxiliary) -> Product:
    name = auxiliary_name(each)
    return Product(
        name=name,
        product_type=each.type,
        mission=each.mission,
        satellite=each.satellite,
        start=each.start,
        stop=each.stop,
        creation_time=each.creation,
        attributes=Attributes(band=each.band),
        assets=(),
        digest=digest(name),
    )


def auxiliary_name(each: Auxiliary) -> str:
    """Return a name that follows those of the mission in its order: type, validity, creation."""
    start, stop, made = (compact_time(time) for time in (each.start, each.stop, each.creation))
    head = f"{each.mission}{each.satellite}"
    if each.mission == "S3":
        return f"{head}_{each.type}_{start}_{stop}_{made}_{'_' * 17}_LN3_O_AL_001.SEN3"
    band = f"_B{each.band}" if each.band is not None else ""
    return f"{head}_OPER_{each.type}_REFS_{made}_V{start}_{stop}{band}.{'EOF' if each.mission == 'S1' else 'TGZ'}"


def fillers_of(scenario: Scenario, facts: Facts, chains: Mapping[str, Chain]) -> tuple[Auxiliary, ...]:
    """Return one file of every auxiliary type that chains choose and no series has; one for each band."""
    known = {each.type for each in facts.auxiliaries}
    banded = {kind for chain in chains.values() for kind in _banded(chain)}
    chosen = {kind for chain in chains.values() for kind in _chosen(chain)} - banded
    wanted = [(kind, None) for kind in chosen] + [(kind, band) for kind in banded for band in BANDS]
    missions = {kind: name[:2] for name, chain in chains.items() for kind in (*_chosen(chain), *_banded(chain))}
    return tuple(
        _filler(scenario, facts, missions[kind], kind, band)
        for kind, band in sorted(wanted, key=str)
        if kind not in known
    )


def _filler(scenario: Scenario, facts: Facts, mission: str, kind: str, band: str | None) -> Auxiliary:
    made = (scenario.start - _ALL_TIME).replace(microsecond=0)
    return Auxiliary.model_validate(
        {
            "mission": mission,
            "type": kind,
            "satellite": "_",
            "band": band,
            "start": made,
            "stop": facts.stop + _ALL_TIME,
            "creation": made,
            "arrival": scenario.start,
        }
    )


def _chosen(chain: Chain) -> Iterator[str]:
    """Return the auxiliary types that a chain has chosen from the catalogue."""
    for rule in chain.inputs:
        for alternative in rule.alternatives:
            if isinstance(alternative.policy, Policy):
                yield from (kind for kind in alternative.types if _is_auxiliary(kind))


def _banded(chain: Chain) -> tuple[str, ...]:
    given = chain.rule.parameters.get("banded_types") if chain.rule else None
    return tuple(str(kind) for kind in given) if isinstance(given, list) else ()


def _is_auxiliary(kind: str) -> bool:
    return kind.endswith("AX") or kind[:4] in ("AUX_", "MPL_", "GIP_")
