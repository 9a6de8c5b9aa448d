"""The main-input rules of Sentinel-3; importing them registers them."""

from refsys.chains.sentinel3.preparation.composites import Composite
from refsys.chains.sentinel3.preparation.granules import Granules
from refsys.chains.sentinel3.preparation.orbit_range import OrbitRange
from refsys.chains.sentinel3.preparation.product_units import ProductUnits
from refsys.chains.sentinel3.preparation.session import Session

__all__ = ["Composite", "Granules", "OrbitRange", "ProductUnits", "Session"]
