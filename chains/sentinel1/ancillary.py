"""Ancillary data in Sentinel-1 packets, word by word: orbit, attitude, temperatures (S1-IF-ASD-PL-0007, 3.2.3)."""

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from refsys.chains.sentinel1.aux_ins import AuxIns
from refsys.chains.sentinel1.l0_product import finite, utc_texts
from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sentinel1.packets import Headers
from refsys.kernels.sentinel1.radar import platform_time_ns
from refsys.kernels.sentinel1.subcom import decode_cycles, distinct_cycles, find_cycles

_TILE_PARTS = ("efe_h", "efe_v", "ta")


def ancillary_rows(headers: Headers, aux: AuxIns) -> list[JsonValue]:
    """Return what each complete cycle of 64 words says, in units; of cycles that repeat an orbit state, the first.

    Parameters
    ----------
    headers
        Columns (packets,) of `refsys.kernels.sentinel1.packets.decode_headers`, in the order of the packets.
    aux
        Its tables turn temperature codes into degrees Celsius.

    Returns
    -------
    list
        One mapping for each cycle; a number that JSON cannot hold is None.
    """
    starts = find_cycles(headers["space_packet_count"].astype(np.uint32), headers["subcom_index"].astype(np.uint8))
    cycles = decode_cycles(headers["subcom_word"].astype(np.uint16), starts)
    return [_row(cycles[k], int(starts[k]), aux) for k in distinct_cycles(cycles).tolist()]


def _row(cycle: NDArray[np.void], first_packet: int, aux: AuxIns) -> dict[str, JsonValue]:
    tiles = aux.tile_celsius[cycle["tile_temperature"]]
    return {
        "first_packet": first_packet,
        "position_m": _numbers(cycle["position_m"]),
        "velocity_m_s": _numbers(cycle["velocity_m_s"]),
        "pvt_utc": _utc(cycle["pvt_time_stamp"]),
        "quaternion": _numbers(cycle["quaternion"]),
        "angular_rate_rad_s": _numbers(cycle["angular_rate_rad_s"]),
        "attitude_utc": _utc(cycle["attitude_time_stamp"]),
        "aocs_mode": int(cycle["aocs_mode"]),
        "pointing_error_bits": int(cycle["pointing_error_bits"]),
        "tgu_celsius": finite(aux.tgu_celsius[cycle["tgu_temperature"]]),
        **{f"{part}_celsius": _numbers(tiles[:, k]) for k, part in enumerate(_TILE_PARTS)},
    }


def _utc(time_stamp: NDArray[np.uint64]) -> str:
    return utc_texts(gps_to_utc_ns(platform_time_ns(time_stamp)).reshape(1))[0]


def _numbers(values: NDArray[np.generic]) -> list[JsonValue]:
    return [finite(value) for value in np.asarray(values, np.float64).tolist()]
