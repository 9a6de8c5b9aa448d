"""SEN3 manifests: what is written is read back, real ones are read, and wrong ones are refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sen3_reading import check_objects, read_manifest

from refsys.chains.sentinel3.sen3 import (
    MANIFEST,
    Sen3Content,
    Sen3Processing,
    write_manifest,
)
from refsys.model.errors import InputCorrupt, InputMissing, XmlUnsafe
from refsys.model.names_s3 import S3ProductName
from refsys.model.products import InputRef, Quality

NAME = "S3A_MW_0_MWR____20221101T092439_20221101T110517_20260102T030405_6037______________REF_D_NR_001.SEN3"
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def content(**changes: object) -> Sen3Content:
    processing = Sen3Processing(
        software="refsys 0",
        processor="p",
        processor_version="1",
        output_level=0,
        parameters={"b": [1, "<&>"], "a": None},
        inputs=(InputRef(role="session", name="S3A_1", product_type="S3_SESSION", digest="d" * 64),),
        uuid="6f0a8a1c-0000-5000-8000-000000000000",
    )
    values = {
        "product_name": NAME,
        "product_type": "MW_0_MWR___",
        "satellite": "A",
        "instrument": "MWR",
        "instrument_name": "MicroWave Radiometer",
        "start": datetime(2022, 11, 1, 9, 24, 39, 695148, tzinfo=UTC),
        "stop": datetime(2022, 11, 1, 11, 5, 17, 581942, tzinfo=UTC),
        "creation_time": CREATED,
        "timeliness": "NR",
        "baseline": "001",
        "figures": {"packets": 3, "why": ["é"]},
        "processing": processing,
    }
    return Sen3Content.model_validate(values | changes)


def product(folder: Path) -> Path:
    (folder / "packets.zarr" / "c").mkdir(parents=True)
    (folder / "packets.zarr" / "c" / "0").write_bytes(b"chunk")
    (folder / "packets.zarr" / "zarr.json").write_bytes(b"{}")
    (folder / "ISPData.dat").write_bytes(b"packets")
    return folder


DESCRIPTIONS = {"ISPData.dat": "Packets", "packets.zarr": "The same as Zarr"}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    folder = product(tmp_path / NAME)
    footprint = ((63.138, 1.21), (64.532, -2.5))
    write_manifest(folder, content(footprint=footprint), DESCRIPTIONS)
    read = read_manifest(folder)
    said = content()
    for field in ("product_name", "product_type", "satellite", "start", "stop", "creation_time"):
        assert getattr(read, field) == getattr(said, field)
    assert read.footprint == footprint
    assert [item.path for item in read.objects] == ["ISPData.dat", "packets.zarr/c/0", "packets.zarr/zarr.json"]
    check_objects(folder, read)


def test_the_same_product_has_the_same_bytes(tmp_path: Path) -> None:
    texts = [write_manifest(product(tmp_path / place), content(), DESCRIPTIONS).read_bytes() for place in "ab"]
    assert texts[0] == texts[1]
    again = write_manifest(tmp_path / "a", content(), DESCRIPTIONS).read_bytes()
    assert again == texts[0], "the manifest does not list itself"


def test_quality_parameters_and_inputs_are_in_it(tmp_path: Path) -> None:
    path = write_manifest(product(tmp_path / NAME), content(quality=Quality.DEGRADED), DESCRIPTIONS)
    text = path.read_text("utf-8")
    for expected in ('{"a":null,"b":[1,"&lt;&amp;&gt;"]}', ">degraded<", 'name="packets"', "d" * 64, "refsys 0"):
        assert expected in text


@pytest.mark.parametrize("wrong", [{"ISPData.dat": "x"}, {**DESCRIPTIONS, "other.nc": "x"}])
def test_every_file_is_described_and_every_description_has_its_file(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(InputMissing, match=r"packets\.zarr|other\.nc"):
        write_manifest(product(tmp_path / NAME), content(), wrong)


@given(st.binary(min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_any_other_content_is_seen(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = product(tmp_path_factory.mktemp("sen3") / NAME)
    write_manifest(folder, content(), DESCRIPTIONS)
    (folder / "ISPData.dat").write_bytes(data)
    if data == b"packets":
        check_objects(folder, read_manifest(folder))
    else:
        with pytest.raises(InputCorrupt, match=r"ISPData\.dat"):
            check_objects(folder, read_manifest(folder))


def test_a_listed_file_that_is_absent(tmp_path: Path) -> None:
    folder = product(tmp_path / NAME)
    write_manifest(folder, content(), DESCRIPTIONS)
    (folder / "packets.zarr" / "c" / "0").unlink()
    with pytest.raises(InputMissing, match=r"packets\.zarr/c/0"):
        check_objects(folder, read_manifest(folder))


def test_a_path_that_climbs_out(tmp_path: Path) -> None:
    folder = product(tmp_path / NAME)
    (tmp_path / "secret").write_bytes(b"packets")
    path = write_manifest(folder, content(), DESCRIPTIONS)
    path.write_text(path.read_text("utf-8").replace('href="ISPData.dat"', 'href="../secret"'), "utf-8")
    with pytest.raises(InputCorrupt, match=r"\.\./secret"):
        check_objects(folder, read_manifest(folder))


@pytest.mark.parametrize(
    ("old", "new", "error", "named"),
    [
        ("<?xml version='1.0' encoding='UTF-8'?>", '<!DOCTYPE x [<!ENTITY e "boom">]>', XmlUnsafe, "document type"),
        ("startTime>2022", "startTime>yesterday", InputCorrupt, "yesterday"),
        ("<sentinel3:productType>MW_0_MWR___", "<sentinel3:productType>", InputCorrupt, "productType"),
        ('size="7"', 'size="seven"', InputCorrupt, "seven"),
        ("</xfdu:XFDU>", "", InputCorrupt, "line"),
    ],
)
def test_a_manifest_that_is_wrong(tmp_path: Path, old: str, new: str, error: type[Exception], named: str) -> None:
    path = write_manifest(product(tmp_path / NAME), content(), DESCRIPTIONS)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(error, match=named):
        read_manifest(path.parent)


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=MANIFEST):
        read_manifest(tmp_path)


@pytest.mark.shared
def test_real_manifests_are_read(shared_data: Path) -> None:
    folders = sorted((shared_data / "s3_manifests" / "stactools").glob("*.SEN3"))
    assert len(folders) == 8
    for folder in folders:
        read, name = read_manifest(folder), S3ProductName.parse(folder.name)
        assert (read.product_name, read.product_type, read.satellite) == (
            folder.name,
            name.product_type,
            name.satellite,
        )
        assert read.creation_time == name.creation_time
        assert abs((read.start - name.start).total_seconds()) <= 1
        assert read.footprint
        assert all(len(item.md5) == 32 for item in read.objects)
