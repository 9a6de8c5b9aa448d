"""Oracle: intervals, units, composites and auxiliary needs against results worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.scenarios.happenings import Auxiliary
from refsys.chains.scenarios.oracle_composites import composites, day, decade
from refsys.chains.scenarios.oracle_needs import Shelf, covers, each_band, one_of, several, some, touches
from refsys.chains.scenarios.oracle_pieces import Piece, cut
from refsys.chains.scenarios.oracle_units import dump_units, orbit_units, units

NODE = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def at(seconds: float) -> datetime:
    return NODE + timedelta(seconds=seconds)


def piece(start: float, stop: float, kind: str = "SL_1_RBT___", timeliness: str = "NRT", orbit: int = 0) -> Piece:
    """A piece in an orbit of 1000 s."""
    node = at(1000 * orbit)
    return Piece(
        kind, "A", at(start), at(stop), timeliness, orbit, node, node + timedelta(seconds=1000), dump_start=node
    )


def seconds(found: list[Piece]) -> list[tuple[float, float]]:
    return [((p.start - NODE).total_seconds(), (p.stop - NODE).total_seconds()) for p in found]


@given(st.integers(0, 10**8), st.integers(1, 10**7))
def test_steps_cover_the_interval_once(length_us: int, step_us: int) -> None:
    stop = NODE + timedelta(microseconds=length_us)
    step = max(step_us, length_us // 200 + 1)
    steps = cut(NODE, stop, step / 1e6)
    assert len(steps) == -(-length_us // step)
    assert [a for a, _ in steps] + [stop] == [NODE] + [b for _, b in steps]
    assert all(b - a == timedelta(microseconds=step) for a, b in steps[:-1])


def test_frames_are_counted_from_the_node_not_from_the_product() -> None:
    found = orbit_units([piece(100, 400), piece(400, 500)], 180)
    assert seconds(found) == [(100, 180), (180, 360), (360, 500)]


def test_a_frame_with_a_hole_reaches_over_it_and_an_empty_one_is_not_made() -> None:
    found = orbit_units([piece(0, 50), piece(120, 180), piece(540, 1000)], 180)
    assert seconds(found) == [(0, 180), (540, 720), (720, 900), (900, 1000)]


def test_a_product_across_the_node_makes_units_in_the_orbit_of_its_start_only() -> None:
    assert seconds(orbit_units([piece(900, 1100)], 180)) == [(900, 1000)]
    both = orbit_units([piece(900, 1100), piece(1100, 1200, orbit=1)], 180)
    assert seconds(both) == [(900, 1000), (1000, 1180), (1180, 1200)]


def test_stripes_of_a_dump_are_counted_from_its_start_and_end_with_its_last_product() -> None:
    found = dump_units([piece(10, 300, "SR_0_SRA___"), piece(300, 1000, "SR_0_SRA___")], 499.8)
    assert seconds(found) == [(10, 499.8), (499.8, 999.6), (999.6, 1000)]


def test_stripes_hold_products_of_their_own_dump_only() -> None:
    found = dump_units([piece(0, 1000, "SR_0_SRA___"), piece(1000, 1600, "SR_0_SRA___", orbit=1)], 700)
    assert seconds(found) == [(0, 700), (700, 1000), (1000, 1600)]


def test_each_variant_cuts_products_of_its_own_timeliness() -> None:
    made = [piece(0, 180), piece(180, 360, timeliness="NTC"), piece(360, 540, "SY_2_SYN___", "STC")]
    assert seconds(units(made, "S3-PUG")) == [(0, 180)]
    assert seconds(units(made, "S3-PUG-NTC")) == [(180, 360)]
    assert seconds(units(made, "S3-PUG-STC")) == [(360, 540)]


def test_a_product_without_nodes_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="nodes"):
        orbit_units([Piece("SL_1_RBT___", "A", at(0), at(1), "NRT")], 180)


@pytest.mark.parametrize(
    ("stop", "first", "end"),
    [
        ((2024, 2, 10, 23, 59), (2024, 2, 1), (2024, 2, 11)),
        ((2024, 2, 11, 0, 0), (2024, 2, 1), (2024, 2, 11)),
        ((2024, 2, 11, 0, 1), (2024, 2, 11), (2024, 2, 21)),
        ((2024, 2, 29, 12, 0), (2024, 2, 21), (2024, 3, 1)),
        ((2025, 1, 1, 0, 0), (2024, 12, 21), (2025, 1, 1)),
    ],
)
def test_decades_of_the_calendar(stop: tuple[int, ...], first: tuple[int, ...], end: tuple[int, ...]) -> None:
    found = decade(datetime(*stop, tzinfo=UTC))  # type: ignore[misc, arg-type]
    assert found == (datetime(*first, tzinfo=UTC), datetime(*end, tzinfo=UTC) - MOMENT)  # type: ignore[misc, arg-type]


def test_a_day_is_that_of_the_stop() -> None:
    assert day(at(1)) == (NODE, NODE + timedelta(days=1) - MOMENT)
    assert day(NODE) == (NODE - timedelta(days=1), NODE - MOMENT)
    across = [piece(-200, -100, "SY_2_VGK___"), piece(-100, 100, "SY_2_VGK___"), piece(100, 300, "SY_2_VGK___")]
    assert seconds(composites(across)) == [(-86400, -1e-6), (0, 86399.999999)]


def aux(kind: str, start: float, stop: float, satellite: str = "_", band: str | None = None) -> Auxiliary:
    return Auxiliary(
        mission="S3", type=kind, satellite=satellite, band=band, start=at(start), stop=at(stop), creation=NODE,
        arrival=NODE,
    )  # fmt: skip


def test_needs_by_validity() -> None:
    shelf = Shelf(
        [aux("OSF", 0, 100), aux("DEM", 50, 60), aux("USO", 0, 1), aux("OWN", 0, 100, "B")],
        {
            "S3-COVER": covers("OSF", 5, 5),
            "S3-TOUCH": touches("DEM", 0, 10),
            "S3-ANY": some("USO"),
            "S3-OWN": covers("OWN"),
            "S3-EITHER": covers("NONE|OSF"),
            "S3-ONE": one_of(covers("NONE"), covers("OSF", 20, 20)),
        },
    )

    def fits(chain: str, start: float, stop: float, satellite: str = "A") -> bool:
        return shelf.suffices(f"S3-{chain}", satellite, at(start), at(stop))

    assert fits("COVER", 5, 95)
    assert not fits("COVER", 4, 95)
    assert not fits("COVER", 5, 96)
    assert fits("TOUCH", 30, 41)
    assert not fits("TOUCH", 30, 40)
    assert not fits("TOUCH", 60, 70)
    assert fits("ANY", 500, 600)
    assert fits("OWN", 0, 100, "B")
    assert not fits("OWN", 0, 100, "A")
    assert fits("EITHER", 0, 100)
    assert not fits("EITHER", 0, 101)
    assert fits("ONE", 20, 80)
    assert not fits("ONE", 19, 80)
    assert fits("NOTHING ASKED", 0, 1)


def test_needs_by_number() -> None:
    files = [aux("MF1", start, start + 10) for start in (0, 10, 20, 30, 30)]
    files += [aux("VIEDIR", 0, 100, band=f"{band:02d}") for band in range(13)]
    shelf = Shelf(files, {"S3-N": several("MF1", 0, 0, 2, 3), "S3-B": each_band("VIEDIR"), "S3-1": each_band("MF1")})
    allowed = [shelf.suffices("S3-N", "A", at(start), at(stop)) for start, stop in ((1, 9), (1, 19), (1, 30), (1, 31))]
    assert allowed == [False, True, True, False]
    assert shelf.suffices("S3-B", "A", at(0), at(100))
    assert not shelf.suffices("S3-1", "A", at(30), at(40))
