"""Figure of an SRAL Level-2 product: where the track lies, what was measured along it, and how the models fit."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from refsys.chains.sentinel3.sral_instrument import BINS
from refsys.chains.sentinel3.sral_l1b import SralL1b
from refsys.chains.sentinel3.sral_retracking import RetrackedTrack, SralL2

Float = npt.NDArray[np.float64]

_PLRM_COLOUR, _SAR_COLOUR, _INK = "#d1803a", "#1f5f8b", "#2b2b2b"
_SMOOTHING_RECORDS = 21
_FONT = 9


def figure(l2: SralL2, l1b: SralL1b) -> Figure:
    """Draw a product: map, three profiles against time, and one waveform of each mode with its fit.

    Parameters
    ----------
    l2
        The retracked product.
    l1b
        What it was retracked from.

    Returns
    -------
    A figure of 14 x 9 inches on an Agg canvas; `savefig` writes it.

    Raises
    ------
    ValueError
        If the two do not belong together.
    """
    if l2.source_product != l1b.product_name or l2.sar.time_s.size != l1b.sar.time_s.size:
        message = f"the Level-2 product of {l2.source_product} was not made from {l1b.product_name}"
        raise ValueError(message)
    drawing = Figure(figsize=(14, 9), dpi=110, facecolor="white")
    FigureCanvasAgg(drawing)
    grid = drawing.add_gridspec(
        3, 3, width_ratios=(1.0, 1.5, 1.0), left=0.05, right=0.98, top=0.88, bottom=0.07, wspace=0.24, hspace=0.2
    )
    _map(drawing, drawing.add_subplot(grid[:, 0]), l2)
    profiles = [drawing.add_subplot(grid[row, 1]) for row in range(3)]
    _profiles(profiles, l2)
    _waveform(drawing.add_subplot(grid[0, 2]), l1b.plrm.waveforms_count, l2.plrm, "PLRM", _PLRM_COLOUR)
    _waveform(drawing.add_subplot(grid[1, 2]), l1b.sar.waveforms_count, l2.sar, "SAR", _SAR_COLOUR)
    _summary(drawing.add_subplot(grid[2, 2]), l2)
    _titles(drawing, l2, l1b)
    return drawing


def _titles(drawing: Figure, l2: SralL2, l1b: SralL1b) -> None:
    start = np.datetime64("2000-01-01T00:00:00", "ms") + np.timedelta64(round(float(l2.sar.time_s[0]) * 1000), "ms")
    simulated = "   SIMULATED" if "simulated" in l1b.title.lower() else ""
    drawing.text(
        0.05, 0.955, f"{l2.mission} SRAL, along-track Level-2{simulated}", fontsize=16, weight="bold", color=_INK
    )
    drawing.text(0.05, 0.925, f"{l2.source_product}    from {start}Z", fontsize=9, color="#666666", family="monospace")


def _dressed(axes: Axes, title: str) -> Axes:
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=_INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def _map(drawing: Figure, axes: Axes, l2: SralL2) -> None:
    track = l2.sar
    longitude = np.unwrap(track.longitude_deg, period=360.0)
    swh = _running(np.where(track.good, track.swh_m, np.nan))
    limits = Normalize(*np.nanpercentile(swh, (1, 99))) if np.isfinite(swh).any() else Normalize(0.0, 1.0)
    points = np.column_stack([longitude, track.latitude_deg])
    segments = np.stack([points[:-1], points[1:]], axis=1)
    axes.add_collection(
        LineCollection(list(segments), array=swh[:-1], norm=limits, cmap="viridis", linewidths=7, capstyle="projecting")
    )
    _dressed(axes, "Ground track, coloured by SAR wave height")
    middle = float(np.mean(track.latitude_deg))
    span = max(np.ptp(track.latitude_deg), np.ptp(longitude) * np.cos(np.radians(middle)), 0.2) * 0.58
    wide = 0.62 * span / max(np.cos(np.radians(middle)), 0.05)
    axes.set_xlim(longitude.mean() - wide, longitude.mean() + wide)
    axes.set_ylim(middle - span, middle + span)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(_longitude_label))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):.2f}°{'N' if value >= 0 else 'S'}"))
    if axes.get_xlim()[0] < 0.0 < axes.get_xlim()[1]:
        axes.axvline(0.0, color="#999999", linewidth=1.0, linestyle=(0, (4, 3)))
        axes.text(0.0, axes.get_ylim()[0], " Greenwich", fontsize=8, color="#777777", va="bottom")
    colours = ScalarMappable(norm=limits, cmap="viridis")
    bar = drawing.colorbar(colours, ax=axes, orientation="horizontal", pad=0.06, fraction=0.035, aspect=30)
    bar.set_label("significant wave height (m)", fontsize=8)
    bar.ax.tick_params(labelsize=8)


def _longitude_label(value: float, _: int) -> str:
    wrapped = (value + 180.0) % 360.0 - 180.0
    return f"{abs(wrapped):.2f}°{'E' if wrapped >= 0 else 'W'}"


def _running(values: Float) -> Float:
    """Average over a second around each value, without the NaN; NaN stays NaN."""
    kernel = np.ones(min(_SMOOTHING_RECORDS, values.size))
    finite = np.isfinite(values)
    total = np.convolve(np.where(finite, values, 0.0), kernel, mode="same")
    count = np.convolve(finite.astype(np.float64), kernel, mode="same")
    return np.where(finite, total / np.maximum(count, 1.0), np.nan)


def _profiles(panels: list[Axes], l2: SralL2) -> None:
    start = min(l2.plrm.time_s[0], l2.sar.time_s[0])
    height = np.concatenate([(t.altitude_m - t.range_uncorrected_m)[t.good] for t in (l2.plrm, l2.sar)])
    level = float(np.median(height)) if height.size else 0.0
    titles = (
        "Significant wave height (m)",
        f"Altitude minus range, less {level:.2f} m (m); no geophysical correction",
        "Backscatter (dB)",
    )
    for axes, title in zip(panels, titles, strict=True):
        _dressed(axes, title)
    for track, label, colour in ((l2.plrm, "PLRM", _PLRM_COLOUR), (l2.sar, "SAR", _SAR_COLOUR)):
        seconds = track.time_s - start
        rows = (
            (track.swh_m, track.swh_uncertainty_m),
            (track.altitude_m - track.range_uncorrected_m - level, track.range_uncertainty_m),
            (track.sigma0_db, track.sigma0_uncertainty_db),
        )
        for axes, (values, uncertainty) in zip(panels, rows, strict=True):
            shown = np.where(track.good, values, np.nan)
            smooth, band = _running(shown), _running(np.where(track.good, uncertainty, np.nan))
            axes.plot(seconds, shown, ".", markersize=2.6, color=colour, alpha=0.35, zorder=2)
            axes.fill_between(seconds, smooth - band, smooth + band, color=colour, alpha=0.13, linewidth=0, zorder=1)
            axes.plot(seconds, smooth, color=colour, linewidth=1.9, label=label, zorder=3)
    panels[0].legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), fontsize=9, frameon=False, ncols=2)
    for axes in panels[:-1]:
        axes.tick_params(labelbottom=False)
    panels[-1].set_xlabel(
        "seconds along the track (6.7 km each); line: 1 s mean, band: uncertainty of one record",
        fontsize=_FONT,
        color=_INK,
    )


def _waveform(axes: Axes, waveforms: Float, track: RetrackedTrack, mode: str, colour: str) -> None:
    _dressed(axes, mode)
    good = np.flatnonzero(track.good)
    if good.size == 0:
        axes.text(0.5, 0.5, "no good record", transform=axes.transAxes, ha="center", fontsize=_FONT, color=_INK)
        return
    chosen = good[good.size // 2]
    top = np.nanmax(track.model_count[chosen])
    bins = np.arange(BINS)
    axes.fill_between(
        bins, waveforms[chosen] / top, step="mid", color=colour, alpha=0.22, linewidth=0, label="measured"
    )
    axes.step(bins, waveforms[chosen] / top, where="mid", color=colour, linewidth=0.8, alpha=0.8)
    axes.plot(bins, track.model_count[chosen] / top, color=_INK, linewidth=1.7, label="fitted model")
    axes.set_xlim(0, BINS - 1)
    axes.set_ylim(bottom=0)
    uncertainty = track.swh_uncertainty_m[chosen]
    text = f"one waveform, SWH {track.swh_m[chosen]:.2f} ± {uncertainty:.2f} m"
    _dressed(axes, f"{mode}: {text}")
    axes.legend(loc="upper right", fontsize=8, frameon=False)
    if mode == "SAR":
        axes.set_xlabel("bin (3.125 ns, 0.47 m of range)", fontsize=_FONT, color=_INK)


def _summary(axes: Axes, l2: SralL2) -> None:
    axes.axis("off")
    lines = [f"{'median of good records':24}{'PLRM':>10}{'SAR':>10}"]
    rows = (
        ("wave height (m)", "swh_m", 2),
        ("  uncertainty (m)", "swh_uncertainty_m", 2),
        ("range uncertainty (m)", "range_uncertainty_m", 3),
        ("backscatter (dB)", "sigma0_db", 2),
        ("  uncertainty (dB)", "sigma0_uncertainty_db", 2),
        ("misfit (1 = speckle)", "misfit", 2),
    )
    for title, field, digits in rows:
        values = [getattr(track, field)[track.good] for track in (l2.plrm, l2.sar)]
        cells = [f"{np.median(value):10.{digits}f}" if value.size else f"{'-':>10}" for value in values]
        lines.append(f"{title:24}{''.join(cells)}")
    counts = [f"{int(track.good.sum())}/{track.good.size}" for track in (l2.plrm, l2.sar)]
    lines.append(f"{'good records':24}{counts[0]:>10}{counts[1]:>10}")
    axes.text(
        0.0, 0.82, "\n".join(lines), transform=axes.transAxes, va="top", family="monospace", fontsize=8.5, color=_INK
    )
