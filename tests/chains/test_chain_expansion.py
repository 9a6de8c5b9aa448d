"""Short forms of chain files, and what is wrong with them, by line."""

from pathlib import Path

import pytest

from refsys.chains.chain_files import FILE_BYTES, load_chain, load_chain_file, parse_chain, parse_chains, shipped_chains
from refsys.model.chains import Chain
from refsys.model.errors import ConfigInvalid

HEAD = """name: TOY
version: "1"
title: Toy
"""
BODY = """inputs:
  - {role: main, types: [TOY_IN], policy: trigger}
  - policy: LatestValCover
    before_s: 4
    modes: [NRT]
    each: [AUX_A, AUX_B]
steps:
  - name: one
    unit: toy.one
    inputs: all
    parameters: {a: 1, b: {c: 2, d: 3}}
  - {name: two, unit: toy.two, after: [one], outputs: [TOY_OUT]}
"""
VARIANTS = """variants:
  NRT: {}
  STC:
    triggers: [{arrival: TOY_IN, delay_s: 5}]
    rule: {name: s3-granules}
    inputs: {main: {policy: rule}, AUX_B: {mandatory: false}}
    steps:
      one: {parameters: {b: {c: 7}}, resources: {threads: 2}}
"""


def test_each_makes_one_input_for_every_type() -> None:
    chain = parse_chain(HEAD + BODY, "toy")
    assert [each.role for each in chain.inputs] == ["main", "AUX_A", "AUX_B"]
    assert [each.types for each in chain.inputs[1:]] == [("AUX_A",), ("AUX_B",)]
    assert {(each.policy, each.alternatives[0].before_s, each.modes) for each in chain.inputs[1:]} == {
        ("LatestValCover", 4.0, ("NRT",))
    }
    assert chain.steps[0].inputs == ("main", "AUX_A", "AUX_B")
    assert chain.steps[1].inputs == ()


def test_each_counts() -> None:
    text = (HEAD + BODY).replace("[AUX_A, AUX_B]", '["AUX_{08..11}X", AUX_B]')
    roles = [each.role for each in parse_chain(text, "toy").inputs]
    assert roles == ["main", "AUX_08X", "AUX_09X", "AUX_10X", "AUX_11X", "AUX_B"]


def test_variants_differ_where_they_say_so() -> None:
    near, later = parse_chains(HEAD + BODY + VARIANTS, "toy")
    assert (near.name, near.mode, later.name, later.mode) == ("TOY", "NRT", "TOY-STC", "STC")
    assert near.steps[0].parameters == {"a": 1, "b": {"c": 2, "d": 3}}
    assert later.steps[0].parameters == {"a": 1, "b": {"c": 7, "d": 3}}
    assert later.steps[1] == near.steps[1]
    assert [each.policy for each in later.inputs] == ["rule", "LatestValCover", "LatestValCover"]
    assert [each.mandatory for each in later.inputs] == [True, True, False]
    assert near.triggers == ()
    assert later.triggers[0].delay_s == 5


def test_a_file_of_variants_is_not_one_chain() -> None:
    with pytest.raises(ConfigInvalid, match="TOY, TOY-STC"):
        parse_chain(HEAD + BODY + VARIANTS, "toy")


def test_merges_are_resolved_before_short_forms() -> None:
    text = HEAD + BODY.replace("  - policy: LatestValCover\n", "  - &shared\n    policy: LatestValCover\n").replace(
        "steps:", "  - {<<: *shared, each: [AUX_C], modes: [STC]}\nsteps:"
    )
    chain = parse_chain(text, "toy")
    assert [(each.role, each.modes) for each in chain.inputs[1:]] == [
        ("AUX_A", ("NRT",)),
        ("AUX_B", ("NRT",)),
        ("AUX_C", ("STC",)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("LatestValCover", "LatestCover", 6, "Input should be"),
        ("before_s: 4", "before_s: early", 7, "valid number"),
        ("each: [AUX_A, AUX_B]", "each: AUX_A", 9, "lists product types"),
        ("each: [AUX_A, AUX_B]", "each: [AUX_A, AUX_A]", 9, "twice: AUX_A"),
        ("each: [AUX_A, AUX_B]", "each: [AUX_A]\n    role: aux", 9, "`each` or `role`"),
        ("threads: 2", "threads: none", 23, "valid integer"),
        ("delay_s: 5", "delay_s: -5", 19, "greater than or equal to 0"),
        ("one: {parameters: {b: {c: 7}}", "three: {parameters: {b: {c: 7}}", 23, "'three'"),
        ("  NRT: {}", "  NRT: now", 17, "not a mapping"),
        ("variants:\n  NRT: {}", "variants: []\nmode: NTC\nversion:\n  NRT: {}", 16, "maps modes"),
        ('version: "1"', "version: 1", 2, "valid string"),
        ("AUX_B: {mandatory: false}", "AUX_B: {mandatory: maybe}", 21, "valid boolean"),
    ],
)
def test_what_is_wrong_is_named_by_line(old: str, new: str, line: int, words: str) -> None:
    text = HEAD + BODY + VARIANTS
    assert old in text
    with pytest.raises(ConfigInvalid, match=words) as error:
        parse_chains(text.replace(old, new), "toy")
    assert error.value.where == f"toy:{line}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one mapping"),
        ("- a", "one mapping"),
        ("a: [", "not YAML"),
        ("a: &a [*a]", "inside itself"),
        ("? [a]\n: b", "no scalar"),
        ("a: !!python/object:os.system {}", "tag"),
        ("a: !!python/name:os.system ''", "not YAML"),
        ("[" * 1000, "too deeply"),
        ("a: " + "{b: " * 100_000, "too deeply"),
        ("- " * 100_000 + "a", "too deeply"),
    ],
)
def test_what_is_no_chain_file(text: str, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        parse_chains(text, "toy")


def test_files_are_read_with_their_variants(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(HEAD + BODY + VARIANTS)
    assert [chain.name for chain in load_chain_file(file)] == ["TOY", "TOY-STC"]
    with pytest.raises(ConfigInvalid):
        load_chain(file)
    file.write_text("#" * (FILE_BYTES + 1))
    with pytest.raises(ConfigInvalid, match="larger"):
        load_chain(file)


def test_shipped_chains_are_values_that_round_trip() -> None:
    chains = shipped_chains()
    assert len(chains) > 40
    for name, chain in chains.items():
        assert Chain.from_json(chain.to_json()) == chain
        assert chain.name == name
