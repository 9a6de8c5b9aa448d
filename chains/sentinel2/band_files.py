"""Auxiliary files that come one for each band: all of them are there, or the request waits."""

from typing import TYPE_CHECKING

from pydantic import Field

from refsys.chains.rules import Awaited, MainInputs, RuleView
from refsys.chains.sentinel2.splitting import BANDS
from refsys.model.lookups import Lookup, Policy
from refsys.model.requests import MissingInput
from refsys.model.values import Value

if TYPE_CHECKING:
    from refsys.model.products import Product


class BandFiles(Value):
    """What rules have in common whose chains read files for each band."""

    banded_types: tuple[str, ...] = Field(
        (), description="Types of auxiliary files of which that of every band is wanted; each is a role of its own."
    )

    def _with_bands(self, view: RuleView, main: MainInputs) -> MainInputs | Awaited:
        """Return main inputs with the files of every band, the newest that covers the interval, or what is missing."""
        found: dict[str, tuple[Product, ...]] = {}
        absent: list[str] = []
        for kind in self.banded_types:
            by_band = {band: view.select(_lookup(kind, band, main)) for band in BANDS}
            absent += [f"{kind} of band {band}" for band, chosen in by_band.items() if not chosen]
            found[kind] = tuple(chosen[-1] for chosen in by_band.values() if chosen)
        if not absent:
            return main.model_copy(update={"products": {**main.products, **found}})
        kinds = sorted({text.split()[0] for text in absent})
        missing = tuple(
            MissingInput(role=kind, product_type=kind, satellite=main.satellite, start=main.start, stop=main.stop)
            for kind in kinds
        )
        return Awaited(missing=missing, reason=f"{len(absent)} files of bands are missing, the first {absent[0]}")


def _lookup(kind: str, band: str, main: MainInputs) -> Lookup:
    return Lookup(
        policy=Policy.LATEST_VAL_COVER,
        product_type=kind,
        satellite=main.satellite,
        start=main.start,
        stop=main.stop,
        band=band,
    )
