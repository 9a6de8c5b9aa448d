"""Level-0 SAFE products: written from made-up packets, read back byte for byte, named by the CRC of the manifest."""

import hashlib
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from refsys.chains.sentinel1.safe.level0 import Level0Channel, write_level0
from refsys.chains.sentinel1.safe.level0_manifest import Level0Content
from refsys.chains.sentinel1.safe.level0_records import ANNOTATION, INDEX, PacketBlock, read_records, sensing_times_ns
from refsys.chains.sentinel1.safe.manifest_parts import OrbitReference, Origin
from refsys.chains.sentinel1.safe.naming import manifest_crc
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.names_s1 import S1ProductName

START = datetime(2013, 6, 1, 12, 0, 0, tzinfo=UTC)
STOP = datetime(2013, 6, 1, 12, 0, 2, 1000, tzinfo=UTC)
START_NS = 1_370_088_000_000_000_000
# The manifests of these were touched after their names were given: nothing but their CRC tells.
EDITED = {
    "S1B_WV_RAW__0ASV_20181001T115404_20181001T115416_012958_017EEF_95EE.SAFE",
    "S1A_WV_RAW__0SSV_20180913T214325_20180913T214422_023685_0294F4_41D5.SAFE",
    "S1B_WV_SLC__1SDV_20181001T134431_20181001T135927_012959_017EF8_00EB.SAFE",
}


def content(**changes: object) -> Level0Content:
    said: dict[str, object] = {
        "satellite": "A",
        "beam": "S3",
        "polarisation": "SV",
        "start": START,
        "stop": STOP,
        "orbit": OrbitReference(
            absolute_orbit=37258,
            pass_direction="ASCENDING",
            ascending_node_time=datetime(2013, 6, 1, 11, 50, tzinfo=UTC),
        ),
        "data_take_id": 0x04638E,
        "calibration_present": True,
        "noise_present": True,
        "footprint": ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0)),
        "origin": Origin(
            processing="L0", start=START, stop=STOP, version="1", inputs=(("S1A_1", "Session"),), simulated=True
        ),
    }
    return Level0Content.model_validate({**said, **changes})


def block(count: int, first: int = 0, seed: int = 0) -> PacketBlock:
    rng = np.random.default_rng(seed + first)
    lengths = rng.integers(20, 40, count) * 2
    numbers = first + np.arange(count)
    return PacketBlock(
        buffer=rng.integers(0, 256, int(lengths.sum())).astype(np.uint8),
        lengths=lengths,
        sensing_utc_ns=START_NS + numbers * 519_490,
        downlink_utc_ns=START_NS + 3_600_000_000_000 + numbers * 1000,
        frames=np.full(count, 9),
        missing_frames=(numbers % 7 == 3).astype(np.int64),
        crc_error=numbers % 11 == 5,
        virtual_channel=4,
        downlink_channel=2,
    )


def written(tmp_path: Path) -> tuple[Path, list[PacketBlock]]:
    blocks = [block(700), block(800, 700)]
    name = write_level0(tmp_path, content(), [Level0Channel("VV", iter(blocks), missing_packets=3)])
    return tmp_path / name, blocks


def test_name_is_that_of_the_content_with_the_crc_of_the_manifest(tmp_path: Path) -> None:
    product, _ = written(tmp_path)
    name = S1ProductName.parse(product.name)
    assert product.name.startswith("S1A_S3_RAW__0SSV_20130601T120000_20130601T120002_037258_04638E_")
    assert (name.product_type, name.crc) == ("S3_RAW__0S", manifest_crc(product / "manifest.safe"))
    stem = "s1a-s3-raw-s-vv-20130601t120000-20130601t120002-037258-04638e"
    assert sorted(path.name for path in product.iterdir()) == sorted(
        ["manifest.safe", f"{stem}-annot.dat", f"{stem}-index.dat", f"{stem}.dat"]
    )


def test_crc_of_real_manifests_is_in_their_names(shared_data: Path) -> None:
    manifests = sorted(shared_data.glob("s1_l[01]/**/*.SAFE/manifest.safe"))
    wrong = {path.parent.name for path in manifests if manifest_crc(path) != path.parent.name[-9:-5]}
    assert len(manifests) >= 13
    assert wrong == EDITED


def test_packets_and_records_read_back(tmp_path: Path) -> None:
    product, blocks = written(tmp_path)
    [packets] = [path for path in product.glob("*.dat") if not path.stem.endswith(("annot", "index"))]
    assert packets.read_bytes() == b"".join(part.buffer.tobytes() for part in blocks)
    records = read_records(next(product.glob("*-annot.dat")), ANNOTATION)
    times = np.concatenate([part.sensing_utc_ns for part in blocks])
    assert np.array_equal(sensing_times_ns(records), times // 1000 * 1000)
    assert np.array_equal(records["packet_length"] + 7, np.concatenate([part.lengths for part in blocks]))
    assert records["crc_error"].sum() == len([k for k in range(1500) if k % 11 == 5])
    index = read_records(next(product.glob("*-index.dat")), INDEX)
    assert index["first_packet"].tolist() == [0, 1000]
    assert index["byte_offset"][1] == int(records["packet_length"][:1000].astype(int).sum()) + 7000
    assert index["step_ms"] == pytest.approx([0.51949, 0.51949])


def test_record_of_the_first_packet_by_hand(tmp_path: Path) -> None:
    product, blocks = written(tmp_path)
    first = next(product.glob("*-annot.dat")).read_bytes()[:26]
    days = (datetime(2013, 6, 1, tzinfo=UTC) - datetime(2000, 1, 1, tzinfo=UTC)).days
    length = int(blocks[0].lengths[0]) - 7
    assert first == struct.pack(
        ">HIHHIHHHHBBBB", days, 43_200_000, 0, days, 46_800_000, 0, length, 9, 0, 0, 0x80 | 4 << 1 | 1, 0, 0
    )


def test_manifest_says_what_it_must(tmp_path: Path) -> None:
    product, _ = written(tmp_path)
    text = (product / "manifest.safe").read_text()
    root = etree.fromstring(text.encode())
    spaces = {key: value for key, value in root.nsmap.items() if key}

    def value(path: str) -> str | None:
        return root.findtext(f".//{path}", namespaces=spaces)

    assert "Simulated" in text
    assert value("safe:number") == "A"
    assert value("s1sar:mode") == "SM"
    assert value("safe:relativeOrbitNumber") == "86"
    assert value("s1:startTimeANX") == "6.000000e+05"
    assert (value("s1:numOfElements"), value("s1:numOfMissingElements")) == ("1500", "3")
    assert value("gml:coordinates") == (
        "1.000000,2.000000 3.000000,4.000000 5.000000,6.000000 7.000000,8.000000 1.000000,2.000000"
    )
    for stream in root.iterfind(".//byteStream"):
        place = stream.find("fileLocation")
        assert place is not None
        data = (product / str(place.attrib["href"])).read_bytes()
        assert stream.get("size") == str(len(data))
        assert stream.findtext("checksum") == hashlib.md5(data).hexdigest()
    pointers = {pointer.get("dataObjectID") for pointer in root.iter("dataObjectPointer")}
    assert pointers == {item.get("ID") for item in root.iter("dataObject")}


def test_elements_and_their_order_are_those_of_a_real_manifest(shared_data: Path, tmp_path: Path) -> None:
    [real] = shared_data.glob("s1_l0/safe_manifests/S1A_IW_RAW__0SDV*/manifest.safe")
    product, _ = written(tmp_path)

    def outline(path: Path) -> list[str]:
        root = etree.parse(path).getroot()
        said = root.find("metadataSection")
        assert said is not None
        return [str(item.attrib["ID"]) for item in said if item.get("category") != "REP"]

    ours = outline(product / "manifest.safe")
    theirs = [name for name in outline(real) if "2" not in name]
    assert ours == theirs


def test_same_packets_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    products = []
    for folder in folders:
        folder.mkdir()
        products.append(written(folder)[0])
    assert products[0].name == products[1].name
    for path in products[0].iterdir():
        assert path.read_bytes() == (products[1] / path.name).read_bytes()


def test_two_polarisations(tmp_path: Path) -> None:
    channels = [Level0Channel("VH", [block(3)]), Level0Channel("VV", [block(3, seed=9)])]
    product = tmp_path / write_level0(tmp_path, content(beam="IW", polarisation="DV"), channels)
    assert len(list(product.iterdir())) == 7
    assert '"measurementData2"' in (product / "manifest.safe").read_text()


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="at least one"):
        write_level0(tmp_path, content(), [])
    for number, wrong in enumerate(
        (
            block(3)._replace(lengths=np.array([10, 10])),
            block(3)._replace(buffer=np.zeros(5, np.uint8)),
            block(3)._replace(virtual_channel=64),
            block(3)._replace(sensing_utc_ns=np.zeros(3, np.int64)),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(InputCorrupt):
            write_level0(folder, content(), [Level0Channel("VV", [wrong])])
    (tmp_path / "cut").write_bytes(bytes(27))
    with pytest.raises(InputCorrupt, match="whole number"):
        read_records(tmp_path / "cut", ANNOTATION)
