"""Processor parameters AUX_PP1: what of them processing needs, and how it lies in XML.

Source: S1-RS-MDA-52-7443 (IPF Auxiliary Product Specification), schema s1-aux-pp1.xsd.
"""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe.xml_kinds import BOOLEAN, INTEGER, NUMBER, NUMBERS, TEXT
from refsys.chains.sentinel1.safe.xml_layout import Column, Columns, Group, Layout, Leaf, Records
from refsys.model.errors import InputCorrupt

POLARISATIONS = ("HH", "HV", "VV", "VH")
"""Order of gains."""


class BandParameters(NamedTuple):
    """Window, bandwidths, looks and spacing of one swath in range or azimuth; `throwaway` in multilooked samples."""

    swath: str
    window: str
    window_coefficient: float
    processing_bandwidth_hz: float
    look_bandwidth_hz: float
    looks: int
    spacing_m: float
    throwaway: int


class GainParameters(NamedTuple):
    """Gain of one swath in each polarisation, float64 (4,) in the order of `POLARISATIONS`; beam width in degrees."""

    swath: str
    gain: NDArray[np.float64]
    instantaneous_bandwidth_hz: float
    beam_width_deg: float


class AzimuthBlocks(NamedTuple):
    """Blocks of azimuth processing, columns (n,) over swaths."""

    swath: NDArray[np.str_]
    bandwidth_hz: NDArray[np.float64]
    lines: NDArray[np.int64]


T = TypeVar("T", BandParameters, GainParameters)


class SwathParameters(NamedTuple):
    """Everything of one swath."""

    range_band: BandParameters
    azimuth_band: BandParameters
    gains: GainParameters

    def gain(self, polarisation: str) -> float:
        """Return the gain applied to pixels of a polarisation (`ValueError` for an unknown one)."""
        return float(self.gains.gain[POLARISATIONS.index(polarisation)])


class ProductParameters(NamedTuple):
    """Parameters of one kind of product.

    Attributes
    ----------
    identifier
        For example `SM_SLC__1` or `IW_GRDH_1`.
    correct_bias, correct_gain, correct_orthogonality, correct_bistatic, correct_rx_variation
        Of raw data.
    blocks
        Of azimuth processing.
    topsar_convention
        `All Lines` or `Only Echo Lines`.
    chirp_source, pg_source
        Of the replica: `Nominal` or `Extracted`, `Extracted` or `Model`.
    doppler_method, doppler_input, doppler_rms_threshold_hz
        Of the Doppler centroid.
    apply_elevation_pattern, apply_range_spreading, estimate_noise, rrf_spectrum, gains
        Of single-look images.
    range_bands, azimuth_bands
        Of each swath.
    vector_step_pixels
        Between points of calibration and noise vectors.
    apply_azimuth_pattern, apply_descalloping, detect, merge, ground_range, remove_noise
        Of the output.
    """

    identifier: str
    correct_bias: bool
    correct_gain: bool
    correct_orthogonality: bool
    correct_bistatic: bool
    correct_rx_variation: bool
    blocks: AzimuthBlocks
    topsar_convention: str
    chirp_source: str
    pg_source: str
    doppler_method: str
    doppler_input: str
    doppler_rms_threshold_hz: float
    apply_elevation_pattern: bool
    apply_range_spreading: bool
    estimate_noise: bool
    rrf_spectrum: str
    gains: tuple[GainParameters, ...]
    range_bands: tuple[BandParameters, ...]
    azimuth_bands: tuple[BandParameters, ...]
    vector_step_pixels: int
    apply_azimuth_pattern: bool
    apply_descalloping: bool
    detect: bool
    merge: bool
    ground_range: bool
    remove_noise: bool

    def swath(self, swath: str) -> SwathParameters:
        """Return the parameters of one swath (`InputCorrupt` if there are none or several)."""
        return SwathParameters(
            _only(self.range_bands, swath, self.identifier),
            _only(self.azimuth_bands, swath, self.identifier),
            _only(self.gains, swath, self.identifier),
        )


class AuxPp1(NamedTuple):
    """Processor parameters of all products."""

    products: tuple[ProductParameters, ...]

    def product(self, identifier: str) -> ProductParameters:
        """Return the parameters of a product such as `IW_SLC__1` (`InputCorrupt` if there are none or several)."""
        found = [product for product in self.products if product.identifier == identifier]
        if len(found) != 1:
            raise InputCorrupt(f"AUX_PP1 has {len(found)} entries for product {identifier}")
        return found[0]


def _only(items: tuple[T, ...], swath: str, identifier: str) -> T:
    found = [item for item in items if item.swath == swath]
    if len(found) != 1:
        raise InputCorrupt(f"AUX_PP1 has {len(found)} entries for swath {swath}", where=identifier)
    return found[0]


_BAND = Layout(
    BandParameters,
    Leaf("swath", "swath", TEXT),
    Leaf("weightingWindow", "window", TEXT),
    Leaf("windowCoefficient", "window_coefficient", NUMBER),
    Leaf("processingBandwidth", "processing_bandwidth_hz", NUMBER),
    Leaf("lookBandwidth", "look_bandwidth_hz", NUMBER),
    Leaf("numberOfLooks", "looks", INTEGER),
    Leaf("pixelSpacing", "spacing_m", NUMBER),
    Leaf("multiLookThrowaway", "throwaway", INTEGER),
)

_GAIN = Layout(
    GainParameters,
    Leaf("swath", "swath", TEXT),
    Leaf("gain", "gain", NUMBERS),
    Leaf("instantaneousBandwidth", "instantaneous_bandwidth_hz", NUMBER),
    Leaf("nominalBeamWidth", "beam_width_deg", NUMBER),
)

_BLOCKS = Columns(
    "aziProcBlockParamsList",
    "aziProcBlockParams",
    "blocks",
    AzimuthBlocks,
    Column("swath", "swath", TEXT),
    Column("aziProcBandwidth", "bandwidth_hz", NUMBER),
    Column("aziBlockSize", "lines", INTEGER),
)

_PRODUCT = Layout(
    ProductParameters,
    Leaf("productId", "identifier", TEXT),
    Group(
        "commonProcParams",
        Leaf("correctIQBiasFlag", "correct_bias", BOOLEAN),
        Leaf("correctIQGainImbalanceFlag", "correct_gain", BOOLEAN),
        Leaf("correctIQOrthogonalityFlag", "correct_orthogonality", BOOLEAN),
        Leaf("correctBistaticDelayFlag", "correct_bistatic", BOOLEAN),
        Leaf("correctRxVariationFlag", "correct_rx_variation", BOOLEAN),
        _BLOCKS,
        Leaf("topsFilterConvention", "topsar_convention", TEXT),
    ),
    Group(
        "preProcParams",
        Leaf("chirpReplicaSource", "chirp_source", TEXT),
        Leaf("pgSource", "pg_source", TEXT),
    ),
    Group(
        "dcProcParams",
        Leaf("dcMethod", "doppler_method", TEXT),
        Leaf("dcInputData", "doppler_input", TEXT),
        Leaf("dcRmsErrorThreshold", "doppler_rms_threshold_hz", NUMBER),
    ),
    Group(
        "slcProcParams",
        Leaf("applyElevationAntennaPatternFlag", "apply_elevation_pattern", BOOLEAN),
        Leaf("applyRangeSpreadingLossFlag", "apply_range_spreading", BOOLEAN),
        Leaf("estimateThermalNoiseFlag", "estimate_noise", BOOLEAN),
        Leaf("rrfSpectrum", "rrf_spectrum", TEXT),
        Records("swathParamsList", "swathParams", "gains", _GAIN),
    ),
    Group(
        "postProcParams",
        Records("rangeParamsList", "rangeParams", "range_bands", _BAND),
        Records("azimuthParamsList", "azimuthParams", "azimuth_bands", _BAND),
        Leaf("annotationVectorStepSize", "vector_step_pixels", INTEGER),
        Leaf("applyAzimuthAntennaPatternFlag", "apply_azimuth_pattern", BOOLEAN),
        Leaf("applyTopsDescallopingFlag", "apply_descalloping", BOOLEAN),
        Leaf("detectFlag", "detect", BOOLEAN),
        Leaf("mergeFlag", "merge", BOOLEAN),
        Group(
            "grdProcParams",
            Leaf("applySrgrConversionFlag", "ground_range", BOOLEAN),
            Leaf("removeThermalNoiseFlag", "remove_noise", BOOLEAN),
        ),
    ),
)

PROCESSING = Layout(AuxPp1, Records("productList", "product", "products", _PRODUCT))
