"""Picture of inspected Sentinel-1 packets: one row of panels for each kind of signal."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from refsys.chains.sentinel1.inspection import Inspection, nominal_pulse
from refsys.chains.sentinel1.l0_labels import SIGNAL_ECHO, SIGNAL_NOISE, SIGNAL_TX_CAL, label
from refsys.chains.sentinel1.l0_product import utc_texts
from refsys.kernels.sentinel1.baq import NO_BRC, STATUS_OK
from refsys.kernels.sentinel1.chirp import OVERSAMPLING, SIDELOBE_SAMPLES, PulseQuality, compress_pulse, measure_pulse

_SMOOTHED_SAMPLES = 128
_HALF_BINS = 20
_FLOOR_DB = -45.0
_PHASE_REACH_DEG = 30.0
_ROW_INCHES = 3.1
_HEAD_INCHES = 0.9
_FIRST_KINDS = (SIGNAL_NOISE, SIGNAL_ECHO, SIGNAL_TX_CAL)
_I_COLOUR, _Q_COLOUR, _SOFT, _INK = "#1f5f8b", "#d1803a", "#b8c4cc", "#2b2b2b"
_KIND_COLOURS = {SIGNAL_NOISE: "#7a7a7a", SIGNAL_ECHO: "#1f5f8b", SIGNAL_TX_CAL: "#d1803a"}
_OTHER_COLOUR = "#5b8c5a"


def draw_inspection(inspection: Inspection, *, title: str) -> Figure:
    """Draw the first decoded packet of each kind of signal, and the power of all packets if there are more.

    Parameters
    ----------
    inspection
        What was decoded; it may be nothing.
    title
        Name of the file of packets.

    Returns
    -------
    matplotlib.figure.Figure
        On an Agg canvas, belonging to no window; `savefig` writes it.
    """
    shown = _first_of_each_kind(inspection)
    overview = inspection.flags.size > len(shown) and inspection.flags.size > 1
    rows = max(len(shown), 1) + overview
    figure = Figure(figsize=(14, _HEAD_INCHES + _ROW_INCHES * rows), dpi=100, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(_headline(inspection, title), fontsize=11, color=_INK, x=0.01, ha="left")
    grid = figure.add_gridspec(rows, 3)
    if overview:
        _overview(figure.add_subplot(grid[0, :]), inspection)
    for row, packet in enumerate(shown, start=int(overview)):
        panels = [figure.add_subplot(grid[row, column]) for column in range(3)]
        if inspection.headers["ses_signal_type"][packet] == SIGNAL_TX_CAL:
            _pulse_row(panels, inspection, packet)
        else:
            _signal_row(panels, inspection, packet)
    if not shown:
        _nothing(figure.add_subplot(grid[rows - 1, :]))
    for axes in figure.axes:
        _style(axes)
    return figure


def _first_of_each_kind(inspection: Inspection) -> list[int]:
    signals = inspection.headers["ses_signal_type"]
    usable = (inspection.samples.status == STATUS_OK) & (np.diff(inspection.samples.starts) > 0)
    usable &= np.isfinite(inspection.physical["sampling_frequency_hz"])
    kinds = np.unique(signals[usable]).tolist()
    order = [kind for kind in _FIRST_KINDS if kind in kinds] + [kind for kind in kinds if kind not in _FIRST_KINDS]
    return [int(np.argmax(usable & (signals == kind))) for kind in order]


def _headline(inspection: Inspection, title: str) -> str:
    times = utc_texts(np.sort(inspection.physical["utc_ns"]).astype(np.int64)[[0, -1]])
    undecoded = int(np.count_nonzero(inspection.samples.status != STATUS_OK))
    flagged = int(np.count_nonzero(inspection.flags))
    span = times[0] if times[0] == times[1] else f"{times[0]} to {times[1]}"
    return (
        f"{title}\n{inspection.flags.size} packet(s), {undecoded} not decoded, {flagged} with a faulty header, "
        f"{inspection.foreign_packets} foreign;  {span}"
    )


def _overview(axes: Axes, inspection: Inspection) -> None:
    signals, rms = inspection.headers["ses_signal_type"], inspection.statistics["rms"]
    for kind in np.unique(signals).tolist():
        own = np.flatnonzero((signals == kind) & np.isfinite(rms))
        colour = _KIND_COLOURS.get(kind, _OTHER_COLOUR)
        axes.plot(own, rms[own], "o", markersize=4, color=colour, label=label("ses_signal_type", kind))
    bad = np.flatnonzero(~np.isfinite(rms))
    for packet in bad.tolist():
        axes.axvline(packet, color="#b03030", linewidth=1, label="not decoded" if packet == bad[0] else None)
    if np.any(rms > 0):
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("packet")
    axes.set_ylabel("rms (quantiser units)")
    axes.set_title("All packets")
    axes.legend(loc="best")


def _signal_row(panels: list[Axes], inspection: Inspection, packet: int) -> None:
    kind = label("ses_signal_type", int(inspection.headers["ses_signal_type"][packet]))
    mode = label("baq_mode", int(inspection.headers["baq_mode"][packet]))
    _histogram(panels[0], inspection, packet)
    panels[0].set_title(f"{kind}, {mode} (packet {packet}): I and Q")
    _trace(panels[1], inspection, packet)
    panels[1].set_title(f"{kind}: amplitude in the sampling window")
    _spectrum(panels[2], inspection, packet)
    panels[2].set_title(f"{kind}: spectrum")


def _pulse_row(panels: list[Axes], inspection: Inspection, packet: int) -> None:
    try:
        iq, nominal = inspection.iq(packet), nominal_pulse(inspection, packet)
        quality = measure_pulse(iq, nominal, float(inspection.physical["sampling_frequency_hz"][packet]))
    except ValueError:  # no pulse that could be measured: shown as any other signal, the report says why
        _signal_row(panels, inspection, packet)
        return
    _fidelity(panels[0], inspection, packet, quality)
    panels[0].set_title(f"Tx cal (packet {packet}): phase and amplitude of the pulse")
    _compressed(panels[1], compress_pulse(iq, nominal), compress_pulse(nominal.astype(np.complex64), nominal), quality)
    panels[1].set_title("Tx cal: compressed with the chirp in its header")
    _spectrum(panels[2], inspection, packet)
    panels[2].set_title("Tx cal: spectrum")


def _histogram(axes: Axes, inspection: Inspection, packet: int) -> None:
    iq = inspection.iq(packet)
    reach = float(max(np.abs(iq.real).max(), np.abs(iq.imag).max(), 1.0))
    # Bins of whole numbers, centred on them: finer ones would show the quantiser's levels instead of the signal.
    step = max(1.0, np.ceil(reach / _HALF_BINS))
    bins = np.arange(-np.ceil(reach / step) - 0.5, np.ceil(reach / step) + 1.0) * step
    channels = (("I", iq.real, "rms_i", _I_COLOUR), ("Q", iq.imag, "rms_q", _Q_COLOUR))
    for name, values, rms, colour in channels:
        text = f"{name}, rms {inspection.statistics[rms][packet]:.3f}"
        axes.hist(values, bins.tolist(), histtype="step", color=colour, label=text)
    sigma = float(np.mean([inspection.statistics["rms_i"][packet], inspection.statistics["rms_q"][packet]]))
    if sigma > 0:
        value = np.linspace(bins[0], bins[-1], 200)
        density = np.exp(-0.5 * (value / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        axes.plot(value, iq.size * step * density, color=_INK, linewidth=0.8, linestyle="--", label="Gaussian")
    axes.set_xlabel("value (quantiser units)")
    axes.set_ylabel("samples")
    axes.legend()


def _trace(axes: Axes, inspection: Inspection, packet: int) -> None:
    amplitude = np.abs(inspection.iq(packet)).astype(np.float64)
    microseconds_per_sample = 1e6 / float(inspection.physical["sampling_frequency_hz"][packet])
    time_us = np.arange(amplitude.size) * microseconds_per_sample
    axes.plot(time_us, amplitude, linewidth=0.3, color=_SOFT, label="each sample")
    kept = min(_SMOOTHED_SAMPLES, amplitude.size)
    smooth = np.sqrt(np.convolve(amplitude**2, np.full(kept, 1 / kept), mode="valid"))
    centre = (np.arange(smooth.size) + 0.5 * (kept - 1)) * microseconds_per_sample
    axes.plot(centre, smooth, linewidth=1.2, color=_I_COLOUR, label=f"rms of {kept}")
    axes.set_xlim(0, time_us[-1] + microseconds_per_sample)
    axes.set_ylim(0, 1.15 * float(amplitude.max()) + 1e-9)
    axes.set_xlabel("time in the sampling window (µs)")
    axes.set_ylabel("amplitude (quantiser units)")
    rates = _rates(inspection, packet)
    if rates.size:
        _rate_steps(axes, rates, time_us[-1])
    axes.legend(loc="upper right", ncols=2)


def _rates(inspection: Inspection, packet: int) -> NDArray[np.uint8]:
    first, last = inspection.samples.block_starts[packet : packet + 2]
    rates = inspection.samples.brc[first:last]
    return np.asarray(rates[rates != NO_BRC])


def _rate_steps(axes: Axes, rates: NDArray[np.uint8], end_us: float) -> None:
    right = axes.twinx()
    edges = np.minimum(np.arange(rates.size + 1) * end_us / rates.size, end_us)
    right.stairs(rates, edges, color=_Q_COLOUR, linewidth=0.9)
    right.set_ylim(-0.2, 9)
    right.set_yticks(range(5))
    right.set_ylabel("rate code (BRC)", color=_Q_COLOUR, loc="bottom")


def _fidelity(axes: Axes, inspection: Inspection, packet: int, quality: PulseQuality) -> None:
    nominal = nominal_pulse(inspection, packet)
    first, size = quality.first_sample, min(quality.samples, nominal.size)
    pulse = inspection.iq(packet)[first : first + size].astype(np.complex128)
    time_us = np.arange(size) / float(inspection.physical["sampling_frequency_hz"][packet]) * 1e6
    phase = np.unwrap(np.angle(pulse * np.conj(nominal[:size])))
    # What is linear in the phase is a delay and a constant, no fault of the pulse.
    fit = np.polynomial.polynomial.polyfit(time_us, phase, 1)
    error_deg = np.degrees(phase - np.polynomial.polynomial.polyval(time_us, fit))
    axes.plot(time_us, error_deg, linewidth=0.8, color=_I_COLOUR)
    axes.set_ylim(-_PHASE_REACH_DEG, _PHASE_REACH_DEG)
    axes.set_xlabel("time in the pulse (µs)")
    axes.set_ylabel("phase against the chirp (degree)", color=_I_COLOUR)
    right = axes.twinx()
    right.plot(time_us, _decibel(np.abs(pulse) / np.sqrt(np.mean(np.abs(pulse) ** 2))), linewidth=0.6, color=_Q_COLOUR)
    right.set_ylim(-6, 3)
    right.set_ylabel("amplitude against its rms (dB)", color=_Q_COLOUR)
    ramp = float(inspection.physical["tx_ramp_rate_hz_per_s"][packet])
    # A header may say that there is no ramp.
    found = f"{(quality.ramp_rate_hz_per_s / ramp - 1) * 1e6:+.1f} ppm" if ramp else "another"
    text = f"samples {first} to {first + quality.samples - 1};  ramp {ramp / 1e12:.6f} MHz/µs, found {found}"
    axes.text(0.5, 0.03, text, transform=axes.transAxes, ha="center", va="bottom", fontsize=8)


def _compressed(axes: Axes, response: NDArray[np.float64], ideal: NDArray[np.float64], quality: PulseQuality) -> None:
    peak = int(np.argmax(response))
    reach = SIDELOBE_SAMPLES * OVERSAMPLING
    near = slice(max(peak - reach, 0), peak + reach + 1)
    lag = (np.arange(response.size)[near] - peak) / OVERSAMPLING
    # The ideal response is that of the nominal chirp to itself: its peak is at delay 0 and it is symmetric.
    side = ideal[: reach + 1]  # shorter where the header's pulse is
    mirror = np.concatenate([side[:0:-1], side])
    ideal_lag = np.arange(1 - side.size, side.size) / OVERSAMPLING
    axes.plot(ideal_lag, _decibel(mirror / mirror.max()), linewidth=1, color=_SOFT, label="nominal chirp")
    axes.plot(lag, _decibel(response[near] / response[peak]), linewidth=1, color=_I_COLOUR, label="recorded pulse")
    axes.axhline(quality.pslr_db, color=_Q_COLOUR, linewidth=0.7, linestyle=":")
    text = (
        f"peak to sidelobe {quality.pslr_db:.2f} dB\nwidth {quality.width_samples:.3f} samples\n"
        f"correlation {quality.correlation:.4f}"
    )
    axes.text(0.03, 0.95, text, transform=axes.transAxes, va="top", fontsize=8)
    axes.set_xlim(-SIDELOBE_SAMPLES, SIDELOBE_SAMPLES)
    axes.set_ylim(_FLOOR_DB, 2)
    axes.set_xlabel("delay (samples)")
    axes.set_ylabel("magnitude (dB)")
    axes.legend(loc="upper right")


def _spectrum(axes: Axes, inspection: Inspection, packet: int) -> None:
    iq = inspection.iq(packet)
    power = np.abs(np.fft.fftshift(np.fft.fft(iq.astype(np.complex128)))) ** 2
    frequency = np.fft.fftshift(np.fft.fftfreq(iq.size, 1 / inspection.physical["sampling_frequency_hz"][packet])) / 1e6
    kept = max(iq.size // 128, 1)
    bins = iq.size // kept
    mean_power = power[: bins * kept].reshape(bins, kept).mean(axis=1)
    mean_frequency = frequency[: bins * kept].reshape(bins, kept).mean(axis=1)
    level = _decibel(np.sqrt(mean_power / max(mean_power.max(), 1e-300)))
    axes.plot(mean_frequency, level, color=_I_COLOUR, linewidth=1)
    half_mhz = float(inspection.physical["filter_bandwidth_hz"][packet]) / 2e6
    axes.axvspan(-half_mhz, half_mhz, color=_SOFT, alpha=0.25, linewidth=0, label="band of the filter")
    axes.set_ylim(min(-20.0, float(level.min()) - 5), 2)
    axes.set_xlabel("frequency from the carrier (MHz)")
    axes.set_ylabel(f"power, mean of {kept} (dB)")
    axes.legend(loc="lower center")


def _nothing(axes: Axes) -> None:
    axes.text(
        0.5,
        0.5,
        "no packet was decoded at a known sampling frequency",
        ha="center",
        va="center",
        transform=axes.transAxes,
    )
    axes.set_axis_off()


def _style(axes: Axes) -> None:
    axes.title.set_fontsize(9)
    axes.xaxis.label.set_fontsize(8)
    axes.yaxis.label.set_fontsize(8)
    axes.tick_params(labelsize=8)
    axes.spines["top"].set_visible(False)
    legend = axes.get_legend()
    if legend is not None:
        legend.set_frame_on(False)
        for text in legend.get_texts():
            text.set_fontsize(8)


def _decibel(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(20 * np.log10(np.maximum(ratio, 10 ** (2 * _FLOOR_DB / 20))))
