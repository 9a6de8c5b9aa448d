"""What a task table asks of a chain."""

import pytest
from job_order_cases import case_table, real_files

from refsys.chains.task_table_chain import inputs_of, outputs_of, roles_of
from refsys.chains.task_tables import read_task_table
from refsys.model.errors import ConfigInvalid
from refsys.model.lookups import Policy

SYNONYMS = {"AUX_RES": ("AUX_RESORB",), "AUX_POE": ("AUX_POEORB",), "REPORT": ()}


def test_inputs_of_a_mode_with_policies_margins_and_synonyms() -> None:
    rules = inputs_of(case_table("s1-l1"), "SLICING", SYNONYMS, {"IW_RAW__0S": "rule"})
    assert [rule.role for rule in rules] == ["IW_RAW__0S", "AUX_POE", "AUX_ATT"]
    main, orbit, attitude = rules
    assert (main.policy, main.mandatory) == ("rule", True)
    assert [(way.types, way.policy, way.before_s, way.after_s) for way in orbit.alternatives] == [
        (("AUX_POEORB",), Policy.LATEST_VAL_COVER, 0.0, 0.0),
        (("AUX_RESORB",), Policy.LATEST_VAL_COVER, 0.0, 360.0),
    ]
    assert not orbit.mandatory
    assert attitude.types == ("AUX_ATT",)


def test_without_a_mode_inputs_are_bound_to_theirs() -> None:
    rules = inputs_of(case_table("s3-sr1"), None, {})
    assert [(rule.role, rule.modes) for rule in rules] == [
        ("SR_0_SRA___", ("NTC",)),
        ("SR_0_SRA___-2", ("NRT",)),
        ("SR___CHDNAX", ()),
    ]


def test_references_and_equal_inputs_share_a_role() -> None:
    assert roles_of(case_table("s1-l1")) == {
        "P0T0:PRE-3.9I0": "IW_RAW__0S",
        "P0T0:PRE-3.9I1": "IW_RAW__0C",
        "P0T0:PRE-3.9I2": "AUX_POE",
        "P0T0:PRE-3.9I3": "AUX_ATT",
        "P1T0:POST-3.9I2": "AUX_POE",
        "P1T0:POST-3.9I3": "AUX_ATT",
    }


def test_static_data_without_a_policy_are_not_looked_up() -> None:
    assert [rule.role for rule in inputs_of(case_table("s2"), "ALWAYS", {})] == ["GIP_VIEDIR"]
    with pytest.raises(ConfigInvalid, match="reads no PDI_XX"):
        inputs_of(case_table("s2"), "ALWAYS", {}, {"PDI_XX": "trigger"})


def test_outputs_in_types_of_the_catalogue() -> None:
    assert outputs_of(case_table("s1-l1"), SYNONYMS) == ("IW_GRDH_1S",)
    assert outputs_of(case_table("s1-l1"), {}) == ("IW_GRDH_1S", "REPORT")
    assert outputs_of(case_table("s3-sr1"), {}, optional=("SR_1_SRA_BS",)) == ("SR_1_SRA___", "SR_1_SRA_BS")
    assert outputs_of(case_table("s2"), {}) == ()


@pytest.mark.shared
def test_every_real_table_gives_inputs_with_a_role_each() -> None:
    files = real_files("Ipf_Task_Table")
    if not files:
        pytest.skip("real data are absent")
    for file in files[::9]:
        table = read_task_table(file)
        asked = {way.policy for _, _, entry in table.inputs() for way in entry.alternatives if way.origin == "DB"}
        if not asked - {""}:
            continue
        roles = [rule.role for rule in inputs_of(table, None, {})]
        assert len(set(roles)) == len(roles)
        assert set(roles) <= set(roles_of(table).values())
