"""What a Level-0 product of Sentinel-1 is to preparation: a segment of a reception, or a slice made of segments.

Both have the same product types. Source: S1-RS-MDA-52-7440 (`productConsolidation`); the all-in-one processor makes
segments, assembly and slicing makes slices.
"""

from collections.abc import Iterable

from refsys.model.attributes import Timeliness
from refsys.model.products import Product

HIGHEST_FIRST: tuple[Timeliness, ...] = ("PT", "NRT", "FAST24")
"""Timeliness of Sentinel-1, the most urgent first."""

_MAKERS = {"S1-L0AIOP": "segment", "S1-L0ASP": "slice"}
_RECEPTION = ("FULL", "PARTIAL", "BEGIN", "MID", "END")
_UNCUT = ("WV", "RF")


def is_segment(product: Product) -> bool:
    """Return whether a standard Level-0 product is what one reception gave of a data take."""
    return _kind(product) == "segment"


def is_slice(product: Product) -> bool:
    """Return whether a standard Level-0 product is one that Level 1 is made of; in wave mode a whole data take is."""
    return _kind(product) == "slice"


def _kind(product: Product) -> str | None:
    """Return what it is: by the chain that made it, else by what its manifest says; None for neither."""
    if not product.product_type.endswith("_RAW__0S"):
        return None
    if product.provenance is not None:
        return _MAKERS.get(product.provenance.chain)
    said = product.attributes
    if said.consolidation == "SLICE":
        return "slice"
    if beam_of(product) in _UNCUT and said.sensing_consolidation is None and said.slice_number is not None:
        return "slice"
    known = said.sensing_consolidation is not None or said.consolidation in _RECEPTION
    return "segment" if known else None


def beam_of(product: Product) -> str:
    """Return mode or beam by the product's type: `IW`, `S3`."""
    return product.product_type[:2]


def mission_id(product: Product) -> str:
    """Return mission and satellite as job orders say it: `S1A`."""
    return f"{product.mission}{product.satellite}"


def highest_timeliness(products: Iterable[Product]) -> Timeliness | None:
    """Return the most urgent timeliness of products; None if none says one."""
    found = {product.attributes.timeliness for product in products}
    return next((timeliness for timeliness in HIGHEST_FIRST if timeliness in found), None)


def newest(products: Iterable[Product]) -> Product:
    """Return the product created last; of several the last by name."""
    return max(products, key=lambda product: (product.creation_time, product.name))
