"""XML from outside, parsed without network, entities or document types."""

from pathlib import Path
from xml.parsers import expat

from lxml import etree

from refsys.model.errors import InputCorrupt, InputMissing, XmlUnsafe

_RESOURCE_LIMIT = 114  # XML_ERR_RESOURCE_LIMIT of libxml2: depth, or length of one text or attribute
_LONG_NAME, _LONG_COMMENT = 110, 45  # XML_ERR_NAME_TOO_LONG, XML_ERR_COMMENT_NOT_FINISHED
_FIRST_BYTES = 1 << 16
_AGAIN = "fetch or write the file again"

LIMIT_BYTES = 256 << 20
"""More than any Sentinel metadata file has; a larger one would not fit a worker as a tree."""


def parse_xml(source: Path | bytes, limit_bytes: int = LIMIT_BYTES, *, where: Path | None = None) -> etree._Element:
    """Return the root element of an XML document that need not be trusted.

    Entities are never resolved and nothing is loaded: a document type, which alone could declare any, is refused before
    its content is read. libxml2's own limits hold: 256 levels, 10 million characters in one text.

    Parameters
    ----------
    source
        File, or the bytes of a document.
    limit_bytes
        Size beyond which it is refused unread.
    where
        What errors call bytes; a file is called by its path.

    Raises
    ------
    XmlUnsafe
        For a document type, or one beyond a limit.
    InputCorrupt
        For what is no well-formed XML, with the line.
    InputMissing
        If there is no such file.
    """
    called = str(where or (source if isinstance(source, Path) else "XML text"))
    data = _read(source, limit_bytes) if isinstance(source, Path) else source
    if len(data) > limit_bytes:
        raise XmlUnsafe(f"XML has more than {limit_bytes} bytes", where=called)
    if not data.strip():
        raise InputCorrupt("XML is empty", where=called)
    _refuse_doctype(data, called)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _explained(error, called) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlUnsafe("XML has a document type (DOCTYPE)", where=called)
    return root


def _read(path: Path, limit_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit_bytes + 1)
    except FileNotFoundError as error:
        raise InputMissing("XML file does not exist", where=path) from error
    except IsADirectoryError as error:
        raise InputCorrupt("a folder stands where an XML file must", where=path) from error


class _RootReached(Exception):
    """The root element begins: no document type can follow."""


def _refuse_doctype(data: bytes, where: str) -> None:
    """Raise `XmlUnsafe` if a document type comes before the root element.

    expat tells of it as soon as it begins, so nothing that it declares is read. What expat does not understand is
    refused here, so that the second parser cannot see more in it.
    """
    first_look = expat.ParserCreate()

    def doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
        line = first_look.CurrentLineNumber
        refers = f" that refers to {system!r}" if system else ""
        raise XmlUnsafe(f"XML has a document type (DOCTYPE {name}){refers} in line {line}", where=where)

    def root(name: str, attributes: dict[str, str]) -> None:
        raise _RootReached

    first_look.StartDoctypeDeclHandler = doctype
    first_look.StartElementHandler = root
    try:
        begin, count = 0, _FIRST_BYTES
        while begin < len(data):
            first_look.Parse(data[begin : begin + count])
            # A piece as long as all before it: a token longer than a piece is read again and again otherwise.
            begin, count = begin + count, begin + count
    except _RootReached:
        return
    except expat.ExpatError as error:
        raise InputCorrupt(f"XML is malformed: {error}", where=where, hint=_AGAIN) from error
    except XmlUnsafe:
        raise
    except (ValueError, LookupError) as error:
        raise XmlUnsafe(f"XML has an encoding that is not read: {error}", where=where, hint="UTF-8 is") from error


def _explained(error: etree.XMLSyntaxError, where: str) -> InputCorrupt:
    message = " ".join(str(error.msg).split())
    code: int = getattr(error, "code", 0)  # in no type stub
    if code in (_RESOURCE_LIMIT, _LONG_NAME, _LONG_COMMENT):
        said = message.split(", use XML_PARSE_HUGE")[0].split(", try XML_PARSE_HUGE")[0]
        return XmlUnsafe(f"XML is beyond the parser's limits: {said} (line {error.lineno})", where=where)
    return InputCorrupt(f"XML is malformed: {message}", where=where, hint=_AGAIN)
