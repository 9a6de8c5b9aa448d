"""Oracle: properties over whole scenarios, shipped ones and generated ones."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refsys.chains.chain_files import shipped_chains
from refsys.chains.scenarios.facts import facts_of
from refsys.chains.scenarios.happenings import Facts
from refsys.chains.scenarios.oracle import Expected, expected, expected_counts
from refsys.chains.scenarios.scenario import parse_scenario, read_scenario, shipped_scenarios

CHAINS = frozenset(shipped_chains())
AUXILIARY = {
    "S1": "MPL_ORBPRE, MPL_ORBSCT, AUX_OBMEMC, AUX_PP1, AUX_CAL, AUX_INS, AUX_PP2, AUX_WND",
    "S3": "AX___OSF_AX, OL_1_INS_AX, OL_1_CAL_AX, OL_1_PRG_AX, OL_1_CLUTAX, AX___DEM_AX, AX___LWM_AX, AX___OOM_AX, "
    "AX___CLM_AX, AX___TRM_AX, OL_1_EO__AX, MW_1_SLC_AX, MW___CHDNAX, MW___CHDRAX, MW___STD_AX, "
    "MW_1_NIR_AX, MW_1_DNB_AX",
}


def scenario(seed: int, lost: float, split: float, types: str = AUXILIARY["S3"]) -> Facts:
    text = f"""
version: 1
name: small
start: 2026-03-10T20:00:00Z
hours: 4
seed: {seed}
s1:
  satellites: [A, B]
  split: {split}
  lost_segments: {lost}
  data_takes:
    - {{mode: IW, length_s: 70, after_node_s: 500}}
    - {{mode: RF, length_s: 2, after_node_s: 700}}
    - {{mode: N1, polarisation: SV, length_s: 60, after_node_s: 900, timeliness: NRT}}
s2: {{scenes: 4, tiles: 2}}
s3:
  granule_s: 700
  always: [TM_0_NAT__G, MW_0_MWR__G]
  lost_granules: {lost}
  windows: [{{type: OL_0_EFR__G, after_node_s: 900, length_s: 2640}}]
auxiliary:
  - {{mission: S1, types: [{AUXILIARY["S1"]}]}}
  - {{mission: S3, types: [{types}]}}
  - {{mission: S3, types: [AX___MF1_AX, AX___MA1_AX], every_h: 3, length_h: 3, delay_h: -12}}
"""
    return facts_of(parse_scenario(text, "small"))


SHARES = st.sampled_from([0.0, 0.2, 0.5])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), SHARES)
def test_losses_only_take_away(seed: int, lost: float) -> None:
    whole, rest = expected(scenario(seed, 0, 0), CHAINS), expected(scenario(seed, lost, 0), CHAINS)
    assert covered(rest, whole)
    assert {each for each in rest if each.product_type.endswith(("G", "_RAW__0S"))} <= cut_apart(whole, rest)


def covered(rest: set[Expected], whole: set[Expected]) -> bool:
    """Tell whether each product lies in one that is there when nothing is lost: units and data takes get shorter."""
    return all(
        any(
            other.product_type == each.product_type
            and other.satellite == each.satellite
            and other.timeliness == each.timeliness
            and other.start <= each.start
            and other.stop >= each.stop
            for other in whole
        )
        for each in rest
    )


def cut_apart(whole: set[Expected], rest: set[Expected]) -> set[Expected]:
    """Return the products of the whole, and slices, which are cut anew when the start of a data take is lost."""
    return whole | {each for each in rest if each.product_type.endswith("_RAW__0S")}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), SHARES, SHARES, st.sampled_from(AUXILIARY["S3"].split(", ")))
def test_a_missing_auxiliary_type_only_takes_away(seed: int, lost: float, split: float, kind: str) -> None:
    types = ", ".join(each for each in AUXILIARY["S3"].split(", ") if each != kind)
    whole = expected(scenario(seed, lost, split), CHAINS)
    assert expected(scenario(seed, lost, split, types), CHAINS) < whole


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), SHARES, SHARES, st.sampled_from(sorted(CHAINS)))
def test_a_chain_left_out_only_takes_away(seed: int, lost: float, split: float, chain: str) -> None:
    told = scenario(seed, lost, split)
    assert expected(told, CHAINS - {chain}) <= expected(told, CHAINS)
    assert expected(told, ()) == set()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), SHARES, SHARES)
def test_nothing_outside_what_is_sensed_and_received(seed: int, lost: float, split: float) -> None:
    told = scenario(seed, lost, split)
    last = max(session.stop for session in told.sessions)
    for each in expected(told, CHAINS):
        calibration = each.product_type.endswith("AX")
        assert told.start <= each.start < each.stop
        assert each.stop <= last or (calibration and each.start < told.stop)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios(name: str) -> None:
    read = read_scenario(name)
    told = facts_of(read)
    counts = expected_counts(told, CHAINS - set(read.leave_out))
    assert counts
    assert set(counts) == expected(told, CHAINS - set(read.leave_out))
    letters = {"A", "B", "C", "D"}
    assert {each.satellite for each in counts} <= letters
    assert all(each.start < each.stop <= told.stop + timedelta(days=40) for each in counts)
