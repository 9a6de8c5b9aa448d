"""The steps of Sentinel-2 processing: mode, pool, division, type of every intermediate they write, length.

Modes, pools and divisions are those of the task tables and settings of the Sentinel-2 launcher (CS SI, interface scheme
6.1) at eight processes; the numbers stay those of eight processes whatever the machine, so that totals compare.
"""

from dataclasses import dataclass
from typing import Literal

Axis = Literal["band", "ql_band", "detector", "scene", "gri"]
Length = Literal["tiny", "short", "medium", "long"]

GIB = 1 << 30


@dataclass(frozen=True)
class S2Step:
    """One step of one mode; a pool held everything back until the pool before it had ended."""

    mode: str
    pool: int
    name: str
    writes: tuple[str, ...]
    axes: tuple[tuple[Axis, int], ...] = ()
    length: Length = "short"


_DET: tuple[Axis, int] = ("detector", 12)
_BAND: tuple[Axis, int] = ("band", 13)
_QL: tuple[Axis, int] = ("ql_band", 5)
# Eight quality controls took granules from one queue; here each has its own detectors: its work is known before.
_EIGHT: tuple[Axis, int] = ("detector", 8)
_GR = "PDI_DS_GR_LIST"
_FOOTPRINT = "VECTOR_DS_FOOTPRINT"
_TL = "PDI_DS_TILE_LIST"

STEPS = (
    S2Step("L0U", 1, "EISP_ING_TYP", ("PDI_DS", _GR, "ISP_LIST", "PDI_SAD"), length="long"),
    S2Step("L0U", 2, "GSE", ("PDI_SAD",)),
    S2Step("L0", 1, "INIT_LOC_L0", ("PDI_DS", _GR)),
    S2Step("L0", 1, "FORMAT_ISP", ("PDI_GR_LIST", "ISP_INFOS"), (_DET, ("scene", 4))),
    S2Step("L0", 2, "QL_GEO", (_GR, "QUICKLOOK_GEO"), (_QL, _DET)),
    S2Step("L0", 3, "QL_CLOUD_MASK", ("VECTOR", "QUICKLOOK_CM")),
    S2Step("L0", 4, "FORMAT_IMG_QL_L0", ("QUICKLOOK",), (_QL,)),
    S2Step("L0", 5, "FORMAT_METADATA_GR_L0C", (_GR,), (_DET,)),
    S2Step("L0", 6, "FORMAT_METADATA_DS_L0C", ("PDI_DS",)),
    S2Step("OLQC_L0DS", 1, "OLQC_DS_L0", ("REPORT",), length="tiny"),
    S2Step("OLQC_L0GR", 1, "OLQC_GR_L0", ("REPORT",), (_EIGHT,)),
    S2Step("L1A", 1, "UNFORMAT_SAFE_DS", ("PDI_DS", "PDI_SAD"), length="tiny"),
    S2Step("L1A", 1, "UNFORMAT_SAFE_GR", (_GR,), (_DET,)),
    S2Step("L1A", 2, "QL_DECOMP", ("QUICKLOOK",), (_BAND,), "tiny"),
    S2Step("L1A", 3, "QL_CLOUD_MASK", ("VECTOR", "QUICKLOOK_CM")),
    S2Step("L1A", 4, "UPDATE_LOC", ("PDI_DS", _GR, "FRAME_FILE", _FOOTPRINT), length="medium"),
    S2Step("L1A", 5, "DECOMP", ("PDI_ATF_LIST", _GR, "VECTOR"), (_BAND, ("scene", 2), _DET), "medium"),
    S2Step("L1A", 6, "INIT_LOC_L1", (_GR, "VECTOR"), (_DET,), "medium"),
    S2Step("L1A", 6, "RADIO_AB", ("PDI_GR_LIST", "PDI_ATF_LIST", "VECTOR"), (("scene", 2), _DET), "long"),
    S2Step("L1A", 7, "RADIO_FINALIZE", ("PDI_DS", "VECTOR", _FOOTPRINT), (_BAND, _DET)),
    S2Step("L1A", 8, "GET_GRI", ("GRI_LIST_FILE", "GRI_ORBIT"), length="tiny"),
    S2Step("L1AFormatDS", 1, "FORMAT_METADATA_DS_L1A", ("PDI_DS",)),
    S2Step("L1AFormatDS", 2, "OLQC_DS_L1A", ("REPORT",), length="tiny"),
    S2Step("L1AFormatGR", 1, "FORMAT_IMG_L1A", ("PDI_GR_LIST",), (_DET, ("scene", 4)), "medium"),
    S2Step("L1AFormatGR", 2, "FORMAT_METADATA_GR_L1A", (_GR, "VECTOR"), (_DET,)),
    S2Step("L1AFormatGR", 3, "OLQC_GR_L1A", ("REPORT",), (_EIGHT,)),
    S2Step("L1B", 1, "INIT_VS_GEO", ("VIRTUAL_SENSOR", "SEGMENTATION_FILE")),
    S2Step("L1B", 2, "UNFORMAT_GRI-mask", ("VECTOR", "GRI_ORBIT"), (_DET,)),
    S2Step("L1B", 2, "UNFORMAT_GRI-image", ("VECTOR", "GRI_ORBIT"), (("gri", 2),), "medium"),
    S2Step("L1B", 3, "RESAMPLE_TO_VS-image", ("VIRTUAL_SENSOR", "VECTOR"), (_DET,), "medium"),
    S2Step("L1B", 3, "RESAMPLE_TO_VS-gri", ("VIRTUAL_SENSOR", "VECTOR"), (_DET,), "medium"),
    S2Step("L1B", 4, "TP_COLLECT", ("VIRTUAL_SENSOR", "TIE_POINTS", "GCP_POINTS"), (_DET,), "long"),
    S2Step("L1B", 5, "TP_FILTER", ("VIRTUAL_SENSOR", "HOMOLOG_POINTS_LIST"), (_DET,)),
    S2Step("L1B", 6, "SPATIO", ("PDI_DS",), length="medium"),
    S2Step("L1B", 7, "GEO1B_FINALIZE", ("VECTOR", _GR), (_BAND, _DET)),
    S2Step("L1B", 8, "FORMAT_METADATA_DS_L1B", ("PDI_DS", "VECTOR")),
    S2Step("L1B", 9, "GET_TILE_LIST", ("PDI_DS", "TILE_LIST_FILE"), length="tiny"),
    S2Step("L1BNoGRI", 1, "GEO1B_FINALIZE", ("VECTOR", _GR), (("detector", 4),), "medium"),
    S2Step("L1BNoGRI", 2, "FORMAT_METADATA_DS_L1B", ("PDI_DS", "VECTOR")),
    S2Step("L1BNoGRI", 3, "GET_TILE_LIST", ("PDI_DS", "TILE_LIST_FILE"), length="tiny"),
    S2Step("OLQC_L1BDS", 1, "OLQC_DS_L1B", ("REPORT",), length="tiny"),
    S2Step("L1BFormatGR", 1, "FORMAT_IMG_L1B", ("PDI_GR_LIST",), (_DET, ("scene", 16)), "medium"),
    S2Step("L1BFormatGR", 2, "FORMAT_METADATA_GR_L1B", (_GR, "VECTOR"), (_DET, ("scene", 16))),
    S2Step("L1BFormatGR", 3, "OLQC_GR_L1B", ("REPORT",), (_EIGHT,)),
    S2Step("OLQC_L1CDS", 1, "FORMAT_METADATA_DS_L1C", ("PDI_DS",)),
    S2Step("OLQC_L1CDS", 2, "OLQC_DS_L1C", ("REPORT",), length="tiny"),
    S2Step("L1CTile", 1, "TILE_INIT", (_TL,)),
    S2Step("L1CTile", 2, "GEN_ORTHO_TOA", (_TL,), (_BAND,), "long"),
    S2Step("L1CTile", 3, "TILE_FINALIZE", (_TL,)),
    S2Step("L1CTile", 4, "MASK_S2", (_TL, "VECTOR"), length="medium"),
    S2Step("L1CTile", 5, "FORMAT_IMG_L1C", (_TL,), (_BAND,), "medium"),
    S2Step("L1CTile", 5, "FORMAT_IMG_PVI_TCI", ("PDI_DS_PVI_LIST", "PDI_DS_TCI_LIST"), length="medium"),
    S2Step("L1CTile", 6, "FORMAT_METADATA_TILE_L1C", (_TL,)),
    S2Step("OLQC_L1CTL", 1, "OLQC_TILE_L1C", ("REPORT",), length="tiny"),
    S2Step("OLQC_L1CTL", 2, "INV_MTD_L1C", ("INVENTORY",), length="tiny"),
    S2Step("L2A_DS", 1, "L2A_DS", ("PDI_DS",), length="medium"),
    S2Step("L2A_DS", 2, "FORMAT_METADATA_DS_L2A", ("PDI_DS",)),
    S2Step("L2A_DS", 3, "OLQC_DS_L2A", ("REPORT",), length="tiny"),
    S2Step("L2A_DS", 4, "INV_MTD_L2A_DS", ("INVENTORY",), length="tiny"),
    S2Step("L2A_TL", 1, "L2A_TL", (_TL,), length="long"),
    S2Step("L2A_TL", 2, "COMPRESS_TILE_IMAGE", (_TL,), length="medium"),
    S2Step("L2A_TL", 3, "FORMAT_METADATA_TILE_L2A", (_TL,)),
    S2Step("L2A_TL", 4, "OLQC_TILE_L2A", ("REPORT",), length="tiny"),
    S2Step("L2A_TL", 5, "INV_MTD_L2A_TL", ("INVENTORY",), length="tiny"),
)

MEMORY_BYTES = {
    "L0U": 32 * GIB,
    "L0": 3 * GIB,
    "OLQC_L0DS": 3 * GIB,
    "OLQC_L0GR": 3 * GIB,
    "L1A": 6 * GIB,
    "L1AFormatDS": 10 * GIB,
    "L1AFormatGR": 10 * GIB,
    "L1B": 10 * GIB,
    "L1BNoGRI": 10 * GIB,
    "OLQC_L1BDS": 10 * GIB,
    "L1BFormatGR": 10 * GIB,
    "OLQC_L1CDS": 4 * GIB,
    "L1CTile": 4 * GIB,
    "OLQC_L1CTL": 4 * GIB,
    "L2A_DS": 32 * GIB,
    "L2A_TL": 32 * GIB,
}
"""Memory of one sub-task: what the original's worker of the mode may take, over its eight processes (L0U, L2A: one)."""
