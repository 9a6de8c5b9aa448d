"""What the codes in Sentinel-1 packet headers mean (S1-IF-ASD-PL-0007, sections 3.2.2 and 3.2.5)."""

from refsys.kernels.sentinel1 import packets as s1_packets

LABELS: dict[str, dict[int, str]] = {
    "ecc_number": {
        0: "not set", 1: "S1", 2: "S2", 3: "S3", 4: "S4", 5: "S5-N", 6: "S6", 8: "IW", 9: "WM", 10: "S5-S",
        11: "S1 no ICal", 12: "S2 no ICal", 13: "S3 no ICal", 14: "S4 no ICal", 15: "RFC", 16: "test", 17: "EN S3",
        18: "AN S1", 19: "AN S2", 20: "AN S3", 21: "AN S4", 22: "AN S5-N", 23: "AN S5-S", 24: "AN S6",
        25: "S5-N no ICal", 26: "S5-S no ICal", 27: "S6 no ICal", 31: "EN S3 no ICal", 32: "EW",
        33: "AN S1 no ICal", 34: "AN S3 no ICal", 35: "AN S6 no ICal", 37: "NC S1", 38: "NC S2", 39: "NC S3",
        40: "NC S4", 41: "NC S5-N", 42: "NC S5-S", 43: "NC S6", 44: "NC EW", 45: "NC IW", 46: "NC WM",
    },
    "test_mode": {
        0: "default", 4: "contingency: RxM fully operational", 5: "contingency: RxM fully bypassed", 6: "operational",
        7: "bypass",
    },
    "rx_channel_id": {0: "RxV", 1: "RxH"},
    "baq_mode": {
        0: "bypass", 3: "BAQ3", 4: "BAQ4", 5: "BAQ5", 12: "FDBAQ mode 0", 13: "FDBAQ mode 1", 14: "FDBAQ mode 2",
    },
    "range_decimation": {
        0: "3/4", 1: "2/3", 3: "5/9", 4: "4/9", 5: "3/8", 6: "1/3", 7: "1/6", 8: "3/7", 9: "5/16", 10: "3/26",
        11: "4/11",
    },
    "sas_polarisation": {
        0: "H Tx only", 1: "H/H", 2: "H/V", 3: "H/VH", 4: "V Tx only", 5: "V/H", 6: "V/V", 7: "V/VH",
    },
    "sas_temperature_compensation": {
        0: "FE off, TA off", 1: "FE on, TA off", 2: "FE off, TA on", 3: "FE on, TA on",
    },
    "ses_cal_mode": {
        0: "PCC2 ICal interleaved", 1: "PCC2 ICal preamble", 2: "PCC32 phase coded characterisation",
        3: "RF672 phase coded characterisation",
    },
    "ses_signal_type": {
        0: "echo", 1: "noise", 8: "Tx cal", 9: "Rx cal", 10: "EPDN cal", 11: "TA cal", 12: "APDN cal",
        15: "Tx H cal iso",
    },
}  # fmt: skip
"""Meaning of each code by the column it is in."""

FLAG_LABELS = {
    s1_packets.FLAG_SYNC: "no synchronisation marker",
    s1_packets.FLAG_VERSION: "no packet of this version and type",
    s1_packets.FLAG_LENGTH: "length field wrong",
    s1_packets.FLAG_BAQ_MODE: "unknown BAQ mode",
    s1_packets.FLAG_BLOCK_LENGTH: "unknown BAQ block length",
    s1_packets.FLAG_INSTRUMENT_ERROR: "error flag set by the instrument",
}
"""Meaning of each flag of `refsys.kernels.sentinel1.packets.header_flags`."""

SIGNAL_ECHO = 0
SIGNAL_NOISE = 1
SIGNAL_TX_CAL = 8


def label(column: str, code: int) -> str:
    """Return what a code in a header column means.

    Examples
    --------
    >>> label("ses_signal_type", 8), label("ses_signal_type", 5)
    ('Tx cal', 'code 5')
    """
    return LABELS[column].get(code, f"code {code}")


def flag_labels(flags: int) -> list[str]:
    """Return what a sum of header flags means.

    Examples
    --------
    >>> flag_labels(40)
    ['unknown BAQ mode', 'error flag set by the instrument']
    """
    return [meaning for value, meaning in FLAG_LABELS.items() if flags & value]
