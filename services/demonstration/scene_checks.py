"""The published image of the simulated Sentinel-1 scene, compared with the scene."""

import io
import tempfile
from pathlib import Path
from typing import NamedTuple

from refsys.chains.sentinel1.simulation.showcase import SceneTruth
from refsys.chains.sentinel1.target_quality import (
    AreaQuality,
    TargetQuality,
    image_windows,
    measure_areas,
    measure_targets,
)
from refsys.model.products import Product
from refsys.scheduler.system import System
from refsys.services.demonstration.results import CheckResult
from refsys.storage.publishing import export

L0_CHAIN, SLC_CHAIN, GRD_CHAIN = "S1-L0", "S1-L1-SLC", "S1-L1-GRD"

MOST_WIDTH_ERROR = 0.02
MOST_PSLR_ERROR_DB = 0.5
MOST_PLACE_ERROR_PIXELS = 0.05
MOST_PHASE_ERROR_DEG = 2.0
MOST_RCS_ERROR_DB = 0.1
MOST_SIGMA0_ERROR_DB = 0.1
MOST_AREA_ERROR_DB = 0.2
"""Speckle alone is worth 0.05 dB in an area."""


class SceneChecks(NamedTuple):
    """Comparisons, and the picture that shows them (PNG)."""

    checks: list[CheckResult]
    picture: bytes


def check_scene(system: System, product: Product, truth: SceneTruth) -> SceneChecks:
    """Compare a published complex image with the simulated scene.

    Parameters
    ----------
    system
        The home.
    product
        SLC product, as published.
    truth
        What the scene holds.
    """
    with tempfile.TemporaryDirectory(prefix="demo-", dir=system.settings.scratch_folder) as folder:
        place = export(product, system.store, Path(folder))
        targets, areas, windows = measure_targets(place, truth), measure_areas(place, truth), image_windows(place)
    from refsys.chains.sentinel1.target_figure import draw_targets  # noqa: PLC0415  (matplotlib, once a demo)

    picture = io.BytesIO()
    figure = draw_targets(targets, windows, title=product.name)
    figure.savefig(picture, metadata={"Software": None})
    return SceneChecks([*_response_checks(product, targets), *_area_checks(product, areas)], picture.getvalue())


def _area_checks(product: Product, areas: tuple[AreaQuality, ...]) -> list[CheckResult]:
    """Return one check of all areas together and one of the worst, which has a few thousand looks only."""
    pixels = sum(area.pixels for area in areas)
    mean = sum(area.pixels * area.sigma0_error_db for area in areas) / pixels
    worst = max(areas, key=lambda area: abs(area.sigma0_error_db))
    return [
        _check(
            product, f"backscatter of {pixels:,} simulated pixels, mean, dB from the truth", mean, MOST_SIGMA0_ERROR_DB
        ),
        _check(
            product,
            f"backscatter of {len(areas)} simulated areas, worst ({worst.name}), dB from the truth",
            worst.sigma0_error_db,
            MOST_AREA_ERROR_DB,
        ),
    ]


def _response_checks(product: Product, targets: tuple[TargetQuality, ...]) -> list[CheckResult]:
    """Return one check for each quantity, of its worst value over targets and axes."""
    axes = [axis for target in targets for axis in (target.azimuth, target.range)]
    theory = axes[0].expected.pslr_db
    rows = (
        ("width at -3 dB, part of theory's less 1", [axis.width_ratio - 1 for axis in axes], MOST_WIDTH_ERROR),
        (f"highest sidelobe, dB from theory's {theory:.1f}", [axis.pslr_error_db for axis in axes], MOST_PSLR_ERROR_DB),
        ("place, pixels from the truth", [axis.error for axis in axes], MOST_PLACE_ERROR_PIXELS),
        ("phase, degrees from that of the way", [target.phase_error_deg for target in targets], MOST_PHASE_ERROR_DEG),
        ("radar cross-section, dB from the truth", [target.rcs_error_db for target in targets], MOST_RCS_ERROR_DB),
    )
    return [
        _check(product, f"{len(targets)} simulated point targets, worst {what}", max(values, key=abs), most)
        for what, values, most in rows
    ]


def _check(product: Product, what: str, value: float, most: float) -> CheckResult:
    return CheckResult(
        chain=SLC_CHAIN,
        subject=product.name,
        what=what,
        value=round(value, 4),
        expected=f"within {most:g}",
        passed=abs(value) <= most,
    )
