"""Picture of inspected Sentinel-1 packets: histograms, echo, and the transmitted pulse."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from refsys.chains.s1_l0_inspect import Inspection, nominal_pulse
from refsys.chains.s1_l0_labels import SIGNAL_ECHO, SIGNAL_NOISE, SIGNAL_TX_CAL
from refsys.kernels.s1_baq import STATUS_OK
from refsys.kernels.s1_chirp import OVERSAMPLING, SIDELOBE_SAMPLES, compress_pulse

_SMOOTHED_SAMPLES = 64
_FLOOR_DB = -50.0


def draw_inspection(inspection: Inspection) -> Figure:
    """Draw the first decoded packet of each kind: noise, echo and Tx calibration; a kind that is absent is named so.

    The figure belongs to no window; save it with `figure.savefig`.
    """
    figure = Figure(figsize=(11, 9), layout="constrained")
    axes = figure.subplots(3, 2)
    _histogram(axes[0, 0], inspection, SIGNAL_NOISE, "Noise: histogram of I and Q")
    _histogram(axes[0, 1], inspection, SIGNAL_ECHO, "Echo: histogram of I and Q")
    _trace(axes[1, 0], inspection, SIGNAL_ECHO, "Echo: amplitude")
    _trace(axes[1, 1], inspection, SIGNAL_TX_CAL, "Tx calibration: amplitude")
    _compressed(axes[2, 0], inspection, "Tx calibration: compressed with the nominal chirp")
    _spectrum(axes[2, 1], inspection, "Tx calibration: spectrum")
    return figure


def _first(inspection: Inspection, signal: int) -> int | None:
    good = (inspection.headers["ses_signal_type"] == signal) & (inspection.samples.status == STATUS_OK)
    sized = np.diff(inspection.samples.starts) > 0
    found = np.flatnonzero(good & sized)
    return int(found[0]) if found.size else None


def _start(axes: Axes, inspection: Inspection, signal: int, title: str) -> int | None:
    packet = _first(inspection, signal)
    axes.set_title(title if packet is None else f"{title} (packet {packet})", fontsize="medium")
    if packet is None:
        axes.text(0.5, 0.5, "no such packet decoded", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
    return packet


def _histogram(axes: Axes, inspection: Inspection, signal: int, title: str) -> None:
    packet = _start(axes, inspection, signal, title)
    if packet is None:
        return
    iq = inspection.iq(packet)
    reach = float(max(np.abs(iq.real).max(), np.abs(iq.imag).max(), 1.0))
    bins = np.linspace(-reach, reach, 101).tolist()
    axes.hist(iq.real, bins, histtype="step", label=f"I, rms {inspection.statistics['rms_i'][packet]:.3f}")
    axes.hist(iq.imag, bins, histtype="step", label=f"Q, rms {inspection.statistics['rms_q'][packet]:.3f}")
    axes.set_xlabel("value (quantiser units)")
    axes.set_ylabel("samples")
    axes.legend()


def _trace(axes: Axes, inspection: Inspection, signal: int, title: str) -> None:
    packet = _start(axes, inspection, signal, title)
    if packet is None:
        return
    amplitude = np.abs(inspection.iq(packet))
    time_us = np.arange(amplitude.size) / inspection.physical["sampling_frequency_hz"][packet] * 1e6
    axes.plot(time_us, amplitude, linewidth=0.3, color="0.6", label="each sample")
    smooth = np.sqrt(np.convolve(amplitude**2, np.ones(_SMOOTHED_SAMPLES) / _SMOOTHED_SAMPLES, mode="same"))
    axes.plot(time_us, smooth[: time_us.size], linewidth=1, label=f"rms of {_SMOOTHED_SAMPLES}")
    axes.set_xlabel("time in the sampling window (µs)")
    axes.set_ylabel("amplitude (quantiser units)")
    axes.legend()


def _compressed(axes: Axes, inspection: Inspection, title: str) -> None:
    packet = _start(axes, inspection, SIGNAL_TX_CAL, title)
    if packet is None:
        return
    response = compress_pulse(inspection.iq(packet), nominal_pulse(inspection, packet))
    peak = int(np.argmax(response))
    near = slice(max(peak - SIDELOBE_SAMPLES * OVERSAMPLING, 0), peak + SIDELOBE_SAMPLES * OVERSAMPLING + 1)
    lag = (np.arange(response.size)[near] - peak) / OVERSAMPLING
    axes.plot(lag, _decibel(response[near] / response[peak]), linewidth=1)
    axes.set_ylim(_FLOOR_DB, 2)
    axes.set_xlabel("delay (samples)")
    axes.set_ylabel("magnitude (dB)")


def _spectrum(axes: Axes, inspection: Inspection, title: str) -> None:
    packet = _start(axes, inspection, SIGNAL_TX_CAL, title)
    if packet is None:
        return
    iq = inspection.iq(packet)
    power = np.abs(np.fft.fftshift(np.fft.fft(iq)))
    frequency_mhz = np.fft.fftshift(np.fft.fftfreq(iq.size, 1 / inspection.physical["sampling_frequency_hz"][packet]))
    axes.plot(frequency_mhz / 1e6, _decibel(power / power.max()), linewidth=0.6)
    axes.set_ylim(_FLOOR_DB, 2)
    axes.set_xlabel("frequency from the carrier (MHz)")
    axes.set_ylabel("magnitude (dB)")


def _decibel(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(20 * np.log10(np.maximum(ratio, 10 ** (2 * _FLOOR_DB / 20))))
