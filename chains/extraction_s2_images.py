"""Metadata in the boxes of a Sentinel-2 image (JPEG 2000): inventory, and the grid of its pixels.

Sources: ISO/IEC 15444-1, annex I (boxes), OGC 05-047r3 (GML in JPEG 2000), and real true-colour images. The XML lies in
the first MiB.
"""

import re

from pydantic import JsonValue

from refsys.chains.extraction_elements import Elements
from refsys.chains.extraction_sources import Source
from refsys.chains.safe_xml import parse_xml
from refsys.model.errors import InputCorrupt

_HEAD_BYTES = 1 << 20
_INVENTORY = re.compile(rb"<Inventory_Metadata[\s>].*?</Inventory_Metadata>", re.DOTALL)
_GRID = re.compile(rb"<gml:FeatureCollection[\s>].*</gml:FeatureCollection>", re.DOTALL)
_CODE = re.compile(r"urn:ogc:def:crs:EPSG:[0-9.]*:([0-9]{1,6})")


def image_elements(source: Source) -> tuple[Elements, dict[str, JsonValue]]:
    """Return the inventory in an image, and figures of its grid: `grid_origin_m` and `epsg`.

    Raises
    ------
    InputCorrupt
        If it holds no inventory, or XML that is broken.
    """
    path = source.paths()[0]
    where = source.place(path)
    head = source.read(path, _HEAD_BYTES)
    found = _INVENTORY.search(head)
    if found is None:
        raise InputCorrupt("image holds no Inventory_Metadata in its first MiB", where=where)
    declaration = b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    inventory = Elements(parse_xml(declaration + found[0], where=where), where)
    gml = _GRID.search(head, 0, found.start())
    return inventory, {} if gml is None else _grid(Elements(parse_xml(gml[0], where=where), where))


def _grid(gml: Elements) -> dict[str, JsonValue]:
    place = gml.needed("origin/Point/pos").split()
    code = _CODE.fullmatch(gml.attribute("origin/Point", "srsName") or "")
    if len(place) != 2 or code is None:
        raise InputCorrupt("origin/Point is no place of a projected system (EPSG)", where=gml.where)
    return {"grid_origin_m": [gml.as_number("origin/Point/pos", text) for text in place], "epsg": int(code[1])}
