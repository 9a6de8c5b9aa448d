"""Hostile and broken XML: each is refused by name, nothing is loaded, nothing expands."""

import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import InputCorrupt, InputMissing, RefsysError, XmlUnsafe

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY l0 "lol">%s]>
<lolz>&l9;</lolz>""" % b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
QUADRATIC = b'<!DOCTYPE a [<!ENTITY x "%s">]><a>%s</a>' % (b"x" * 100_000, b"&x;" * 100_000)
IN_ATTRIBUTE = LAUGHS.replace(b"<lolz>&l9;</lolz>", b'<lolz a="&l9;"/>')


def refused(data: bytes, tmp_path: Path, kind: type[RefsysError]) -> str:
    path = tmp_path / "manifest.xml"
    path.write_bytes(data)
    begin = time.process_time()
    with pytest.raises(kind) as error:
        parse_xml(path)
    assert time.process_time() - begin < 2
    assert error.value.where == str(path)
    return str(error.value)


@pytest.mark.parametrize("data", [LAUGHS, QUADRATIC, IN_ATTRIBUTE], ids=["laughs", "quadratic", "attribute"])
def test_billion_laughs(data: bytes, tmp_path: Path) -> None:
    assert "DOCTYPE" in refused(data, tmp_path, XmlUnsafe)


def test_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("never to be seen")
    data = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file://%s">]><a>&x;</a>' % str(secret).encode()
    said = refused(data, tmp_path, XmlUnsafe)
    assert "DOCTYPE a" in said
    assert "never" not in said


def test_external_document_type_asks_no_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        asked = threading.Event()

        def serve() -> None:
            try:
                server.accept()[0].close()
            except TimeoutError:
                return
            asked.set()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/evil.dtd".encode()
        said = refused(b'<!DOCTYPE a SYSTEM "%s"><a/>' % url, tmp_path, XmlUnsafe)
        refused(b'<!DOCTYPE a [<!ENTITY %% p SYSTEM "%s"> %%p;]><a/>' % url, tmp_path, XmlUnsafe)
        thread.join()
    assert "evil.dtd" in said
    assert not asked.is_set()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "utf-7", "cp037"]
)
def test_a_document_type_hides_in_no_encoding(encoding: str, tmp_path: Path) -> None:
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    declaration = "" if encoding.startswith("utf-16-") else f'<?xml version="1.0" encoding="{name}"?>'
    text = declaration + '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    refused(text.encode(encoding), tmp_path, InputCorrupt)


def test_a_document_type_behind_a_long_comment(tmp_path: Path) -> None:
    data = b"<!--" + b"-x" * 100_000 + b"-->" + LAUGHS.partition(b"?>")[2].strip()
    assert "DOCTYPE" in refused(data, tmp_path, XmlUnsafe)


def test_depth_and_length_are_limited(tmp_path: Path) -> None:
    assert "depth" in refused(b"<a>" * 5_000 + b"</a>" * 5_000, tmp_path, XmlUnsafe)
    assert "too long" in refused(b"<a>" + b"x" * 11_000_000 + b"</a>", tmp_path, XmlUnsafe)
    assert "line 1" in refused(b"<a b='" + b"x" * 11_000_000 + b"'/>", tmp_path, XmlUnsafe)


def test_size_is_limited_before_parsing(tmp_path: Path) -> None:
    path = tmp_path / "big.xml"
    path.write_bytes(b"<a/>" + b" " * 100)
    with pytest.raises(XmlUnsafe, match=r"more than 50 bytes .*big\.xml"):
        parse_xml(path, 50)
    with pytest.raises(XmlUnsafe, match="more than 50 bytes"):
        parse_xml(path.read_bytes(), 50)
    assert parse_xml(path, 104).tag == "a"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<a>\n<b></a>", "line 2"),
        (b"not xml", "line 1"),
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<a>", "line 1"),
        (b"<a>\n\n&unknown;</a>", "line 3"),
        (b"<a>\xff</a>", "line 1"),
        (b'<a x="1" x="2"/>', "duplicate attribute"),
        (b"\0\0\0", "malformed"),
    ],
)
def test_malformed_xml_names_the_line(data: bytes, said: str, tmp_path: Path) -> None:
    assert said in refused(data, tmp_path, InputCorrupt)


def test_absent_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="absent"):
        parse_xml(tmp_path / "absent.xml")
    with pytest.raises(InputCorrupt, match="folder"):
        parse_xml(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        assert parse_xml(data).tag is not None
    except InputCorrupt as error:
        assert error.where == "XML text"  # noqa: PT017  (either outcome is right)


def written(root: etree._Element, encoding: str) -> bytes:
    data = etree.tostring(root, encoding=encoding)
    assert isinstance(data, bytes)
    return data


@given(st.text("abc<>&\"' é\n", max_size=50), st.text("xyz&<", max_size=20))
def test_what_was_written_is_read(text: str, attribute: str) -> None:
    root = etree.Element("r", a=attribute)
    root.text = text
    found = parse_xml(written(root, "utf-8"))
    assert (found.text or "", found.get("a")) == (text, attribute)
    utf16 = parse_xml(written(root, "utf-16"))
    assert (utf16.text or "") == text


def test_real_manifests(shared_data: Path) -> None:
    for path in [*shared_data.glob("s3_manifests/*/*/xfdumanifest.xml"), *shared_data.glob("aux_s1/*/*/manifest.safe")]:
        assert etree.QName(parse_xml(path)).localname == "XFDU"
    calibration = next(shared_data.glob("aux_s1/safe/*AUX_CAL*/data/*.xml"))
    assert len(parse_xml(calibration)) > 0
