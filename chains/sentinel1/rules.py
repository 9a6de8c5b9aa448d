"""Main-input rules of Sentinel-1 by their names: importing this module registers them."""

from refsys.chains.sentinel1.preparation.segments import SegmentRule
from refsys.chains.sentinel1.preparation.service_products import BurstRule, OrbitRule
from refsys.chains.sentinel1.preparation.sessions import SessionRule
from refsys.chains.sentinel1.preparation.slices import SliceRule

__all__ = ["BurstRule", "OrbitRule", "SegmentRule", "SessionRule", "SliceRule"]
