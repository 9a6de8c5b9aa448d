"""Blocks: they cover every line once, keep within the memory, and follow from figures and rule alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from refsys.chains.blocks import block_place, divide
from refsys.chains.chain_files import parse_chain
from refsys.model.chains import BlockRule, fits_type
from refsys.model.errors import ConfigInvalid, PlanInvalid


@given(
    lines=st.integers(1, 100_000),
    samples=st.integers(1, 30_000),
    overlap=st.integers(0, 2000),
    mebibytes=st.integers(1, 4096),
)
def test_blocks_cover_every_line_once_within_the_memory(lines: int, samples: int, overlap: int, mebibytes: int) -> None:
    rule = BlockRule(memory_bytes=mebibytes << 20, bytes_per_sample=16, overlap_lines=overlap)
    segments: JsonValue = [{"name": "s3-vv", "lines": lines, "samples": samples}]
    if (overlap + 1) * samples * 16 > rule.memory_bytes:
        with pytest.raises(PlanInvalid, match="s3-vv"):
            divide(segments, rule)
        return
    blocks = divide(segments, rule)
    places = [block_place(block.element) for block in blocks]
    ends = [place.share(lines) for place in places]
    assert [begin for begin, _ in ends] == [0, *[end for _, end in ends[:-1]]]
    assert ends[-1][1] == lines
    for block, (begin, end) in zip(blocks, ends, strict=True):
        assert end - begin > 0
        assert (end - begin + overlap) * samples * 16 <= block.memory_bytes <= rule.memory_bytes


def test_the_fewest_blocks_are_taken() -> None:
    rule = BlockRule(memory_bytes=1000 * 16 * 10, bytes_per_sample=16, overlap_lines=100)
    assert [len(divide([{"name": "a", "lines": n, "samples": 10}], rule)) for n in (900, 901, 1800, 1801)] == [
        1,
        2,
        2,
        3,
    ]


def test_a_burst_is_a_block_whatever_it_takes() -> None:
    rule = BlockRule(memory_bytes=1, bytes_per_sample=2)
    blocks = divide([{"name": "iw1-vv", "lines": 10, "samples": 10, "bursts": 2}], rule)
    assert [(block.element, block.memory_bytes) for block in blocks] == [("iw1-vv:1/2", 200), ("iw1-vv:2/2", 200)]


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (None, "lists no segments"),
        ([], "lists no segments"),
        ([{"name": "a", "lines": 0, "samples": 1}], "greater"),
        ([{"name": "a", "lines": 1, "samples": 1}] * 2, "twice"),
    ],
)
def test_wrong_figures_are_refused(figure: list[dict[str, object]] | None, words: str) -> None:
    with pytest.raises(PlanInvalid, match=words):
        divide(figure, BlockRule(memory_bytes=1000, bytes_per_sample=1))  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("text", ["a", "a:0/2", "a:3/2", "a:1", "a:1/2/3", "A:1/2"])
def test_what_is_no_block_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="block is"):
        block_place(text)


CHAIN = """
name: BLOCKS
version: "1"
title: Blocks
inputs: [{role: numbers, types: ["TOY_??"]}]
steps:
  - {name: multiply, unit: "toy_units:multiply", inputs: [numbers], %s, outputs: [TOY_OUT]}
"""


def test_rule_and_per_belong_together() -> None:
    for wrong in ("per: blocks", "blocks: {memory_bytes: 5, bytes_per_sample: 1}"):
        with pytest.raises(ConfigInvalid, match="both, or neither"):
            parse_chain(CHAIN % wrong, "here")


def test_types_by_pattern_are_for_named_inputs_alone() -> None:
    text = (CHAIN % "per: parts").replace('types: ["TOY_??"]', 'types: ["TOY_??"], policy: LatestStartValidity')
    with pytest.raises(ConfigInvalid, match=r"without \?"):
        parse_chain(text, "here")


@pytest.mark.parametrize(
    ("pattern", "kind", "fits"),
    [("S3_SESSION", "S3_SESSION", True), ("??_RAW__0S", "IW_RAW__0S", True), ("S?_RAW__0S", "S3_RAW__0SX", False)],
)
def test_types_fit_patterns(pattern: str, kind: str, fits: bool) -> None:
    assert fits_type(pattern, kind) is fits
