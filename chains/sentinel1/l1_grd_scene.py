"""What a product of complex images shows in one polarisation: swaths, orbit, and the detected image's grid."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from refsys.chains.sentinel1.l1_grd_grid import GroundGrid, ground_grid
from refsys.chains.sentinel1.l1_grd_swath import Swath, open_swath
from refsys.chains.sentinel1.safe.reading import product_images
from refsys.kernels.sar.orbit import Orbit
from refsys.model.errors import InputCorrupt


class Scene(NamedTuple):
    """What one polarisation of a product shows.

    Attributes
    ----------
    epoch
        To the second; times count from it.
    orbit
        Of the annotation.
    swaths
        From near to far.
    grid
        Of the detected image.
    """

    epoch: datetime
    orbit: Orbit
    swaths: tuple[Swath, ...]
    grid: GroundGrid


def open_scene(folder: Path, polarisation: str, spacing_m: float) -> Scene:
    """Return what a product of complex images shows in one polarisation (`InputCorrupt` if it has none)."""
    images = [image for image in product_images(folder) if f"-{polarisation.lower()}-" in image.annotation.name]
    if not images:
        raise InputCorrupt(f"the product has no image of polarisation {polarisation}", where=folder.name)
    annotation = images[0].read_annotation()
    epoch = annotation.header.start.replace(microsecond=0)
    orbit = annotation.orbit.orbit(epoch)
    swaths = sorted((open_swath(image, epoch) for image in images), key=lambda swath: swath.grid.first_delay_s)
    return Scene(epoch, orbit, tuple(swaths), ground_grid(list(swaths), orbit, spacing_m))
