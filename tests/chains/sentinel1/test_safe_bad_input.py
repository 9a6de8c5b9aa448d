"""Whatever is done to the XML of a product, its readers return a value or say what is wrong: nothing else."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import s1_products as made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from refsys.chains.sentinel1.safe.annotation_files import (
    read_annotation,
    read_calibration,
    read_noise,
    write_annotation,
    write_calibration,
    write_noise,
)
from refsys.chains.sentinel1.safe.level0_records import ANNOTATION, INDEX, read_records
from refsys.chains.sentinel1.safe.reading import read_level1_manifest
from refsys.model.errors import RefsysError

ARGUMENTS = (made.TOPS, "IW1", "VV", 1)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *("", "nan", "-inf", "1e999", "-1", "0", "99999999999999999999", "-99999999999999999999", "1 2 3", "true"),
            *("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "2013-06-01T12:00:00+23:59", "2013-02-30T00:00:00"),
            "0001-01-01T00:00:00+23:59",
        ]
    ),
)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("documents")
    write_annotation(folder / "annotation", made.annotation(*ARGUMENTS))
    write_calibration(folder / "calibration", made.calibration(*ARGUMENTS))
    write_noise(folder / "noise", made.noise(*ARGUMENTS))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_small_product(tmp_path_factory.mktemp("product"), made.STRIPMAP)[0]


def maim(data: bytes, choose: st.DataObject) -> bytes:
    """Remove, double, empty or reword an element, or set its count."""
    root = etree.fromstring(data)
    elements = list(root.iter(etree.Element))
    element = elements[choose.draw(st.integers(1, len(elements) - 1))]
    parent = element.getparent()
    assert parent is not None
    what = choose.draw(st.sampled_from(["remove", "double", "reword", "count"]))
    if what == "remove":
        parent.remove(element)
    elif what == "double":
        parent.append(etree.fromstring(etree.tostring(element)))
    elif what == "count":
        element.set("count", choose.draw(st.sampled_from(["0", "1", "-1", "many"])))
    else:
        text = choose.draw(TEXTS)
        try:
            element.text = text
        except ValueError:  # characters that XML cannot hold
            element.text = "?"
    return etree.tostring(root)


READERS: dict[str, Callable[[bytes], Any]] = {
    "annotation": read_annotation,
    "calibration": read_calibration,
    "noise": read_noise,
}


@pytest.mark.parametrize("name", READERS)
@given(choose=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_maimed_annotation(name: str, documents: dict[str, bytes], choose: st.DataObject) -> None:
    document = maim(documents[name], choose)
    with suppress(RefsysError):
        READERS[name](document)


@given(choose=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_maimed_manifest(product: Path, choose: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / product.name
    folder.mkdir(exist_ok=True)
    (folder / "manifest.safe").write_bytes(maim((product / "manifest.safe").read_bytes(), choose))
    with suppress(RefsysError):
        read_level1_manifest(folder)


@given(cut=st.integers(0, 10**6), name=st.sampled_from(sorted(READERS)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_annotation_cut_anywhere(cut: int, name: str, documents: dict[str, bytes]) -> None:
    data = documents[name]
    kept = data[: cut % (len(data) - 10)]
    with pytest.raises(RefsysError):
        READERS[name](kept)


@given(data=st.binary(max_size=300))
def test_records_of_any_bytes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "records.dat"
    path.write_bytes(data)
    for layout in (ANNOTATION, INDEX):
        try:
            records = read_records(path, layout)
        except RefsysError:
            assert len(data) % layout.itemsize
        else:
            assert records.tobytes() == data


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_numbers_come_back_exactly(numbers: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    said = made.annotation(*ARGUMENTS)
    rate = said.fm_rates[0]._replace(t0_s=numbers[0], polynomial=np.array(numbers))
    path = tmp_path_factory.getbasetemp() / "numbers.xml"
    write_annotation(path, said._replace(fm_rates=(rate,)))
    [again] = read_annotation(path).fm_rates
    assert (again.t0_s, again.polynomial.tolist()) == (numbers[0], numbers)
