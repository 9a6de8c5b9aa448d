"""What the annotation of a Sentinel-1 Level-1 image says: one image, that is one swath or merged mode and polarisation.

Source: Sentinel-1 Product Specification S1-RS-MDA-52-7441 and its schema s1-level-1-product.xsd, whose spelling words
have that are one of a few. Scalar times are aware UTC; columns named `_utc_ns` are int64 nanoseconds since 1970-01-01.
"""

from datetime import datetime
from typing import NamedTuple

from refsys.chains.sentinel1.safe.annotation_raw import Downlink, NoiseMeasurement, RawAnalysis, ReplicaInformation
from refsys.chains.sentinel1.safe.annotation_series import (
    AntennaPattern,
    Attitudes,
    Burst,
    CoordinateConversion,
    DopplerEstimate,
    FmRate,
    GeolocationGrid,
    StateVectors,
    SwathMerge,
    TerrainHeights,
)


class AdsHeader(NamedTuple):
    """Header of an annotation, calibration or noise file.

    Attributes
    ----------
    mission
        `S1A`, `S1B`, ...
    product_type
        `SLC` or `GRD`.
    polarisation
        `VV`, `VH`, `HH` or `HV`.
    mode
        `S1` to `S6`, `IW`, `EW`, `WV`.
    swath
        The beam, or the mode where its swaths are merged.
    start, stop
        Zero-Doppler times of first and last line.
    absolute_orbit
        At the start of the data set.
    data_take_id
        Of the mission.
    image_number
        Three digits: which image of the product.
    """

    mission: str
    product_type: str
    polarisation: str
    mode: str
    swath: str
    start: datetime
    stop: datetime
    absolute_orbit: int
    data_take_id: int
    image_number: str


class ProductInformation(NamedTuple):
    """General facts.

    `pass_direction` is `Ascending` or `Descending`; `projection` is `Slant Range` or `Ground Range`; the steering rate
    is in degrees a second, 0 for StripMap; the heading in degrees from north.
    """

    pass_direction: str
    timeliness: str
    platform_heading_deg: float
    projection: str
    range_sampling_hz: float
    radar_frequency_hz: float
    azimuth_steering_deg_per_s: float


class ImageStatistics(NamedTuple):
    """Mean and standard deviation of pixels, real and imaginary part; the imaginary ones of a detected image are 0."""

    mean_i: float = 0.0
    mean_q: float = 0.0
    deviation_i: float = 0.0
    deviation_q: float = 0.0


class Slice(NamedTuple):
    """A slice of the data take."""

    number: int
    sensing_start: datetime
    sensing_stop: datetime


class ImageInformation(NamedTuple):
    """The image.

    Attributes
    ----------
    first_line, last_line
        Zero-Doppler times.
    ascending_node
        Last crossing before the first line.
    anchor
        Time from which slices of a data take are counted.
    composition
        `Individual`, `Slice` or `Assembled`.
    slice_number
        0 for a product that is no slice.
    slices
        Of the data take.
    slant_range_time_s
        Two-way, of the first sample.
    pixel_value
        `Complex` or `Detected`.
    output_pixels
        `16 bit Signed Integer` or `16 bit Unsigned Integer`.
    range_spacing_m, azimuth_spacing_m
        Slant or ground range, and on the ground along the track.
    line_interval_s
        Zero-Doppler time from line to line.
    azimuth_frequency_hz
        Pulses a second of the raw data.
    samples, lines
        Size of the image.
    zero_doppler_minus_acquisition_s
        Zero-Doppler time of the first line less the acquisition time of the data that begin it.
    mid_swath_incidence_deg
        On the ellipsoid.
    statistics
        Of all pixels.
    """

    first_line: datetime
    last_line: datetime
    ascending_node: datetime
    anchor: datetime
    composition: str
    slice_number: int
    slices: tuple[Slice, ...]
    slant_range_time_s: float
    pixel_value: str
    output_pixels: str
    range_spacing_m: float
    azimuth_spacing_m: float
    line_interval_s: float
    azimuth_frequency_hz: float
    samples: int
    lines: int
    zero_doppler_minus_acquisition_s: float
    mid_swath_incidence_deg: float
    statistics: ImageStatistics


class Band(NamedTuple):
    """Processing in range or azimuth: window (`Hamming`, `Kaiser`, `None`) with its coefficient, bandwidths, looks."""

    window: str
    window_coefficient: float
    total_bandwidth_hz: float
    processing_bandwidth_hz: float
    look_bandwidth_hz: float
    looks: int
    look_overlap_hz: float


class SwathProcessing(NamedTuple):
    """Processing of one swath; `scaling` is the factor that brings amplitudes to pixel values."""

    swath: str
    range_band: Band
    azimuth_band: Band
    scaling: float


class InputDimensions(NamedTuple):
    """Size of the raw data of one swath."""

    time: datetime
    swath: str
    samples: int
    lines: int


class ProcessingInformation(NamedTuple):
    """What was done to the data; the names follow those of the schema.

    `topsar_convention` is `All Lines` or `Only Echo Lines`; `orbit_source` and `attitude_source` are `Downlink`,
    `Extracted` or `Auxiliary`.
    """

    raw_analysis_used: bool
    orbit_file_used: bool
    attitude_file_used: bool
    rx_variation_corrected: bool
    elevation_pattern_applied: bool
    azimuth_pattern_applied: bool
    azimuth_element_pattern_applied: bool
    doppler_method: str
    doppler_input: str
    range_spreading_compensated: bool
    ground_range: bool
    detected: bool
    thermal_noise_removed: bool
    chirp_source: str
    pg_source: str
    rrf_spectrum: str
    application: str
    swaths: tuple[SwathProcessing, ...]
    inputs: tuple[InputDimensions, ...]
    reference_range_m: float
    ellipsoid: str
    ellipsoid_major_m: float
    ellipsoid_minor_m: float
    bistatic_corrected: bool
    topsar_convention: str
    orbit_source: str
    attitude_source: str


class RawQuality(NamedTuple):
    """Quality of the raw data: means and deviations of I and Q, missing lines, bias, imbalance, Doppler."""

    time: datetime
    mean_i: float
    mean_q: float
    deviation_i: float
    deviation_q: float
    missing_lines: int
    missing_lines_significant: bool
    chirp_source: str
    pg_source: str
    rrf_spectrum: str
    bias_i: float
    bias_q: float
    gain_imbalance: float
    quadrature_departure_deg: float
    doppler_method: str
    doppler_uncertain: bool
    statistics: ImageStatistics


class Annotation(NamedTuple):
    """Annotation of one image.

    Attributes
    ----------
    header
        What the file is.
    quality_index, qualities
        0 is nominal; quality of the raw data of each slice.
    product, downlink, orbit, attitude, raw_analysis, replicas, noise, terrain, fm_rates
        General annotation; downlink, replica and noise for each swath.
    image, processing
        Of the image.
    doppler
        Centroid along the track.
    antenna
        Elevation patterns along the track.
    lines_per_burst, samples_per_burst, bursts
        0 and none in StripMap and detected images.
    grid
        Geolocation.
    conversions
        Slant to ground range and back, of ground range images.
    merges
        Where in a merged image each swath lies.
    """

    header: AdsHeader
    quality_index: float
    qualities: tuple[RawQuality, ...]
    product: ProductInformation
    downlink: tuple[Downlink, ...]
    orbit: StateVectors
    attitude: Attitudes
    raw_analysis: tuple[RawAnalysis, ...]
    replicas: tuple[ReplicaInformation, ...]
    noise: tuple[NoiseMeasurement, ...]
    terrain: TerrainHeights
    fm_rates: tuple[FmRate, ...]
    image: ImageInformation
    processing: ProcessingInformation
    doppler: tuple[DopplerEstimate, ...]
    antenna: tuple[AntennaPattern, ...]
    lines_per_burst: int
    samples_per_burst: int
    bursts: tuple[Burst, ...]
    grid: GeolocationGrid
    conversions: tuple[CoordinateConversion, ...]
    merges: tuple[SwathMerge, ...]
