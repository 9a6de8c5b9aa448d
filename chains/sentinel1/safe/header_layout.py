"""How the header of annotation, calibration and noise files lies in XML (S1-RS-MDA-52-7441, adsHeaderType)."""

from refsys.chains.sentinel1.safe.annotation import AdsHeader
from refsys.chains.sentinel1.safe.xml_kinds import INTEGER, TEXT, TIME
from refsys.chains.sentinel1.safe.xml_layout import Layout, Leaf, Record

_LAYOUT = Layout(
    AdsHeader,
    Leaf("missionId", "mission", TEXT),
    Leaf("productType", "product_type", TEXT),
    Leaf("polarisation", "polarisation", TEXT),
    Leaf("mode", "mode", TEXT),
    Leaf("swath", "swath", TEXT),
    Leaf("startTime", "start", TIME),
    Leaf("stopTime", "stop", TIME),
    Leaf("absoluteOrbitNumber", "absolute_orbit", INTEGER),
    Leaf("missionDataTakeId", "data_take_id", INTEGER),
    Leaf("imageNumber", "image_number", TEXT),
)

HEADER = Record("adsHeader", "header", _LAYOUT)
