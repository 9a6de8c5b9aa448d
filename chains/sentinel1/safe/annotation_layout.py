"""How the annotation of an image lies in XML: elements and order of s1-level-1-product.xsd (S1-RS-MDA-52-7441)."""

from refsys.chains.sentinel1.safe import annotation as said
from refsys.chains.sentinel1.safe.annotation_raw_layout import DOWNLINK, NOISE, RAW_ANALYSIS, REPLICAS
from refsys.chains.sentinel1.safe.annotation_series_layout import (
    ANTENNA,
    ATTITUDE,
    BURST,
    CONVERSION,
    DOPPLER,
    FM_RATE,
    GRID,
    MERGE,
    ORBIT,
    TERRAIN,
)
from refsys.chains.sentinel1.safe.header_layout import HEADER
from refsys.chains.sentinel1.safe.xml_kinds import BOOLEAN, INTEGER, NUMBER, TEXT, TIME
from refsys.chains.sentinel1.safe.xml_layout import Fixed, Group, Layout, Leaf, Record, Records

_STATISTICS = Record(
    "imageStatistics",
    "statistics",
    Layout(
        said.ImageStatistics,
        Group("outputDataMean", Leaf("re", "mean_i", NUMBER), Leaf("im", "mean_q", NUMBER)),
        Group("outputDataStdDev", Leaf("re", "deviation_i", NUMBER), Leaf("im", "deviation_q", NUMBER)),
    ),
)

_DOWNLINK_QUALITY = Group(
    "downlinkQuality",
    Leaf("iInputDataMean", "mean_i", NUMBER),
    Leaf("qInputDataMean", "mean_q", NUMBER),
    Fixed("inputDataMeanOutsideNominalRangeFlag", "false"),
    Leaf("iInputDataStdDev", "deviation_i", NUMBER),
    Leaf("qInputDataStdDev", "deviation_q", NUMBER),
    Fixed("inputDataStDevOutsideNominalRangeFlag", "false"),
    Fixed("numDownlinkInputDataGaps", "0"),
    Fixed("downlinkGapsInInputDataSignificantFlag", "false"),
    Leaf("numDownlinkInputMissingLines", "missing_lines", INTEGER),
    Leaf("downlinkMissingLinesSignificantFlag", "missing_lines_significant", BOOLEAN),
    Fixed("numInstrumentInputDataGaps", "0"),
    Fixed("instrumentGapsInInputDataSignificantFlag", "false"),
    Fixed("numInstrumentInputMissingLines", "0"),
    Fixed("instrumentMissingLinesSignificantFlag", "false"),
    Fixed("numSsbErrorInputDataGaps", "0"),
    Fixed("ssbErrorGapsInInputDataSignificantFlag", "false"),
    Fixed("numSsbErrorInputMissingLines", "0"),
    Fixed("ssbErrorMissingLinesSignificantFlag", "false"),
    Leaf("chirpSourceUsed", "chirp_source", TEXT),
    Leaf("pgSourceUsed", "pg_source", TEXT),
    Leaf("rrfSpectrumUsed", "rrf_spectrum", TEXT),
    Fixed("replicaReconstructionFailedFlag", "false"),
    Fixed("meanPgProductAmplitude", "0"),
    Fixed("stdDevPgProductAmplitude", "0"),
    Fixed("meanPgProductPhase", "0"),
    Fixed("stdDevPgProductPhase", "0"),
    Fixed("pgProductDerivationFailedFlag", "false"),
    Fixed("invalidDownlinkParamsFlag", "false"),
)

_QUALITY = Layout(
    said.RawQuality,
    Leaf("azimuthTime", "time", TIME),
    _DOWNLINK_QUALITY,
    Group(
        "rawDataAnalysisQuality",
        Leaf("iBias", "bias_i", NUMBER),
        Fixed("iBiasSignificanceFlag", "false"),
        Leaf("qBias", "bias_q", NUMBER),
        Fixed("qBiasSignificanceFlag", "false"),
        Leaf("iqGainImbalance", "gain_imbalance", NUMBER),
        Fixed("iqGainSignificanceFlag", "false"),
        Leaf("iqQuadratureDeparture", "quadrature_departure_deg", NUMBER),
        Fixed("iqQuadratureDepartureSignificanceFlag", "false"),
    ),
    Group(
        "dopplerCentroidQuality",
        Leaf("dcMethod", "doppler_method", TEXT),
        Leaf("dopplerCentroidUncertainFlag", "doppler_uncertain", BOOLEAN),
    ),
    Group(
        "imageQuality",
        _STATISTICS,
        Fixed("outputDataMeanOutsideNominalRangeFlag", "false"),
        Fixed("outputDataStDevOutsideNominalRangeFlag", "false"),
    ),
)

_PRODUCT = Layout(
    said.ProductInformation,
    Leaf("pass", "pass_direction", TEXT),
    Leaf("timelinessCategory", "timeliness", TEXT),
    Leaf("platformHeading", "platform_heading_deg", NUMBER),
    Leaf("projection", "projection", TEXT),
    Leaf("rangeSamplingRate", "range_sampling_hz", NUMBER),
    Leaf("radarFrequency", "radar_frequency_hz", NUMBER),
    Leaf("azimuthSteeringRate", "azimuth_steering_deg_per_s", NUMBER),
)

_SLICE = Layout(
    said.Slice,
    Leaf("sliceNumber", "number", INTEGER),
    Leaf("sensingStartTime", "sensing_start", TIME),
    Leaf("sensingStopTime", "sensing_stop", TIME),
)

_IMAGE = Layout(
    said.ImageInformation,
    Leaf("productFirstLineUtcTime", "first_line", TIME),
    Leaf("productLastLineUtcTime", "last_line", TIME),
    Leaf("ascendingNodeTime", "ascending_node", TIME),
    Leaf("anchorTime", "anchor", TIME),
    Leaf("productComposition", "composition", TEXT),
    Leaf("sliceNumber", "slice_number", INTEGER),
    Records("sliceList", "slice", "slices", _SLICE),
    Leaf("slantRangeTime", "slant_range_time_s", NUMBER),
    Leaf("pixelValue", "pixel_value", TEXT),
    Leaf("outputPixels", "output_pixels", TEXT),
    Leaf("rangePixelSpacing", "range_spacing_m", NUMBER),
    Leaf("azimuthPixelSpacing", "azimuth_spacing_m", NUMBER),
    Leaf("azimuthTimeInterval", "line_interval_s", NUMBER),
    Leaf("azimuthFrequency", "azimuth_frequency_hz", NUMBER),
    Leaf("numberOfSamples", "samples", INTEGER),
    Leaf("numberOfLines", "lines", INTEGER),
    Leaf("zeroDopMinusAcqTime", "zero_doppler_minus_acquisition_s", NUMBER),
    Leaf("incidenceAngleMidSwath", "mid_swath_incidence_deg", NUMBER),
    _STATISTICS,
)

_BAND = Layout(
    said.Band,
    Leaf("windowType", "window", TEXT),
    Leaf("windowCoefficient", "window_coefficient", NUMBER),
    Leaf("totalBandwidth", "total_bandwidth_hz", NUMBER),
    Leaf("processingBandwidth", "processing_bandwidth_hz", NUMBER),
    Leaf("lookBandwidth", "look_bandwidth_hz", NUMBER),
    Leaf("numberOfLooks", "looks", INTEGER),
    Leaf("lookOverlap", "look_overlap_hz", NUMBER),
)

_SWATH_PROCESSING = Layout(
    said.SwathProcessing,
    Leaf("swath", "swath", TEXT),
    Record("rangeProcessing", "range_band", _BAND),
    Record("azimuthProcessing", "azimuth_band", _BAND),
    Leaf("processorScalingFactor", "scaling", NUMBER),
)

_INPUT = Layout(
    said.InputDimensions,
    Leaf("azimuthTime", "time", TIME),
    Leaf("swath", "swath", TEXT),
    Leaf("numberOfInputSamples", "samples", INTEGER),
    Leaf("numberOfInputLines", "lines", INTEGER),
)

_PROCESSING = Layout(
    said.ProcessingInformation,
    Leaf("rawDataAnalysisUsed", "raw_analysis_used", BOOLEAN),
    Leaf("orbitDataFileUsed", "orbit_file_used", BOOLEAN),
    Leaf("attitudeDataFileUsed", "attitude_file_used", BOOLEAN),
    Leaf("rxVariationCorrectionApplied", "rx_variation_corrected", BOOLEAN),
    Leaf("antennaElevationPatternApplied", "elevation_pattern_applied", BOOLEAN),
    Leaf("antennaAzimuthPatternApplied", "azimuth_pattern_applied", BOOLEAN),
    Leaf("antennaAzimuthElementPatternApplied", "azimuth_element_pattern_applied", BOOLEAN),
    Leaf("dcMethod", "doppler_method", TEXT),
    Leaf("dcInputData", "doppler_input", TEXT),
    Leaf("rangeSpreadingLossCompensationApplied", "range_spreading_compensated", BOOLEAN),
    Leaf("srgrConversionApplied", "ground_range", BOOLEAN),
    Leaf("detectionPerformed", "detected", BOOLEAN),
    Leaf("thermalNoiseCorrectionPerformed", "thermal_noise_removed", BOOLEAN),
    Leaf("chirpSource", "chirp_source", TEXT),
    Leaf("pgSource", "pg_source", TEXT),
    Leaf("rrfSpectrum", "rrf_spectrum", TEXT),
    Leaf("applicationLutId", "application", TEXT),
    Records("swathProcParamsList", "swathProcParams", "swaths", _SWATH_PROCESSING),
    Records("inputDimensionsList", "inputDimensions", "inputs", _INPUT),
    Leaf("referenceRange", "reference_range_m", NUMBER),
    Leaf("ellipsoidName", "ellipsoid", TEXT),
    Leaf("ellipsoidSemiMajorAxis", "ellipsoid_major_m", NUMBER),
    Leaf("ellipsoidSemiMinorAxis", "ellipsoid_minor_m", NUMBER),
    Leaf("bistaticDelayCorrectionApplied", "bistatic_corrected", BOOLEAN),
    Leaf("topsFilterConvention", "topsar_convention", TEXT),
    Leaf("orbitSource", "orbit_source", TEXT),
    Leaf("attitudeSource", "attitude_source", TEXT),
)

ANNOTATION = Layout(
    said.Annotation,
    HEADER,
    Group(
        "qualityInformation",
        Leaf("productQualityIndex", "quality_index", NUMBER),
        Records("qualityDataList", "qualityData", "qualities", _QUALITY),
    ),
    Group(
        "generalAnnotation",
        Record("productInformation", "product", _PRODUCT),
        Records("downlinkInformationList", "downlinkInformation", "downlink", DOWNLINK),
        ORBIT,
        ATTITUDE,
        Records("rawDataAnalysisList", "rawDataAnalysis", "raw_analysis", RAW_ANALYSIS),
        Records("replicaInformationList", "replicaInformation", "replicas", REPLICAS),
        Records("noiseList", "noise", "noise", NOISE),
        TERRAIN,
        Records("azimuthFmRateList", "azimuthFmRate", "fm_rates", FM_RATE),
    ),
    Group(
        "imageAnnotation",
        Record("imageInformation", "image", _IMAGE),
        Record("processingInformation", "processing", _PROCESSING),
    ),
    Group("dopplerCentroid", Records("dcEstimateList", "dcEstimate", "doppler", DOPPLER)),
    Group("antennaPattern", Records("antennaPatternList", "antennaPattern", "antenna", ANTENNA)),
    Group(
        "swathTiming",
        Leaf("linesPerBurst", "lines_per_burst", INTEGER),
        Leaf("samplesPerBurst", "samples_per_burst", INTEGER),
        Records("burstList", "burst", "bursts", BURST),
    ),
    Group("geolocationGrid", GRID),
    Group(
        "coordinateConversion",
        Records("coordinateConversionList", "coordinateConversion", "conversions", CONVERSION),
    ),
    Group("swathMerging", Records("swathMergeList", "swathMerge", "merges", MERGE)),
)
