"""Last step of S1-L1-SLC: the blocks as a product in SAFE form."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

import numpy as np
from pydantic import Field, JsonValue

from refsys.chains.sentinel1.l0_products import FIRST_LAUNCH
from refsys.chains.sentinel1.l1_geolocation import corners, utc
from refsys.chains.sentinel1.l1_quick_look import quick_look
from refsys.chains.sentinel1.l1_slc_annotation import slc_annotation, slc_calibration, slc_header, slc_noise
from refsys.chains.sentinel1.l1_slc_image import SlcImage, slc_images
from refsys.chains.sentinel1.onboard_orbit import NodeCrossing, node_crossing
from refsys.chains.sentinel1.safe.annotation import Annotation
from refsys.chains.sentinel1.safe.level1 import Level1Image, write_level1
from refsys.chains.sentinel1.safe.level1_manifest import Level1Content
from refsys.chains.sentinel1.safe.manifest_parts import OrbitReference, Origin
from refsys.chains.sentinel1.safe.zarr_form import write_zarr_form
from refsys.chains.units import ProductDraft, UnitContext, UnitOutcome
from refsys.kernels.sar.orbit import interpolate
from refsys.model.errors import InputCorrupt
from refsys.model.names_s1 import S1ProductName
from refsys.model.products import Quality
from refsys.model.values import Value

ZARR_FOLDER = "product.zarr"
"""The same product as a Zarr group, inside the SAFE folder."""


class ProductParameters(Value):
    """Parameters of `s1-l1-slc.product`; a product beyond one of the limits is degraded."""

    most_clipped: float = Field(1e-3, ge=0, le=1, description="Pixels beyond what 16 bits hold, part of all.")


def write_product(context: UnitContext, parameters: ProductParameters) -> UnitOutcome:
    """Write the product of all images that the steps before left.

    Raises
    ------
    InputCorrupt
        If there is no image, or one lacks blocks.
    """
    images = slc_images(context.before)
    if not images:
        raise InputCorrupt("the steps before left no image", where=context.step.name)
    source = S1ProductName.parse(images[0].facts.packets_name)
    node = _node(images[0])
    annotations = [
        slc_annotation(
            image, slc_header(image, source.orbit, source.data_take_id or 0, number), node.ascending_node_time
        )
        for number, image in enumerate(images, 1)
    ]
    content = _content(context, images, annotations, source, node)
    level1 = [_level1(image, annotation) for image, annotation in zip(images, annotations, strict=True)]
    context.progress(0.1, "quick-look")
    written = write_level1(context.out, content, level1, _picture(images[0], annotations[0]))
    context.progress(0.7, "Zarr form")
    write_zarr_form(context.out / written.name, context.out / written.name / ZARR_FOLDER)
    figures = _figures(context, images)
    reasons = _reasons(
        context, parameters, [(s.clipped, a.image) for s, a in zip(written.summaries, annotations, strict=True)]
    )
    figures["degraded_because"] = reasons
    draft = _draft(context, written.name, content, source, figures)
    return UnitOutcome(products=(draft,), figures=draft.figures)


def _node(image: SlcImage) -> NodeCrossing:
    facts = image.facts
    time = utc(facts.epoch, image.first_time_s)
    state = interpolate(facts.orbit.orbit(), np.array([image.first_time_s]))
    return node_crossing(round(time.timestamp() * 1e6) * 1000, state.position_m[0], state.velocity_m_s[0])


def _level1(image: SlcImage, annotation: Annotation) -> Level1Image:
    header = annotation.header
    return Level1Image(annotation, slc_calibration(image, header), slc_noise(image, header), image.rows())


def _picture(image: SlcImage, annotation: Annotation) -> bytes:
    said = annotation.image
    incidence = np.radians(said.mid_swath_incidence_deg)
    aspect = said.azimuth_spacing_m / (said.range_spacing_m / np.sin(incidence))
    return quick_look(image.rows(), image.lines, image.grid.samples, aspect=float(aspect))


def _content(
    context: UnitContext,
    images: list[SlcImage],
    annotations: list[Annotation],
    source: S1ProductName,
    node: NodeCrossing,
) -> Level1Content:
    facts = images[0].facts
    places = [corners(annotation.grid) for annotation in annotations]
    return Level1Content(
        satellite=facts.satellite,
        beam=facts.beam,
        swaths=tuple(dict.fromkeys(image.segment.swath for image in images)),
        product_type="SLC",
        polarisation=source.polarisation,
        start=min(annotation.header.start for annotation in annotations),
        stop=max(annotation.header.stop for annotation in annotations),
        orbit=OrbitReference(
            absolute_orbit=source.orbit,
            pass_direction=node.direction,
            ascending_node_time=node.ascending_node_time,
        ),
        data_take_id=source.data_take_id or 0,
        instrument_configuration_id=images[0].segment.codes["instrument_configuration_id"],
        segment_start=source.start,
        # Near corners of the first swath, far ones of the last.
        footprint=(places[0][0], places[-1][1], places[-1][2], places[0][3]),
        origin=Origin(
            processing="SLC Processing",
            start=context.creation_time,
            stop=context.creation_time,
            version=version("refsys"),
            inputs=facts.inputs,
            simulated=source.stop < FIRST_LAUNCH,
        ),
    )


def _figures(context: UnitContext, images: list[SlcImage]) -> dict[str, JsonValue]:
    decoded = [step.figures for step in context.before if "polarisation" in step.figures]
    segments: dict[str, JsonValue] = {}
    for image in images:
        segments[image.segment.name] = {
            "lines": image.lines,
            "samples": image.grid.samples,
            "blocks": len(image.blocks),
            "processing": image.segment.processing.plain(),
            "replica_source": image.segment.replica_source,
            "doppler_centroid_hz": image.segment.doppler_centroid_hz,
        }
    return {
        "beam": images[0].facts.beam,
        "polarisations": list(dict.fromkeys(image.segment.polarisation for image in images)),
        "orbit_source": images[0].facts.orbit.source,
        "images": segments,
        "raw_data": [dict(figures) for figures in decoded],
    }


def _reasons(context: UnitContext, parameters: ProductParameters, clipped: list[tuple[int, Any]]) -> list[JsonValue]:
    reasons: list[JsonValue] = []
    for step in context.before:
        reasons += cast("list[JsonValue]", step.figures.get("degraded_because", []))
    for pixels, image in clipped:
        if pixels > parameters.most_clipped * image.lines * image.samples:
            reasons.append(f"{pixels} pixels are beyond what 16 bits hold")
    return reasons


def _draft(
    context: UnitContext, name: str, content: Level1Content, source: S1ProductName, figures: Mapping[str, JsonValue]
) -> ProductDraft:
    ring = [[longitude, latitude] for latitude, longitude in (*content.footprint, content.footprint[0])]
    return ProductDraft(
        name=name,
        product_type=f"{content.beam}_SLC__1S",
        mission="S1",
        satellite=content.satellite,
        start=content.start,
        stop=content.stop,
        creation_time=context.creation_time,
        footprint={"type": "Polygon", "coordinates": [ring]},
        quality=Quality.DEGRADED if figures["degraded_because"] else Quality.NOMINAL,
        figures={**figures, "orbit": source.orbit, "simulated": content.origin.simulated},
        volatile=context.volatile(name),
    )
