"""Chain S1-L1-GRD: complex images of Sentinel-1 to detected ones in ground range.

Two units: `s1-l1-grd.detect`, once per polarisation, averages intensities onto the ground-range grid and merges bursts
and swaths; `s1-l1-grd.product` writes the product.
"""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from refsys.chains.sentinel1.l0_products import lasting_name
from refsys.chains.sentinel1.l1_geolocation import corners
from refsys.chains.sentinel1.l1_grd_annotation import grd_annotation, grd_calibration, grd_header
from refsys.chains.sentinel1.l1_grd_detect import BLOCK_LINES, INTENSITY, Detection, write_intensity
from refsys.chains.sentinel1.l1_grd_noise import grd_noise
from refsys.chains.sentinel1.l1_grd_scene import Scene, open_scene
from refsys.chains.sentinel1.l1_quick_look import quick_look
from refsys.chains.sentinel1.l1_slc_product import ZARR_FOLDER
from refsys.chains.sentinel1.safe.level1 import Level1Image, write_level1
from refsys.chains.sentinel1.safe.level1_manifest import Level1Content
from refsys.chains.sentinel1.safe.manifest_parts import Origin
from refsys.chains.sentinel1.safe.reading import read_level1_manifest
from refsys.chains.sentinel1.safe.zarr_form import write_zarr_form
from refsys.chains.units import Predecessor, ProductDraft, UnitContext, UnitOutcome, unit
from refsys.model.errors import InputCorrupt
from refsys.model.products import Quality
from refsys.model.values import Value

GRD_SCALE = 2.0
"""Amplitudes of the detected image over those of the complex ones: finer steps where 16 bits have no sign."""


class DetectParameters(Value):
    """Parameters of `s1-l1-grd.detect`."""

    polarisation: str = Field(min_length=1, description="Polarisation; set by the planner.")
    spacing_m: float = Field(10.0, gt=0, description="From pixel to pixel, along and across.")
    width_m: float = Field(20.0, gt=0, description="Of the box that each pixel is the mean of.")
    minimum_fraction: float = Field(0.75, gt=0, le=1, description="Part of a box that must hold data.")
    border_fraction: float = Field(
        0.5, ge=0, lt=1, description="Of the noise power; edges that stay below it hold no echoes. 0: not looked for."
    )
    remove_thermal_noise: bool = Field(
        False, description="Subtract the noise that is annotated; what falls below zero becomes the lowest pixel value."
    )


class ProductParameters(Value):
    """Parameters of `s1-l1-grd.product`; a product beyond one of the limits is degraded."""

    most_clipped: float = Field(1e-3, ge=0, le=1, description="Pixels beyond what 16 bits hold, part of all.")


@unit("s1-l1-grd.detect", version="1", parameters=DetectParameters)
def detect(context: UnitContext, parameters: DetectParameters) -> UnitOutcome:
    """Detect the images of one polarisation into the workspace."""
    source = context.input("slc")
    scene = open_scene(source.folder, parameters.polarisation, parameters.spacing_m)
    detection = Detection(
        parameters.width_m, parameters.minimum_fraction, parameters.border_fraction, parameters.remove_thermal_noise
    )
    found = write_intensity(
        scene,
        detection,
        context.open_workspace(),
        lambda fraction: context.progress(fraction, f"{parameters.polarisation} detected"),
    )
    figures: dict[str, JsonValue] = {
        "polarisation": parameters.polarisation,
        "spacing_m": parameters.spacing_m,
        "width_m": parameters.width_m,
        "noise_removed": parameters.remove_thermal_noise,
        "border_pixels": found.masked,
        "pixels_below_noise": found.below_noise,
    }
    return UnitOutcome(figures=figures)


@unit("s1-l1-grd.product", version="1", parameters=ProductParameters)
def product(context: UnitContext, parameters: ProductParameters) -> UnitOutcome:
    """Write the product."""
    source = context.input("slc")
    said = read_level1_manifest(source.folder)
    images, scenes = [], []
    for number, step in enumerate(sorted(context.before, key=lambda step: str(step.figures["polarisation"])), 1):
        figures: Any = step.figures
        scene = open_scene(source.folder, figures["polarisation"], figures["spacing_m"])
        header = grd_header(scene, number)
        removed = bool(figures["noise_removed"])
        annotation = grd_annotation(scene, header, figures["width_m"], GRD_SCALE, noise_removed=removed)
        constant = _constant(scene)
        calibration = grd_calibration(scene, header, constant * GRD_SCALE**2)
        noise = grd_noise(scene, header, GRD_SCALE**2)
        images.append(Level1Image(annotation, calibration, noise, _amplitudes(step)))
        scenes.append(scene)
    content = _content(context, said, images)
    grid = scenes[0].grid
    picture = quick_look(_amplitudes(context.before[0]), grid.lines, grid.samples)
    written = write_level1(context.out, content, images, picture)
    context.progress(0.7, "Zarr form")
    write_zarr_form(context.out / written.name, context.out / written.name / ZARR_FOLDER)
    clipped = sum(summary.clipped for summary in written.summaries)
    reasons: list[JsonValue] = ["input is degraded"] if source.ref.quality is Quality.DEGRADED else []
    if clipped > parameters.most_clipped * grid.lines * grid.samples * len(images):
        reasons.append(f"{clipped} pixels are beyond what 16 bits hold")
    shown: dict[str, JsonValue] = {
        "beam": content.beam,
        "polarisations": [image.annotation.header.polarisation for image in images],
        "lines": grid.lines,
        "samples": grid.samples,
        "spacing_m": grid.spacing_m,
        "simulated": content.origin.simulated,
        "orbit": content.orbit.absolute_orbit,
        "noise_removed": all(step.figures["noise_removed"] for step in context.before),
        "border_pixels": sum(int(str(step.figures["border_pixels"])) for step in context.before),
        "degraded_because": reasons,
    }
    draft = _draft(context, written.name, content, shown)
    return UnitOutcome(products=(draft,), figures=draft.figures)


def _constant(scene: Scene) -> float:
    """Return DN squared of unit beta0 in the complex images; it must be one for all of them."""
    values = {
        round(float(value), 6)
        for swath in scene.swaths
        for vector in swath.image.read_calibration().vectors
        for value in vector.beta_nought
    }
    if len(values) != 1:
        raise InputCorrupt(
            f"beta0 has {len(values)} constants where one must be", where=scene.swaths[0].image.calibration
        )
    return values.pop() ** 2


def _amplitudes(step: Predecessor) -> Iterator[NDArray[np.float32]]:
    """Yield amplitudes, some lines at a time; 0 where there are no data, and nowhere else."""
    if step.workspace is None:
        raise InputCorrupt("the step before left no image", where=step.name)
    array: Any = step.workspace[INTENSITY]
    for first in range(0, array.shape[0], BLOCK_LINES):
        intensity = np.asarray(array[first : first + BLOCK_LINES], np.float32)
        amplitude = np.maximum(np.float32(GRD_SCALE) * np.sqrt(intensity), np.float32(1))
        yield np.nan_to_num(amplitude, nan=0.0)


def _content(context: UnitContext, said: Level1Content, images: list[Level1Image]) -> Level1Content:
    header = images[0].annotation.header
    places = corners(images[0].annotation.grid)
    origin = Origin(
        processing="GRD Processing",
        start=context.creation_time,
        stop=context.creation_time,
        version=version("refsys"),
        inputs=((lasting_name(context.input("slc").ref.name), "slc"),),
        simulated=said.origin.simulated,
    )
    return said.model_copy(
        update={
            "swaths": (header.swath,),
            "product_type": "GRD",
            "resolution": "H",
            "start": header.start,
            "stop": header.stop,
            "footprint": tuple(places),
            "origin": origin,
        }
    )


def _draft(context: UnitContext, name: str, content: Level1Content, figures: dict[str, JsonValue]) -> ProductDraft:
    ring = [[longitude, latitude] for latitude, longitude in (*content.footprint, content.footprint[0])]
    return ProductDraft(
        name=name,
        product_type=f"{content.beam}_GRDH_1S",
        mission="S1",
        satellite=content.satellite,
        start=content.start,
        stop=content.stop,
        creation_time=context.creation_time,
        footprint={"type": "Polygon", "coordinates": [ring]},
        quality=Quality.DEGRADED if figures["degraded_because"] else Quality.NOMINAL,
        figures=figures,
        volatile=context.volatile(name),
    )
