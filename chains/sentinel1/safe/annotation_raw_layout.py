"""How annotation of the raw data lies in XML: elements and order of s1-level-1-product.xsd (S1-RS-MDA-52-7441)."""

from refsys.chains.sentinel1.safe import annotation_raw as said
from refsys.chains.sentinel1.safe.xml_kinds import BOOLEAN, INTEGER, NUMBER, NUMBERS, TEXT, TIME, TIME_NS
from refsys.chains.sentinel1.safe.xml_layout import Column, Columns, Fixed, Group, Layout, Leaf

_HEADER_FIELDS = (
    *("SyncMarker", "DataTakeId", "EccNumber", "TestMode", "RxChannelId", "InstrumentConfigId", "PacketCount"),
    *("PriCount", "SsbErrorFlag", "BaqMode", "BaqBlockLength", "RangeDecimation", "RxGain", "TxRampRate"),
    *("TxPulseStartFrequency", "Rank", "Pri", "Swst", "Swl", "Polarisation", "TempComp", "ElevationBeamAddress"),
    *("AzimuthBeamAddress", "SasTestMode", "CalType", "CalibrationBeamAddress", "CalMode", "TxPulseNumber"),
    *("SignalType", "SwapFlag", "SwathNumber", "NumberOfQuads"),
)


def _timed(list_tag: str, tag: str, name: str) -> Columns:
    fields = (Column("azimuthTime", "utc_ns", TIME_NS), Column("value", "value", NUMBER))
    return Columns(list_tag, tag, name, said.TimedValues, *fields)


_DOWNLINK_VALUES = Group(
    "downlinkValues",
    Leaf("pri", "pri_s", NUMBER),
    Leaf("rank", "rank", INTEGER),
    Leaf("dataTakeId", "data_take_id", INTEGER),
    Leaf("eccNumber", "ecc_number", INTEGER),
    Leaf("rxChannelId", "rx_channel_id", INTEGER),
    Leaf("instrumentConfigId", "configuration_id", INTEGER),
    Group(
        "dataFormat",
        Leaf("baqBlockLength", "baq_block_length", INTEGER),
        Leaf("echoFormat", "echo_format", TEXT),
        Leaf("noiseFormat", "noise_format", TEXT),
        Leaf("calibrationFormat", "calibration_format", TEXT),
        Leaf("meanBitRate", "mean_bit_rate", NUMBER),
    ),
    Group(
        "rangeDecimation",
        Leaf("decimationFilterBandwidth", "filter_bandwidth_hz", NUMBER),
        Leaf("samplingFrequencyAfterDecimation", "range_sampling_hz", NUMBER),
        Leaf("filterLength", "filter_length", INTEGER),
    ),
    Leaf("rxGain", "rx_gain_db", NUMBER),
    Leaf("txPulseLength", "pulse_length_s", NUMBER),
    Leaf("txPulseStartFrequency", "pulse_start_hz", NUMBER),
    Leaf("txPulseRampRate", "pulse_ramp_hz_per_s", NUMBER),
    Leaf("swathNumber", "swath_number", INTEGER),
    _timed("swlList", "swl", "window_length_s"),
    _timed("swstList", "swst", "window_start_s"),
    Fixed("pointingStatusList", "", empty_list=True),
)

DOWNLINK = Layout(
    said.Downlink,
    Leaf("swath", "swath", TEXT),
    Leaf("azimuthTime", "time", TIME),
    Leaf("firstLineSensingTime", "first_sensing", TIME),
    Leaf("lastLineSensingTime", "last_sensing", TIME),
    Leaf("prf", "prf_hz", NUMBER),
    Group(
        "bitErrorCount",
        *(Fixed(f"numErr{field}", "0") for field in _HEADER_FIELDS),
        Fixed("numIspHeaderErrors", "0"),
    ),
    _DOWNLINK_VALUES,
)

RAW_ANALYSIS = Layout(
    said.RawAnalysis,
    Leaf("azimuthTime", "time", TIME),
    Leaf("iBias", "bias_i", NUMBER),
    Leaf("qBias", "bias_q", NUMBER),
    Leaf("iqQuadratureDeparture", "quadrature_departure_deg", NUMBER),
    Leaf("iqGainImbalance", "gain_imbalance", NUMBER),
    Group(
        "support",
        *(
            Fixed(f"{quantity}{end}Bound", "0")
            for quantity in ("iBias", "qBias", "iqGain", "iqQuadratureDeparture")
            for end in ("Upper", "Lower")
        ),
        Leaf("iBiasUsedForCorrection", "bias_i_used", NUMBER),
        Leaf("qBiasUsedForCorrection", "bias_q_used", NUMBER),
        Leaf("iqGainImbalanceUsedForCorrection", "gain_imbalance_used", NUMBER),
        Leaf("iqQuadratureDepartureUsedForCorrection", "quadrature_departure_used_deg", NUMBER),
    ),
)

REPLICAS = Layout(
    said.ReplicaInformation,
    Leaf("swath", "swath", TEXT),
    Group(
        "referenceReplica",
        Leaf("azimuthTime", "time", TIME),
        Leaf("chirpSource", "chirp_source", TEXT),
        Leaf("pgSource", "pg_source", TEXT),
        Leaf("amplitudeCoefficients", "amplitude", NUMBERS),
        Leaf("phaseCoefficients", "phase", NUMBERS),
        Leaf("timeDelay", "delay_s", NUMBER),
        Group("gain", Leaf("re", "gain_i", NUMBER), Leaf("im", "gain_q", NUMBER)),
    ),
    Columns(
        "replicaList",
        "replica",
        "replicas",
        said.Replica,
        Column("azimuthTime", "utc_ns", TIME_NS),
        Column("crossCorrelationBandwidth", "bandwidth", NUMBER),
        Column("crossCorrelationPslr", "pslr_db", NUMBER),
        Column("crossCorrelationIslr", "islr_db", NUMBER),
        Column("crossCorrelationPeakLocation", "peak_location", NUMBER),
        Column("reconstructedReplicaValidFlag", "valid", BOOLEAN),
        Column("pgProductAmplitude", "pg_amplitude", NUMBER),
        Column("pgProductPhase", "pg_phase_rad", NUMBER),
        Column("modelPgProductAmplitude", "model_pg_amplitude", NUMBER),
        Column("modelPgProductPhase", "model_pg_phase_rad", NUMBER),
        Column("relativePgProductValidFlag", "relative_pg_valid", BOOLEAN),
        Column("absolutePgProductValidFlag", "absolute_pg_valid", BOOLEAN),
        Column("internalTimeDelay", "internal_delay_s", NUMBER),
    ),
)

NOISE = Layout(
    said.NoiseMeasurement,
    Leaf("swath", "swath", TEXT),
    Leaf("azimuthTime", "time", TIME),
    Leaf("noisePowerCorrectionFactor", "power_factor", NUMBER),
    Leaf("numberOfNoiseLines", "lines", INTEGER),
)
