"""Picture of measured point targets: the response of one, its cuts beside theory, and a table of all."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from refsys.chains.sentinel1.target_quality import Axis, TargetQuality, Windows
from refsys.kernels.sar.windows import Window

_OVERSAMPLING = 8
_FLOOR_DB = -50.0
_REACH_PIXELS = 14.0
_INK, _SOFT, _MEASURED, _THEORY = "#2b2b2b", "#b8c4cc", "#1f5f8b", "#d1803a"
_COLUMNS = (
    "target",
    "axis",
    "width, pixels",
    "theory",
    "PSLR, dB",
    "theory",
    "ISLR, dB",
    "theory",
    "place, pixels",
    "phase, deg",
    "cross-section, dB",
)


def draw_targets(targets: tuple[TargetQuality, ...], windows: Windows, *, title: str) -> Figure:
    """Draw the target that is nearest to the middle of the list, and a table of all.

    Parameters
    ----------
    targets
        As measured, one at least.
    windows
        Of the image.
    title
        Name of the product.

    Returns
    -------
    matplotlib.figure.Figure
        On an Agg canvas; `savefig` writes it.
    """
    shown = targets[len(targets) // 2]
    rows = 2 * len(targets) + 1
    figure = Figure(figsize=(14, 5.2 + 0.2 * rows), dpi=100, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"{title}\nsimulated scene, response of target {shown.name}", fontsize=11, color=_INK, x=0.01, ha="left"
    )
    grid = figure.add_gridspec(2, 3, height_ratios=(4.4, 0.2 * rows))
    fine = _oversampled(shown.chip)
    peak = np.unravel_index(int(np.argmax(np.abs(fine))), fine.shape)
    decibels = 20 * np.log10(np.maximum(np.abs(fine) / np.abs(fine[peak]), 1e-6))
    _response(figure.add_subplot(grid[0, 0]), decibels, (int(peak[0]), int(peak[1])))
    cuts = (("azimuth", decibels[:, peak[1]], shown.azimuth, windows.azimuth, windows.null_pixels[0], peak[0]),
            ("range", decibels[peak[0], :], shown.range, windows.range, windows.null_pixels[1], peak[1]))  # fmt: skip
    for column, (name, cut, axis, window, null, at) in enumerate(cuts, start=1):
        _cut(figure.add_subplot(grid[0, column]), name, cut, axis, (window, null, int(at)))
    _table(figure.add_subplot(grid[1, :]), targets)
    return figure


def _oversampled(chip: NDArray[np.complex64]) -> NDArray[np.complex128]:
    """Return the chip on a grid `_OVERSAMPLING` times as dense."""
    size = chip.shape[0]
    spectrum = np.fft.fftshift(np.fft.fft2(chip))
    wide = np.zeros((size * _OVERSAMPLING, size * _OVERSAMPLING), np.complex128)
    first = (wide.shape[0] - size) // 2
    wide[first : first + size, first : first + size] = spectrum
    return np.asarray(np.fft.ifft2(np.fft.ifftshift(wide)) * _OVERSAMPLING**2)


def _response(axes: Axes, decibels: NDArray[np.float64], peak: tuple[int, int]) -> None:
    reach = int(_REACH_PIXELS * _OVERSAMPLING)
    part = decibels[peak[0] - reach : peak[0] + reach + 1, peak[1] - reach : peak[1] + reach + 1]
    extent = (-_REACH_PIXELS, _REACH_PIXELS, _REACH_PIXELS, -_REACH_PIXELS)
    image = axes.imshow(part, extent=extent, vmin=_FLOOR_DB, vmax=0, cmap="magma", interpolation="nearest")
    axes.set_xlabel("range, pixels")
    axes.set_ylabel("azimuth, pixels")
    axes.figure.colorbar(image, ax=axes, label="dB", shrink=0.85)
    axes.set_title("power", fontsize=10, color=_INK, loc="left")


def _cut(axes: Axes, name: str, cut: NDArray[np.float64], axis: Axis, theory: tuple[Window, float, int]) -> None:
    window, null, peak = theory
    pixels = (np.arange(cut.size) - peak) / _OVERSAMPLING
    near = np.abs(pixels) <= _REACH_PIXELS
    response = np.abs(window.response(pixels[near] / (null * window.bandwidth_hz)))
    axes.plot(pixels[near], 20 * np.log10(np.maximum(response, 1e-6)), color=_THEORY, lw=2.4, label="theory")
    axes.plot(pixels[near], cut[near], color=_MEASURED, lw=1.1, label="measured")
    axes.set_ylim(_FLOOR_DB, 2)
    axes.set_xlim(-_REACH_PIXELS, _REACH_PIXELS)
    axes.grid(color=_SOFT, lw=0.4)
    axes.set_xlabel(f"{name}, pixels")
    axes.set_ylabel("dB")
    axes.legend(loc="upper right", fontsize=8, frameon=False)
    words = f"{name}: width {axis.measured.width:.3f} pixels (theory {axis.expected.width:.3f})\n"
    pslr = f"PSLR {axis.measured.pslr_db:.2f} dB (theory {axis.expected.pslr_db:.2f})"
    axes.set_title(words + pslr, fontsize=9, color=_INK, loc="left")


def _table(axes: Axes, targets: tuple[TargetQuality, ...]) -> None:
    axes.axis("off")
    lines = [_line(target, name, getattr(target, name)) for target in targets for name in ("azimuth", "range")]
    table = axes.table(cellText=lines, colLabels=_COLUMNS, loc="upper center", cellLoc="right", edges="horizontal")
    table.auto_set_font_size(False)
    table.set_fontsize(8)


def _line(target: TargetQuality, name: str, axis: Axis) -> list[str]:
    first = name == "azimuth"
    return [
        target.name if first else "",
        name,
        f"{axis.measured.width:.3f}",
        f"{axis.expected.width:.3f}",
        f"{axis.measured.pslr_db:.2f}",
        f"{axis.expected.pslr_db:.2f}",
        f"{axis.measured.islr_db:.2f}",
        f"{axis.expected.islr_db:.2f}",
        f"{axis.error:+.3f}",
        f"{target.phase_error_deg:+.2f}" if first else "",
        f"{target.rcs_error_db:+.2f}" if first else "",
    ]
