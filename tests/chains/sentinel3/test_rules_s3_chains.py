"""The chain files of Sentinel-3: readable, complete, and true to the agencies' task tables."""

import os
from importlib import resources
from pathlib import Path

import pytest
from lxml import etree
from s3_rule_products import chains, rule_of

from refsys.chains.chain_files import check_units
from refsys.model.chains import Chain

NAMES = sorted(name for name in chains() if name.startswith("S3-") and name not in {"S3-L0-MWR", "S3-L2-SRAL"})
EXPECTED = """S3-ACQ S3-OL1 S3-OL1-NTC S3-OL1-RAC S3-OL1-SPC S3-OL2 S3-OL2-NTC S3-SL1 S3-SL1-NTC S3-SL1-VSC S3-SL2
S3-SL2-NTC S3-SL2-FRP S3-SL2-FRP-NTC S3-SR1 S3-SR1-STC S3-SR1-NTC S3-SR1-CAL S3-MW1 S3-MW1-STC S3-MW1-NTC S3-MW1-CAL
S3-SM2-HY S3-SM2-HY-STC S3-SM2-HY-NTC S3-SM2-LI S3-SM2-SI S3-SY2-STC S3-SY2-NTC S3-SY2-AOD S3-SY2-VGS-STC
S3-SY2-VGS-NTC S3-SY2-VGS-V10-STC S3-SY2-VGS-V10-NTC S3-PUG S3-PUG-STC S3-PUG-NTC S3-L0P-OL-EFR S3-L0P-TM-HKM2"""
SHARED = Path(os.environ.get("REFSYS_SHARED", Path(__file__).parents[4] / "shared"))
TABLES = SHARED / "data" / "chains" / "processing-sentinel-3"


def test_all_are_there() -> None:
    assert set(EXPECTED.split()) <= set(NAMES)
    assert sum(name.startswith("S3-L0P-") for name in NAMES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_rule_and_units_take_their_parameters(name: str) -> None:
    chain = chains()[name]
    rule_of(chain)
    check_units(chain)
    roles = [each.role for each in chain.inputs if not each.modes or chain.mode in each.modes]
    assert len(set(roles)) == len(roles)
    assert any(each.policy == "rule" for each in chain.inputs)


def test_the_file_of_most_inputs_stays_readable() -> None:
    text = resources.files("refsys.chains").joinpath("s3-sm2-hy.yaml").read_text("utf-8")
    assert len(text.splitlines()) < 100
    assert len(chains()["S3-SM2-HY"].inputs) > 100


def tables_of(chain: Chain) -> list[Path]:
    if chain.task_table is None or not TABLES.is_dir():
        return []
    return sorted(TABLES.rglob(chain.task_table.replace("S3?", "S3A")))


MADE_INSIDE = {"SR_1_SRA_PR", "SR_1_SRA_ME", "SR_1_SRA1A_", "SR_1_CAL_PR", "SR_1_CAL_CA", "SY_2_VGP___"}
RULE = "rule"
ONE_TABLE_FOR_BOTH = {"S3-SY2-VGS": "SY_2_VG1___", "S3-SY2-VGS-V10": "SY_2_VGK___"}
Wanted = tuple[str, str, float, float, bool]


def asked_by_table(table: Path, mode: str) -> set[Wanted]:
    return {
        (
            alternative.findtext("File_Type", ""),
            alternative.findtext("Retrieval_Mode", "").strip(),
            float(alternative.findtext("T0") or 0),
            float(alternative.findtext("T1") or 0),
            given.findtext("Mandatory") == "Yes",
        )
        for given in etree.parse(table).iterfind(".//Input")
        if given.findtext("Mode", "ALWAYS") in ("ALWAYS", mode)
        for alternative in given.iterfind(".//Alternative")
    }


def asked_by_chain(chain: Chain) -> set[Wanted]:
    return {
        (kind, str(way.policy), way.before_s, way.after_s, each.mandatory)
        for each in chain.inputs
        if not each.modes or chain.mode in each.modes
        for way in each.alternatives
        for kind in way.types
    }


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in NAMES if tables_of(chains()[name]) and "PUG" not in name])
def test_inputs_policies_and_margins_are_those_of_the_task_table(name: str) -> None:
    chain = chains()[name]
    (table, *_) = tables_of(chain)
    other = next((kind for chain_name, kind in ONE_TABLE_FOR_BOTH.items() if name.rpartition("-")[0] == chain_name), "")
    mode = chain.mode if chain.mode in ("NRT", "STC", "NTC") else "NRT"
    theirs = {asked for asked in asked_by_table(table, mode) if asked[0] not in {*MADE_INSIDE, other}}
    ours = asked_by_chain(chain)
    assert {asked for asked in ours if asked[1] != RULE} <= theirs
    by_rule = {(kind, before, after, mandatory) for kind, policy, before, after, mandatory in ours if policy == RULE}
    left = {(kind, before, after, mandatory) for kind, _, before, after, mandatory in theirs - ours}
    differences = left ^ (left & by_rule)
    # The part of the orbit with the diffuser is taken without margins; the table has those of an ordinary product.
    assert differences == ({("SL_0_SLT___", 12.0, 150.0, True)} if name == "S3-SL1-VSC" else set())


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in NAMES if tables_of(chains()[name])])
def test_outputs_are_those_of_the_task_table(name: str) -> None:
    chain = chains()[name]
    made = {
        given.findtext("File_Type", given.findtext("Type", ""))
        for table in tables_of(chain)
        for given in etree.parse(table).iterfind(".//Output")
    }
    ours = [kind for kind in chain.outputs if "?" not in kind]
    assert set(ours) <= made
