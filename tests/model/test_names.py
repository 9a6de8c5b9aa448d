"""Names: parse and format are inverse both ways, and a wrong name says which field is wrong."""

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from refsys.model.errors import NameInvalid
from refsys.model.names import (
    EofName,
    Name,
    S1AuxName,
    S1ProductName,
    S2CompactName,
    S2HktmName,
    S2PdiName,
    S3ProductName,
    SessionFileName,
    SessionName,
    parse_name,
)
from refsys.model.names_s1 import BEAMS, POLARISATIONS
from refsys.model.names_s3 import INSTRUMENTS
from refsys.model.values import Value

times = st.datetimes(datetime(1980, 1, 6), datetime(9999, 12, 31), timezones=st.just(UTC))
intervals = st.tuples(times, times).map(sorted)
satellites = st.sampled_from("ABCD")
satellites_or_all = st.sampled_from("ABCD_")

N = TypeVar("N", bound=Value)
Fields = dict[str, Any]  # strategies of what the names of a kind have in common


def text(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


@st.composite
def built(draw: st.DrawFn, /, kind: type[N], *, interval: bool = True, **fields: st.SearchStrategy[Any]) -> N:
    drawn = {name: draw(strategy) for name, strategy in fields.items()}
    if interval:
        drawn["start"], drawn["stop"] = draw(intervals)
    return kind(**drawn)


s1_products = built(
    S1ProductName,
    satellite=satellites,
    beam=st.sampled_from(BEAMS),
    content=st.sampled_from(["RAW", "SLC", "GRD", "OCN", "ETA", "SL1", "SL2"]),
    resolution=st.sampled_from("FHM_"),
    level=st.sampled_from("012A"),
    product_class=st.sampled_from("SACNX_"),
    polarisation=st.sampled_from(POLARISATIONS),
    orbit=st.integers(0, 999_999),
    data_take_id=st.none() | st.integers(0, 0xFFFFFF),
    crc=text("[0-9A-F]{4}"),
    extension=st.sampled_from(["", ".SAFE", ".SAFE.zip", ".zip", ".SAFE.tar.gz", ".tgz", ".tar"]),
)
aux: Fields = {"satellite": satellites_or_all, "aux_type": text("AUX_[A-Z0-9]{3}"), "creation_time": times}
s1_aux = built(S1AuxName, **aux) | built(S1AuxName, interval=False, start=times, **aux)
eof: Fields = {
    "mission": st.sampled_from(["S1", "S3"]),
    "satellite": satellites_or_all,
    "file_type": text("[A-Z][A-Z0-9_]{9}"),
}
site = text("[A-Z0-9_]{4}")
eofs = (
    built(EofName, **eof, site=site, creation_time=times)
    | built(EofName, **eof, version=text("[0-9]{4}"))
    | built(EofName, interval=False, **eof, start=times, creation_time=times)
    | built(EofName, interval=False, **eof, site=site, creation_time=times, extension=st.just(".xml"))
)
marked: Fields = {
    "sensing_time": st.none() | times,
    "detector": st.none() | text("[0-9]{2}"),
    "orbit": st.none() | st.integers(0, 999_999),
    "relative_orbit": st.none() | st.integers(0, 999),
    "tile": st.none() | text("[0-9]{2}[A-Z]{3}"),
    "baseline": st.none() | text(r"[0-9]{2}\.[0-9]{2}"),
    "band": st.none() | text("[0-9A-Z]{2}"),
    "completeness": st.none() | st.sampled_from("FP"),
    "degradation": st.none() | st.sampled_from("ND"),
    "extension": st.sampled_from(["", ".tar", ".TGZ", ".SAFE.tar.gz", ".jp2"]),
}
pdi: Fields = {
    "satellite": satellites_or_all,
    "file_type": text("MSI_[A-Z0-9_]{6}"),
    "site": site,
    "creation_time": times,
}
s2_pdis = (
    built(S2PdiName, **pdi, **marked)
    | built(S2PdiName, interval=False, **pdi, **marked, start=times)
    | built(S2PdiName, interval=False, **pdi, first_orbit=st.integers(0, 999_999), last_orbit=st.integers(0, 999_999))
    | built(S2PdiName, **pdi, relative_orbit=st.integers(0, 999), order=st.just("RV"))
)
s2_hktm = built(S2HktmName, satellite=satellites, version=text("[0-9]{4}"))
s2_compact = st.tuples(st.booleans(), st.booleans()).flatmap(
    lambda has: built(
        S2CompactName,
        interval=False,
        satellite=satellites,
        file_type=text("MSI[A-Z0-9]{3}"),
        start=times,
        baseline=text(r"[0-9]{2}\.[0-9]{2}") if has[0] else st.none(),
        tile=text("[0-9]{2}[A-Z]{3}") if has[1] or not has[0] else st.none(),
        relative_orbit=st.integers(0, 999),
        discriminator=times,
    )
)
s3_products = built(
    S3ProductName,
    satellite=satellites_or_all,
    instrument=st.sampled_from(INSTRUMENTS),
    level=st.sampled_from("012_"),
    data_type=text("[A-Z0-9_]{6}"),
    creation_time=times,
    instance=text("[0-9]{4}_[0-9]{3}_[0-9]{3}_([0-9]{4}|_{4})") | st.just("_" * 17) | text("[A-Z0-9_]{17}"),
    centre=text("[A-Z0-9]{3}"),
    class_id=text("[A-Z]_[A-Z_]{2}_[A-Z0-9_]{3}"),
    extension=st.sampled_from(["", ".SEN3", ".ISIP", ".SEN3.zip", ".tar"]),
)
sessions = built(
    SessionName,
    interval=False,
    mission=st.sampled_from(["S1", "S2", "S3"]),
    satellite=satellites,
    start=times,
    downlink_orbit=st.integers(0, 999_999),
)
session_files = st.builds(
    SessionFileName,
    station_unit=text("[0-9]{2}"),
    session_id=text("[0-9A-Za-z]+(_[0-9A-Za-z]+)*"),
    channel=st.integers(1, 9),
    number=st.integers(0, 99_999),
    extension=st.sampled_from([".raw", ".aisp"]),
) | st.builds(
    SessionFileName,
    station_unit=text("[0-9]{2}"),
    session_id=text("S3[AB]_[0-9]{20}"),
    channel=st.integers(1, 9),
    extension=st.just(".xml"),
)
every_kind = st.one_of(s1_products, s1_aux, eofs, s2_pdis, s2_hktm, s2_compact, s3_products, sessions, session_files)


@given(every_kind)
@settings(max_examples=80)
def test_a_built_name_is_read_back(name: Name) -> None:
    found = parse_name(name.format())
    assert found == name
    assert type(found).from_json(found.to_json()) == name


LONGEST = (
    "S2A_OPER_MSI_L1A_GR_MTI__20200101T125959_S20130401T123000_O123456_123457_V20091210T235134_20091210T235224"
    "_D05_A123456_R123_T15SWC_N01.01_B8A_WP_LD"
)
CORPUS = [
    "S1A_IW_RAW__0SDV_20171213T121623_20171213T121656_019684_021735_C6DB.SAFE",
    "S1C_GP_RAW__0____20210606T143000_20210606T153000_012957________0010.SAFE.zip",
    "S1B_WV_OCN__2SSH_20170702T130912_20170702T133355_006309_00B17D_3B01.SAFE",
    "S1__AUX_TEC_V20190805T000000_20190805T235959_G20200210T102615.SAFE",
    "S1A_AUX_CAL_V20171017T080000_G20171013T101200.SAFE",
    "S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T134507.EOF",
    "S1A_OPER_MPL_ORBPRE_20171208T200309_20171215T200309_0001.EOF",
    "S1__OPER_MSK__LAND__V20140403T210200_G20190711T113000.EOF",
    "S1B_OPER_AUX_OBMEMC_PDMC_20140212T000000.xml",
    "S1A_OPER_REP__SUP___20181208T070000_20181208T111500_0001.EOF",
    "S3A_OPER_MPL_ORBRES_20210520T000000_20210530T000000_0001.EOF",
    LONGEST,
    "S2B_TEST_AUX_DUMMY_______20200101T125959_S20130401T123000_O123456_123457_D05_A823456_R123_T15SWC_N01.01_B8A_WF_LN",
    "S2A_OPER_GIP_R2EOB2_MPC__20150827T165847_V20150819T000000_99999999T999999_B8A.TGZ",
    "S2A_OPER_PRD_MSIL1C_PDMC_20160615T141550_R121_V20160615T082012_20160615T083135.SAFE",
    "S2B_OPER_MSI_L1C_TC_EPAE_20191001T102654_A013417_T39UWP_N02.08.jp2",
    "S2A_OPER_PRD_HKTM___20191203T051837_20191203T051842_0001.tar",
    "S2A_MSIL1C_20150802T105414_N0102_R008_20150803T124046.SAFE.tar.gz",
    "S2A_MSIL2A_20171103T102201_N0206_R065_T32TNS_20171106T195236.SAFE.tar.gz",
    "S3A_SL_0_SLT__G_20040702T235915_20040703T000415_20150424T160530___________________WER_D_______.ISIP",
    "S3A_AX___BA__AX_20040702T223000_20040704T042158_20171130T082116___________________WER_D_AL____.SEN3",
    "S3A_SR_0_SRA__G_20230309T204616_20230309T204641_20230309T205821_0025______________SVL_O_NR_OPE.ISIP",
    "S3A_OL_1_EFR____20170313T110342_20170313T110642_20170314T162839_0179_015_208_2520_LN1_O_NT_002.SEN3",
    "S3A_SY_2_VG1____20211013T000000_20211013T235959_20211014T104217_EUROPE____________LN2_O_ST_002.SEN3",
    "S1A_20200120185900030888",
    "DCS_02_L20171109175634707000125_ch2_DSDB_00034.raw",
    "DCS_05_S2B_20220413132241026648_ch1_DSIB.xml",
]


@pytest.mark.parametrize("name", CORPUS)
def test_a_real_name_comes_back_as_it_was(name: str) -> None:
    assert parse_name(name).format() == name


def outcome(name: str) -> Name | NameInvalid:
    try:
        return parse_name(name)
    except NameInvalid as refused:
        return refused


@given(st.sampled_from(CORPUS), st.data())
def test_a_changed_name_is_refused_or_kept_exactly(name: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(name) - 1))
    put = data.draw(st.text("ABSD_019.TVé\n\0²", max_size=2))
    taken = data.draw(st.integers(0, 2))
    changed = name[:position] + put + name[position + taken :]
    found = outcome(changed)
    if isinstance(found, NameInvalid):
        assert found.where == changed
    else:
        assert found.format() == changed


@given(st.text())
def test_any_text_is_refused_by_one_kind_of_error(anything: str) -> None:
    with pytest.raises(NameInvalid):
        parse_name(anything)


S1 = "S1A_IW_RAW__0SDV_20200101T050000_20200101T050032_030612_0381C5_ABCD.SAFE"
S3 = "S3A_SR_1_SRA____20230309T204558_20230309T204623_20230309T225028_0024_096_214______PS1_O_NR_004.SEN3"
S2 = "S2B_OPER_MSI_L0__GR_REFS_20221124T163650_S20221011T064025_D01_N02.08"


@pytest.mark.parametrize(
    ("name", "field", "wrong"),
    [
        (S1.replace("S1A", "S1E"), "satellite", "'E'"),
        (S1.replace("IW", "XX"), "beam", "'XX'"),
        (S1.replace("RAW", "ROW"), "content", "'ROW'"),
        (S1.replace("_0S", "_3S"), "level", "'3'"),
        (S1.replace("DV", "XX"), "polarisation", "'XX'"),
        (S1.replace("20200101T050000", "20201301T050000"), "start", "'20201301T050000'"),
        (S1.replace("030612", "03061X"), "orbit", "'03061X'"),
        (S1.replace("0381C5", "0381c5"), "data_take_id", "'0381c5'"),
        (S1.replace("ABCD", "ABC-"), "crc", "'ABC-'"),
        (S1.replace(".SAFE", ".SAVE"), "extension", "'.SAVE'"),
        (S1.replace("T050032", "T045959"), "stop", "20200101T045959"),
        (S1[:40], "stop", "'2020010'"),
        (S3.replace("S3A", "S3Z"), "satellite", "'Z'"),
        (S3.replace("_SR_", "_XX_"), "instrument", "'XX'"),
        (S3.replace("20230309T225028", "20230309T225068"), "creation_time", "'20230309T225068'"),
        (S3.replace("O_NR", "O-NR"), "class_id", "'O-NR_004'"),
        (S2.replace("S2B", "S2E"), "satellite", "'E'"),
        (S2.replace("_D01", "_D1"), "detector", "'1_N02.08'"),
        (S2.replace("_D01", "_X01"), "letter", "'X01_N02.08'"),
        (S2.replace("_D01", "_D01_D02"), "stands twice", "'D02_N02.08'"),
        (S2.replace("N02.08", "N0208"), "baseline", "'0208'"),
        ("S2A_MSIL1C_20150802T105414_N0102_R08_20150803T124046.SAFE", "relative_orbit", "'08_'"),
        ("S1A_OPER_AUX_RESORB_OPOD_20171213T143838_V20171213T102737_20171213T994507.EOF", "stop", "'20171213T994507'"),
        ("DCS_02_L2017_ch0_DSDB_00001.raw", "channel", "'0_DSDB_00001.raw'"),
        ("DCS_02_L2017_ch1_DSXX_00001.raw", "kind", "'DSXX_00001.raw'"),
        ("DCS_XX_L2017_ch1_DSIB.xml", "station unit", "'XX_L2017_ch1_DSIB.xml'"),
        ("S4A_IW_RAW", "mission", "'S4'"),
        ("", "mission", "''"),
    ],
)
def test_the_error_names_the_field_and_its_text(name: str, field: str, wrong: str) -> None:
    with pytest.raises(NameInvalid) as refused:
        parse_name(name)
    assert field in refused.value.message
    assert wrong in refused.value.message
    assert "must be" in refused.value.message or "letter" in refused.value.message or "before" in refused.value.message


def product_type(name: str) -> str:
    found = parse_name(name)
    assert not isinstance(found, SessionFileName)
    return found.product_type


def test_product_types_are_as_chains_call_them() -> None:
    types = {name: product_type(name) for name in CORPUS[:-2]}
    assert list(types.values()) == [
        *("IW_RAW__0S", "GP_RAW__0_", "WV_OCN__2S", "AUX_TEC", "AUX_CAL", "AUX_RESORB", "MPL_ORBPRE", "MSK__LAND_"),
        *("AUX_OBMEMC", "REP__SUP__", "MPL_ORBRES", "MSI_L1A_GR", "AUX_DUMMY_", "GIP_R2EOB2", "PRD_MSIL1C"),
        *("MSI_L1C_TC", "PRD_HKTM__", "MSIL1C", "MSIL2A", "SL_0_SLT__G", "AX___BA__AX", "SR_0_SRA__G"),
        *("OL_1_EFR___", "SY_2_VG1___", "S1_SESSION"),
    ]
    errmat = "S1B_OPER_AMH_ERRMAT_MPC__20201105T040007_V20000101T000000_20201104T224023.EOF"
    assert product_type(errmat) == "AUX_ECE"


def test_fields_of_the_longest_sentinel_2_name() -> None:
    name = S2PdiName.parse(LONGEST)
    assert (name.first_orbit, name.last_orbit, name.detector, name.tile) == (123456, 123457, "05", "15SWC")
    assert (name.baseline, name.band, name.completeness, name.degradation) == ("01.01", "8A", "P", "D")
    assert name.sensing_time == datetime(2013, 4, 1, 12, 30, tzinfo=UTC)
    assert name.stop == datetime(2009, 12, 10, 23, 52, 24, tzinfo=UTC)


def test_microseconds_are_cut_not_rounded() -> None:
    fields = parse_name(S3).model_dump() | {"start": datetime(2023, 3, 9, 20, 45, 58, 999_999, tzinfo=UTC)}
    assert S3ProductName(**fields).format() == S3


@pytest.mark.parametrize(
    ("good", "change"),
    [
        (S1, {"satellite": "E"}),
        (S1, {"orbit": 1_000_000}),
        (S1, {"orbit": -1}),
        (S1, {"data_take_id": 1 << 24}),
        (S1, {"extension": "/../x"}),
        (S3, {"instance": "short"}),
        (S3, {"stop": datetime(2000, 1, 1, tzinfo=UTC)}),
        (S2, {"baseline": "2.8"}),
        (S2, {"first_orbit": 5}),
        (S2, {"order": "S"}),
        (S2, {"order": "SDN"}),
        (CORPUS[5], {"stop": None}),
        (CORPUS[-1], {"extension": ".raw"}),
        (CORPUS[-1], {"session_id": "a__b"}),
    ],
)
def test_fields_that_make_no_name_cannot_be_built(good: str, change: dict[str, object]) -> None:
    name = parse_name(good)
    with pytest.raises(ValidationError):
        type(name)(**(name.model_dump() | change))


NOT_NAMES = re.compile(
    r".*(\.json|\.nc|md5sum|_report\.xml|_iif\.xml|_isp\.dat|\.dat|_bwi\.png|C6DS\.SAFE)|"  # beside products, or edited
    r"S2._[0-9]{2}[A-Z]{3}_.*|S2._T[0-9]{2}[A-Z]{3}_.*|S1._[0-9]{8}_.*|S1A__IW.*|"  # names of other catalogues
    r"S1._.._GRD._1S.._[0-9T]{15}_[0-9T]{15}_[0-9]{6}_[0-9A-F]{6}|"  # without checksum
    r"S1A_IW_SL1__1_SH_20141031T095929_20141031T100002_003072_003842"
)


def test_every_name_among_the_real_data(shared_data: Path) -> None:
    seen = 0
    for _, folders, files in os.walk(shared_data.parent):
        for name in folders + files:
            if re.match("S[123][A-D_]_[A-Z0-9]|DCS_", name) and not NOT_NAMES.fullmatch(name):
                assert parse_name(name).format() == name
                seen += 1
    assert seen > 100


def test_names_in_the_texts_of_the_real_data(shared_data: Path) -> None:
    text = "".join(index.read_text() for index in shared_data.parent.glob("*/INDEX.md"))
    names = set(re.findall(r"`(S[123][A-D_]_[A-Za-z0-9_.]{30,}|DCS_[0-9][A-Za-z0-9_.]{20,})`", text))
    names = {name for name in names if not NOT_NAMES.fullmatch(name)}
    assert names
    for name in names:
        assert parse_name(name).format() == name


def test_a_thousand_names_a_second() -> None:
    begin = time.process_time()
    for _ in range(40):
        for name in CORPUS:
            parse_name(name)
    assert 40 * len(CORPUS) / (time.process_time() - begin) > 1000
