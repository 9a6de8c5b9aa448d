"""Who triggers whom, layers of a picture, and what `refsys chains check` finds, on chains made for it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refsys.chains.chain_checks import findings, findings_of_all
from refsys.chains.chain_files import shipped_chains
from refsys.chains.chain_layers import layers
from refsys.chains.relations import Relation, makers_of, relations, trigger_loops
from refsys.model.chains import Chain


def chain(name: str, takes: str, makes: str, **more: object) -> Chain:
    given_ = {
        "name": name,
        "version": "1",
        "title": name,
        "triggers": [{"arrival": takes}],
        "inputs": [{"role": "main", "types": [takes]}],
        "steps": [{"name": "work", "unit": "s1-l0-inspect.packets", "inputs": ["main"], "outputs": [makes]}],
    }
    return Chain.model_validate({**given_, **more})


def known(*chains: Chain) -> dict[str, Chain]:
    return {each.name: each for each in chains}


def test_a_product_that_triggers_is_told_from_one_that_is_only_read() -> None:
    reader = chain("READER", "S3_RAW__0S", "S1_L0_INSPECT", inputs=[
        {"role": "main", "types": ["S3_RAW__0S"]}, {"role": "extra", "types": ["AUX_CAL"], "policy": "LatestValCover"},
    ])  # fmt: skip
    made = relations(known(chain("A", "S1_ISP", "S?_RAW__0S"), chain("C", "S1_ISP", "AUX_CAL"), reader))
    assert [(r.maker, r.product_type, r.taker, r.kind) for r in made] == [
        ("A", "S?_RAW__0S", "READER", "triggers"),
        ("C", "AUX_CAL", "READER", "feeds"),
    ]


def test_only_products_of_the_wanted_timeliness_trigger() -> None:
    late = chain("LATE", "OL_1_EFR___", "OL_2_LFR___", triggers=[{"arrival": "OL_1_EFR___", "timeliness": ["NTC"]}])
    near, slow = (chain(f"M-{mode}", "OL_0_EFR___", "OL_1_EFR___", mode=mode) for mode in ("NRT", "NTC"))
    kinds = {(r.maker, r.kind) for r in relations(known(late, near, slow)) if r.taker == "LATE"}
    assert kinds == {("M-NRT", "feeds"), ("M-NTC", "triggers")}


def test_a_loop_is_found_and_feedback_is_none() -> None:
    loop = known(chain("A", "AUX_INS", "AUX_CAL"), chain("B", "AUX_CAL", "AUX_INS"))
    assert trigger_loops(loop) == [("A", "B")]
    assert any("triggers it again" in each for each in findings(loop["A"], loop))
    feedback = chain("C", "AUX_INS", "AUX_CAL", inputs=[
        {"role": "main", "types": ["AUX_INS"]}, {"role": "before", "types": ["AUX_CAL"], "policy": "LatestValCover"},
    ])  # fmt: skip
    assert trigger_loops(known(feedback)) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"triggers": [{"arrival": "AUX_CAL"}]}, "no input of policy `trigger` takes it"),
        ({"inputs": [{"role": "main", "types": ["NO_SUCH_TYPE"]}]}, "NO_SUCH_TYPE is in no catalogue"),
        ({"steps": [{"name": "work", "unit": "s1-l0-inspect.packets", "outputs": ["OL_1_EFT___"]}]}, "OL_1_EFR___ is"),
        ({"inputs": [{"role": "main", "types": ["AUX_INS"]}, {"role": "other", "same_as": "none"}]}, "no other input"),
        ({"inputs": [{"role": "main", "types": ["AUX_INS"], "policy": "rule"}]}, "the chain has none"),
        ({"rule": {"name": "s9-nothing"}}, "no rule 's9-nothing'"),
        (
            {"inputs": [{"role": "main", "types": ["AUX_INS"]}, {
                "role": "extra", "types": ["AUX_CAL"], "policy": "LatestValCover", "mandatory": False,
                "wait": {"after_acceptance_s": 1e9},
            }]},
            "waited for longer than the request may wait",
        ),
        ({"steps": [{"name": "work", "unit": "s1-none.such", "outputs": ["S1_L0_INSPECT"]}]}, "s1-none.such"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(more: dict[str, object], words: str) -> None:
    bad = chain("BAD", "AUX_INS", "S1_L0_INSPECT", **more)
    assert any(words in each for each in findings(bad, {})), findings(bad, {})


def test_a_type_of_its_own_is_lawful() -> None:
    assert findings(chain("OWN", "AUX_INS", "TOY_OUT"), {}) == []


def test_makers_are_found_through_patterns() -> None:
    chains = known(chain("A", "AUX_INS", "S?_RAW__0S"), chain("B", "AUX_INS", "IW_RAW__0S"))
    assert makers_of("S3_RAW__0S", chains) == ["A"]
    assert makers_of("??_RAW__0S", chains) == ["A", "B"]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_layers_hold_every_name_once_and_run_forward(pairs: list[tuple[int, int]]) -> None:
    names = [f"C{k}" for k in range(8)]
    forward = [(a, b) for a, b in pairs if a < b]
    found = [Relation(maker=names[a], product_type="T", taker=names[b], kind="triggers") for a, b in forward]
    made = layers(names, found)
    assert sorted(name for layer in made for name in layer) == names
    place = {name: k for k, layer in enumerate(made) for name in layer}
    assert all(place[r.maker] < place[r.taker] for r in found)
    longest = max((len(path) for path in _paths(forward)), default=1)
    assert len(made) == longest


def _paths(pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Every path, the slow way."""
    paths = [list(pair) for pair in pairs]
    while longer := [[*path, b] for path in paths for a, b in pairs if path[-1] == a and [*path, b] not in paths]:
        paths += longer
    assert all(all(a < b for a, b in pairwise(path)) for path in paths)
    return paths


def test_nothing_is_wrong_with_the_shipped_chains() -> None:
    assert {name: wrong for name, wrong in findings_of_all(shipped_chains()).items() if wrong} == {}
