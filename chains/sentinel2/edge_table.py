"""What each step reads of which step before it: true dependencies in place of barriers between pools.

A sub-task follows those of the producer that share its part of every axis named; an axis that either side does not
divide is whole there, so it always shares. Sources: input and output types of the task tables (interface scheme 6.1),
the launcher's mapping of inputs to producers, and where that does not say who, every producer of the type in an earlier
pool of the chain of modes (only the last ones stand here, if they follow the others anyway).
"""

from dataclasses import dataclass

from refsys.chains.sentinel2.step_table import Axis


@dataclass(frozen=True)
class S2Edge:
    """Consumer reads `product` of producer; both are `<mode>/<step>`."""

    consumer: str
    product: str
    producer: str
    axes: tuple[Axis, ...] = ()


_D: tuple[Axis, ...] = ("detector",)
_B: tuple[Axis, ...] = ("band",)
_BD: tuple[Axis, ...] = ("band", "detector")
_SD: tuple[Axis, ...] = ("scene", "detector")
_Q: tuple[Axis, ...] = ("ql_band",)
_GR = "PDI_DS_GR_LIST"
_TL = "PDI_DS_TILE_LIST"


def _edges(consumer: str, *reads: tuple[str, str, tuple[Axis, ...]]) -> tuple[S2Edge, ...]:
    return tuple(S2Edge(consumer, product, producer, axes) for product, producer, axes in reads)


_L0 = (
    *_edges("L0U/GSE", ("PDI_SAD", "L0U/EISP_ING_TYP", ())),
    *_edges(
        "L0/QL_GEO",
        ("PDI_DS", "L0/INIT_LOC_L0", ()),
        (_GR, "L0/INIT_LOC_L0", ()),
        ("ISP_INFOS", "L0/FORMAT_ISP", _D),
    ),
    *_edges("L0/QL_CLOUD_MASK", ("QUICKLOOK_GEO", "L0/QL_GEO", ()), ("PDI_DS", "L0/INIT_LOC_L0", ())),
    *_edges(
        "L0/FORMAT_IMG_QL_L0",
        ("QUICKLOOK_CM", "L0/QL_CLOUD_MASK", ()),
        ("PDI_DS", "L0/INIT_LOC_L0", ()),
        (_GR, "L0/QL_GEO", _Q),
    ),
    *_edges(
        "L0/FORMAT_METADATA_GR_L0C",
        ("PDI_GR_LIST", "L0/FORMAT_ISP", _D),
        ("ISP_INFOS", "L0/FORMAT_ISP", _D),
        (_GR, "L0/INIT_LOC_L0", ()),
        (_GR, "L0/QL_GEO", _D),
        ("VECTOR", "L0/QL_CLOUD_MASK", ()),
    ),
    *_edges(
        "L0/FORMAT_METADATA_DS_L0C",
        ("PDI_DS", "L0/INIT_LOC_L0", ()),
        ("QUICKLOOK", "L0/FORMAT_IMG_QL_L0", ()),
        ("ISP_INFOS", "L0/FORMAT_ISP", ()),
        (_GR, "L0/FORMAT_METADATA_GR_L0C", ()),
    ),
    *_edges("OLQC_L0DS/OLQC_DS_L0", ("PDI_DS", "L0/FORMAT_METADATA_DS_L0C", ())),
    *_edges(
        "OLQC_L0GR/OLQC_GR_L0",
        (_GR, "L0/FORMAT_METADATA_GR_L0C", _D),
        ("PDI_GR_LIST", "L0/FORMAT_ISP", _D),
    ),
)

_L1A = (
    *_edges("L1A/QL_CLOUD_MASK", ("QUICKLOOK", "L1A/QL_DECOMP", ()), ("PDI_DS", "L1A/UNFORMAT_SAFE_DS", ())),
    *_edges(
        "L1A/UPDATE_LOC",
        ("PDI_DS", "L1A/UNFORMAT_SAFE_DS", ()),
        ("PDI_SAD", "L1A/UNFORMAT_SAFE_DS", ()),
        (_GR, "L1A/UNFORMAT_SAFE_GR", ()),
    ),
    *_edges(
        "L1A/DECOMP",
        ("PDI_DS", "L1A/UPDATE_LOC", ()),
        (_GR, "L1A/UPDATE_LOC", ()),
        ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
    ),
    *_edges(
        "L1A/INIT_LOC_L1",
        ("PDI_DS", "L1A/UPDATE_LOC", ()),
        ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
        (_GR, "L1A/DECOMP", _D),
        ("VECTOR", "L1A/QL_CLOUD_MASK", ()),
    ),
    *_edges(
        "L1A/RADIO_AB",
        ("PDI_DS", "L1A/UPDATE_LOC", ()),
        ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
        ("PDI_ATF_LIST", "L1A/DECOMP", _SD),
        (_GR, "L1A/DECOMP", _SD),
        ("VECTOR", "L1A/DECOMP", _SD),
        ("VECTOR", "L1A/QL_CLOUD_MASK", ()),
    ),
    *_edges(
        "L1A/RADIO_FINALIZE",
        ("PDI_DS", "L1A/UPDATE_LOC", ()),
        ("PDI_GR_LIST", "L1A/RADIO_AB", _D),
        ("VECTOR", "L1A/RADIO_AB", _D),
        ("VECTOR", "L1A/DECOMP", _BD),
        ("VECTOR", "L1A/INIT_LOC_L1", _D),
    ),
    *_edges(
        "L1A/GET_GRI",
        ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
        ("VECTOR_DS_FOOTPRINT", "L1A/RADIO_FINALIZE", ()),
        ("VECTOR", "L1A/INIT_LOC_L1", ()),
    ),
    *_edges(
        "L1AFormatDS/FORMAT_METADATA_DS_L1A",
        ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
        ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
    ),
    *_edges("L1AFormatDS/OLQC_DS_L1A", ("PDI_DS", "L1AFormatDS/FORMAT_METADATA_DS_L1A", ())),
    *_edges(
        "L1AFormatGR/FORMAT_IMG_L1A",
        ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
        ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
        ("PDI_GR_LIST", "L1A/RADIO_AB", _SD),
        ("PDI_ATF_LIST", "L1A/RADIO_AB", _SD),
        (_GR, "L1A/INIT_LOC_L1", _D),
    ),
    *_edges(
        "L1AFormatGR/FORMAT_METADATA_GR_L1A",
        ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
        ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
        ("PDI_GR_LIST", "L1AFormatGR/FORMAT_IMG_L1A", _D),
        (_GR, "L1A/INIT_LOC_L1", _D),
        ("VECTOR", "L1A/RADIO_FINALIZE", _D),
    ),
    *_edges(
        "L1AFormatGR/OLQC_GR_L1A",
        (_GR, "L1AFormatGR/FORMAT_METADATA_GR_L1A", _D),
        ("PDI_GR_LIST", "L1AFormatGR/FORMAT_IMG_L1A", _D),
    ),
)

_L1B = (
    *_edges("L1B/INIT_VS_GEO", ("PDI_DS", "L1A/RADIO_FINALIZE", ())),
    *_edges(
        "L1B/UNFORMAT_GRI-mask",
        ("GRI_ORBIT", "L1A/GET_GRI", ()),
        ("GRI_LIST_FILE", "L1A/GET_GRI", ()),
        ("VECTOR", "L1A/RADIO_FINALIZE", _D),
    ),
    *_edges(
        "L1B/UNFORMAT_GRI-image",
        ("GRI_ORBIT", "L1A/GET_GRI", ()),
        ("GRI_LIST_FILE", "L1A/GET_GRI", ()),
        ("VECTOR", "L1A/RADIO_FINALIZE", ()),
    ),
    *(
        edge
        for variant in ("image", "gri")
        for edge in _edges(
            f"L1B/RESAMPLE_TO_VS-{variant}",
            ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
            ("PDI_ATF_LIST", "L1A/RADIO_AB", _D),
            ("VECTOR", "L1A/RADIO_FINALIZE", _D),
            ("SEGMENTATION_FILE", "L1B/INIT_VS_GEO", ()),
            ("VIRTUAL_SENSOR", "L1B/INIT_VS_GEO", ()),
            ("GRI_ORBIT", "L1A/GET_GRI", ()),
            ("GRI_ORBIT", "L1B/UNFORMAT_GRI-mask", _D),
            ("GRI_ORBIT", "L1B/UNFORMAT_GRI-image", ()),
        )
    ),
    *_edges(
        "L1B/TP_COLLECT",
        ("SEGMENTATION_FILE", "L1B/INIT_VS_GEO", ()),
        ("VIRTUAL_SENSOR", "L1B/RESAMPLE_TO_VS-image", _D),
        ("VIRTUAL_SENSOR", "L1B/RESAMPLE_TO_VS-gri", _D),
        ("VECTOR", "L1B/RESAMPLE_TO_VS-image", _D),
        ("VECTOR", "L1B/RESAMPLE_TO_VS-gri", _D),
    ),
    *_edges(
        "L1B/TP_FILTER",
        ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
        ("SEGMENTATION_FILE", "L1B/INIT_VS_GEO", ()),
        ("VIRTUAL_SENSOR", "L1B/TP_COLLECT", _D),
        ("TIE_POINTS", "L1B/TP_COLLECT", _D),
    ),
    *_edges(
        "L1B/SPATIO",
        ("PDI_DS", "L1A/RADIO_FINALIZE", ()),
        ("VIRTUAL_SENSOR", "L1B/TP_FILTER", ()),
        ("HOMOLOG_POINTS_LIST", "L1B/TP_FILTER", ()),
        ("GCP_POINTS", "L1B/TP_COLLECT", ()),
        ("TIE_POINTS", "L1B/TP_COLLECT", ()),
    ),
    *_edges("L1B/GEO1B_FINALIZE", ("PDI_DS", "L1B/SPATIO", ())),
    *_edges("L1BNoGRI/GEO1B_FINALIZE", ("PDI_DS", "L1A/RADIO_FINALIZE", ())),
)


def _l1b_end(mode: str) -> tuple[S2Edge, ...]:
    """Return the edges that are alike with and without reference images."""
    finalize, metadata = f"{mode}/GEO1B_FINALIZE", f"{mode}/FORMAT_METADATA_DS_L1B"
    refined = "L1B/SPATIO" if mode == "L1B" else "L1A/RADIO_FINALIZE"
    return (
        *_edges(finalize, (_GR, "L1A/INIT_LOC_L1", _D), ("FRAME_FILE", "L1A/UPDATE_LOC", ())),
        *_edges(
            metadata,
            ("PDI_DS", refined, ()),
            ("VECTOR", finalize, ()),
            ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
            ("GRI_LIST_FILE", "L1A/GET_GRI", ()),
        ),
        *_edges(
            f"{mode}/GET_TILE_LIST",
            ("PDI_DS", metadata, ()),
            ("VECTOR", metadata, ()),
        ),
        *_edges("OLQC_L1BDS/OLQC_DS_L1B", ("PDI_DS", metadata, ())),
        *_edges(
            "L1BFormatGR/FORMAT_IMG_L1B",
            ("PDI_DS", metadata, ()),
            ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
            ("PDI_GR_LIST", "L1A/RADIO_AB", _SD),
            ("PDI_ATF_LIST", "L1A/RADIO_AB", _SD),
            (_GR, finalize, _D),
            (_GR, "L1A/INIT_LOC_L1", _D),
        ),
        *_edges(
            "L1BFormatGR/FORMAT_METADATA_GR_L1B",
            ("PDI_DS", metadata, ()),
            ("FRAME_FILE", "L1A/UPDATE_LOC", ()),
            ("PDI_GR_LIST", "L1BFormatGR/FORMAT_IMG_L1B", _SD),
            (_GR, finalize, _D),
            (_GR, "L1A/INIT_LOC_L1", _D),
            ("VECTOR", "L1A/RADIO_FINALIZE", _D),
        ),
        *_edges(
            "OLQC_L1CDS/FORMAT_METADATA_DS_L1C",
            ("PDI_DS", metadata, ()),
            ("PDI_DS", f"{mode}/GET_TILE_LIST", ()),
            ("GRI_LIST_FILE", "L1A/GET_GRI", ()),
        ),
    )


_L1_FORMAT = (
    *_edges(
        "L1BFormatGR/OLQC_GR_L1B",
        (_GR, "L1BFormatGR/FORMAT_METADATA_GR_L1B", _D),
        ("PDI_GR_LIST", "L1BFormatGR/FORMAT_IMG_L1B", _D),
    ),
    *_edges("OLQC_L1CDS/OLQC_DS_L1C", ("PDI_DS", "OLQC_L1CDS/FORMAT_METADATA_DS_L1C", ())),
)

_TILE = (
    *_edges("L1CTile/GEN_ORTHO_TOA", (_TL, "L1CTile/TILE_INIT", ())),
    *_edges("L1CTile/TILE_FINALIZE", (_TL, "L1CTile/TILE_INIT", ()), (_TL, "L1CTile/GEN_ORTHO_TOA", ())),
    *_edges("L1CTile/MASK_S2", (_TL, "L1CTile/TILE_FINALIZE", ()), (_TL, "L1CTile/GEN_ORTHO_TOA", ())),
    *_edges(
        "L1CTile/FORMAT_IMG_L1C",
        (_TL, "L1CTile/MASK_S2", ()),
        ("VECTOR", "L1CTile/MASK_S2", ()),
        (_TL, "L1CTile/GEN_ORTHO_TOA", _B),
    ),
    *_edges("L1CTile/FORMAT_IMG_PVI_TCI", (_TL, "L1CTile/MASK_S2", ()), (_TL, "L1CTile/GEN_ORTHO_TOA", ())),
    *_edges(
        "L1CTile/FORMAT_METADATA_TILE_L1C",
        (_TL, "L1CTile/TILE_INIT", ()),
        (_TL, "L1CTile/MASK_S2", ()),
        (_TL, "L1CTile/FORMAT_IMG_L1C", ()),
        ("PDI_DS_PVI_LIST", "L1CTile/FORMAT_IMG_PVI_TCI", ()),
    ),
    *_edges("OLQC_L1CTL/OLQC_TILE_L1C", (_TL, "L1CTile/FORMAT_METADATA_TILE_L1C", ())),
    *_edges(
        "OLQC_L1CTL/INV_MTD_L1C",
        (_TL, "L1CTile/FORMAT_METADATA_TILE_L1C", ()),
        ("REPORT", "OLQC_L1CTL/OLQC_TILE_L1C", ()),
    ),
    *_edges("L2A_DS/FORMAT_METADATA_DS_L2A", ("PDI_DS", "L2A_DS/L2A_DS", ())),
    *_edges("L2A_DS/OLQC_DS_L2A", ("PDI_DS", "L2A_DS/FORMAT_METADATA_DS_L2A", ())),
    *_edges("L2A_DS/INV_MTD_L2A_DS", ("REPORT", "L2A_DS/OLQC_DS_L2A", ())),
    *_edges("L2A_TL/COMPRESS_TILE_IMAGE", (_TL, "L2A_TL/L2A_TL", ())),
    *_edges("L2A_TL/FORMAT_METADATA_TILE_L2A", (_TL, "L2A_TL/COMPRESS_TILE_IMAGE", ())),
    *_edges("L2A_TL/OLQC_TILE_L2A", (_TL, "L2A_TL/FORMAT_METADATA_TILE_L2A", ())),
    *_edges("L2A_TL/INV_MTD_L2A_TL", ("REPORT", "L2A_TL/OLQC_TILE_L2A", ())),
)

_BOTH = (_l1b_end("L1B"), _l1b_end("L1BNoGRI"))
EDGES = (*_L0, *_L1A, *_L1B, *_BOTH[0], *(edge for edge in _BOTH[1] if edge not in _BOTH[0]), *_L1_FORMAT, *_TILE)
"""Every true dependency; those of a mode that a graph does not have fall away."""
