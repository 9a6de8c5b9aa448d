"""AUX_INS: made-up files, malformed ones, and the real ones with what they decode from real packets."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from refsys.chains.sentinel1.aux_ins import AuxIns, read_aux_ins
from refsys.kernels.sentinel1.baq import decode_samples
from refsys.kernels.sentinel1.baq_tables import KINDS, THIDX_COUNT, BaqTables, compile_tables
from refsys.kernels.sentinel1.packets import decode_headers, find_packets
from refsys.model.errors import InputCorrupt, InputMissing, XmlUnsafe

Parse = Callable[[str], AuxIns]
SIZES = dict(zip(KINDS, (4, 8, 16, 4, 5, 7, 10, 16), strict=True))


def pairs(symbols: list[int]) -> list[int]:
    """A balanced tree in pre-order."""
    words: list[int] = []
    for bit, part in enumerate((symbols[: len(symbols) // 2], symbols[len(symbols) // 2 :])):
        words += [1, bit, part[0]] if len(part) == 1 else [0, bit, *pairs(part)]
    return words


def listed(tag: str, values: Sequence[float]) -> str:
    return f'<{tag} count="{len(values)}">{" ".join(str(value) for value in values)}</{tag}>'


def made_up_xml() -> str:
    trees, nrl, srl, thresholds = "", "", "", ""
    for kind in reversed(KINDS):
        size, code = SIZES[kind], f"<baqCode>{kind}</baqCode>"
        if kind.startswith("BRC"):
            trees += f"<huffmanLut>{code}{listed('values', pairs(list(range(size))))}</huffmanLut>"
        nrl += f"<rlLut>{code}{listed('values', [0.5 + k for k in range(size)])}</rlLut>"
        srl += f"<rlLut>{code}{listed('values', [size - 1, size - 0.5])}</rlLut>"
        thresholds += (
            f"<thresholdLut>{code}<thidxThreshold>1</thidxThreshold>"
            f"<mCodeThreshold>{size - 1}</mCodeThreshold></thresholdLut>"
        )
    return (
        "<auxiliaryInstrument><radarFrequency>5.4e9</radarFrequency><!-- note --><decodingParams>"
        f'<huffmanLutList count="5">{trees}</huffmanLutList><nrlLutList count="8">{nrl}</nrlLutList>'
        f'<srlLutList count="8">{srl}</srlLutList>{listed("sigmaFactorLut", list(range(256)))}'
        f'<thresholdLutList count="8">{thresholds}</thresholdLutList>{listed("tguLut", list(range(128)))}'
        f"{listed('tileLut', list(range(256)))}</decodingParams></auxiliaryInstrument>"
    )


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    def parse(xml: str) -> AuxIns:
        path = tmp_path / "s1a-aux-ins.xml"
        path.write_text(xml)
        return read_aux_ins(path)

    return parse


def test_made_up_file(parse: Parse) -> None:
    aux = parse(made_up_xml())
    assert aux.radar_frequency_hz == 5.4e9
    assert [levels.size for levels in aux.baq.normalised_levels] == list(SIZES.values())
    assert [levels.tolist() for levels in aux.baq.simple_levels] == [[k - 1, k - 0.5] for k in SIZES.values()]
    assert aux.baq.thidx_thresholds.tolist() == [1] * 8
    assert aux.baq.magnitude_thresholds.tolist() == [size - 1 for size in SIZES.values()]
    assert [tree.tolist() for tree in aux.baq.huffman_trees] == [
        pairs(list(range(SIZES[kind]))) for kind in KINDS if kind.startswith("BRC")
    ]
    assert aux.baq.sigma_factors.tolist() == list(range(THIDX_COUNT))
    assert aux.tgu_celsius.tolist() == list(range(128))
    assert np.isnan(aux.tile_celsius[:4]).all()
    assert aux.tile_celsius[4:].tolist() == list(range(4, 256))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("auxiliaryInstrument", "auxiliaryCalibration", "root element is auxiliaryCalibration"),
        ("radarFrequency", "frequency", "no element radarFrequency"),
        ("sigmaFactorLut", "sigmaLut", "no element decodingParams/sigmaFactorLut"),
        ("<baqCode>BRC 3</baqCode>", "<baqCode>BRC 9</baqCode>", "unexpected, repeated or empty entry for 'BRC 9'"),
        ("<baqCode>BRC 3</baqCode>", "<baqCode>BRC 2</baqCode>", "unexpected, repeated or empty entry for 'BRC 2'"),
        ("<baqCode>BRC 3</baqCode>", "", "unexpected, repeated or empty entry for None"),
        ("huffmanLut>", "tree>", "huffmanLutList/huffmanLut: no entry for BRC 0, BRC 1, BRC 2, BRC 3, BRC 4"),
        ('count="128"', 'count="129"', "decodingParams/tguLut holds 128 numbers but announces 129"),
        (listed("tguLut", list(range(128))), listed("tguLut", [1.0]), "decodingParams/tguLut holds 1 numbers, not 128"),
        (">5.4e9<", ">fast<", "radarFrequency: could not convert string to float: 'fast'"),
        (">5.4e9<", ">inf<", "radarFrequency holds a number that is not finite"),
        (">5.4e9<", "><", "radarFrequency holds 0 numbers, not 1"),
        ("<mCodeThreshold>4<", "<mCodeThreshold>4.5<", "mCodeThreshold holds numbers that are not small integers"),
        ("<mCodeThreshold>4<", "<mCodeThreshold>1e300<", "mCodeThreshold holds numbers that are not small integers"),
        ("<mCodeThreshold>4<", "<mCodeThreshold>4 4<", "mCodeThreshold is not one number for each quantiser"),
        ("<mCodeThreshold>4<", "<mCodeThreshold>-1<", "decodingParams: BRC 1: 5 levels but largest magnitude code -1"),
        ("<thidxThreshold>1<", "<thidxThreshold>-1<", "simple levels but threshold -1"),
        ("0 0 1 0 0 1 1 1", "0 0 1 0 0 1 1 0", "decodingParams: BRC 0: the Huffman tree repeats a symbol"),
        ("</decodingParams>", "", "XML is malformed"),
    ],
)
def test_malformed_files_name_the_fault(parse: Parse, old: str, new: str, message: str) -> None:
    xml = made_up_xml()
    assert old in xml
    with pytest.raises(InputCorrupt, match=re.escape(message)) as caught:
        parse(xml.replace(old, new))
    assert str(caught.value.where).endswith("/s1a-aux-ins.xml")


def test_entities_are_refused(parse: Parse) -> None:
    xml = '<!DOCTYPE a [<!ENTITY e "5.4e9">]>' + made_up_xml().replace(">5.4e9<", ">&e;<")
    with pytest.raises(XmlUnsafe, match="document type"):
        parse(xml)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"s1a-aux-ins\.xml"):
        read_aux_ins(tmp_path / "s1a-aux-ins.xml")


@pytest.fixture(scope="module")
def real_aux(shared_data: Path) -> list[AuxIns]:
    files = sorted((shared_data / "aux_s1/safe").glob("S1?_AUX_INS*/data/s1?-aux-ins.xml"))
    assert len(files) == 2
    return [read_aux_ins(file) for file in files]


def flat(value: BaqTables) -> list[np.ndarray]:
    return [np.asarray(part) for entry in value for part in (entry if isinstance(entry, tuple) else [entry])]


@pytest.mark.shared
def test_both_real_files_hold_the_same_tables(real_aux: list[AuxIns]) -> None:
    first, second = real_aux
    for one, other in zip(flat(first.baq), flat(second.baq), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.radar_frequency_hz == second.radar_frequency_hz == 5405000454.33435
    assert (first.tgu_celsius[0], first.tgu_celsius[-1]) == (116.14, -26.1)
    assert first.tile_celsius[4] == -51.38


@pytest.mark.shared
def test_real_values_equal_the_published_reconstruction(real_aux: list[AuxIns], shared_data: Path) -> None:
    published = json.loads((shared_data / "s1_l0/tables/reconstruction-lut.json").read_text())
    values = compile_tables(real_aux[0].baq).values
    for brc in range(5):
        kind = KINDS.index(f"BRC {brc}")
        for thidx in range(THIDX_COUNT):
            plus, minus = (published[str(brc)][str(thidx)][sign] for sign in "01")
            expected = [plus[str(code)] for code in range(SIZES[KINDS[kind]])]
            assert len(plus) == len(expected)
            assert values[kind, thidx, : len(expected)].tolist() == np.array(expected, np.float32).tolist()
            assert [-value for value in minus.values()] == list(plus.values())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "tolerance", "rms"),
    [("000000-noise", 0.0, 1.8439064), ("000008-txcal", 0.0, None), ("000408-echo", 3e-6, 15.972093)],
)
def test_real_samples_equal_the_reference(
    real_aux: list[AuxIns], shared_data: Path, name: str, tolerance: float, rms: float | None
) -> None:
    buffer = np.fromfile(shared_data / f"s1_l0/isp/{name}.dat", dtype=np.uint8)
    index = find_packets(buffer)
    headers = decode_headers(buffer, index.offsets)
    samples = decode_samples(buffer, index.offsets, index.lengths, headers, compile_tables(real_aux[0].baq))
    expected = np.load(shared_data / f"s1_l0/reference/{name}_iq.npy")
    assert samples.status.tolist() == [0]
    assert samples.iq.dtype == expected.dtype
    np.testing.assert_allclose(samples.iq, expected, rtol=0, atol=tolerance)
    if rms is not None:
        assert np.sqrt(np.mean(np.abs(samples.iq.astype(np.complex128)) ** 2)) == pytest.approx(rms, abs=1e-6)
