"""Chain S1-L0-INSPECT: Sentinel-1 instrument packets decoded, described and judged.

One unit, `s1-l0-inspect.packets`: a file of packets and an AUX_INS in, one product with table, samples, report and
figure out. What is computed is in `refsys.chains.sentinel1.inspection`, the files are described in
`docs/chains/s1-l0-inspect.md`.
"""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field, JsonValue

from refsys.chains.sentinel1.ancillary import ancillary_rows
from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.inspection import Inspection, inspect_packets, measure_tx_pulse, significant
from refsys.chains.sentinel1.l0_figure import draw_inspection
from refsys.chains.sentinel1.l0_labels import SIGNAL_TX_CAL, label
from refsys.chains.sentinel1.l0_product import (
    FIGURE_FILE,
    finite,
    packet_rows,
    write_report,
    write_samples,
    write_table,
)
from refsys.chains.units import ProductDraft, UnitContext, UnitOutcome, unit
from refsys.kernels.sentinel1.baq import STATUS_MEANINGS, STATUS_OK
from refsys.kernels.sentinel1.baq_tables import BaqLookup, compile_tables
from refsys.kernels.sentinel1.chirp import PulseQuality
from refsys.model.errors import InputCorrupt, InputMissing
from refsys.model.products import Quality
from refsys.model.times import compact_time, format_time
from refsys.model.values import Value

PRODUCT_TYPE = "S1_L0_INSPECT"

_PULSE_FIGURES = ("ramp_rate_hz_per_s", "correlation", "width_samples", "pslr_db")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InspectParameters(Value):
    """Parameters of `s1-l0-inspect.packets`; a product beyond one of the limits is degraded."""

    most_undecoded_packets: float = Field(0.0, ge=0, le=1, description="Packets without samples, part of all.")
    most_flagged_packets: float = Field(0.0, ge=0, le=1, description="Packets with a faulty header, part of all.")
    most_foreign_packets: float = Field(
        0.0, ge=0, le=1, description="Packets of another kind, part of all in the file."
    )
    most_odd_lengths: float = Field(
        0.0, ge=0, le=1, description="Packets whose samples are not those of their sampling window, part of all."
    )
    most_ramp_rate_error: float = Field(
        1e-4, ge=0, description="Ramp rate of a Tx calibration pulse against its header, part of it."
    )
    least_pulse_correlation: float = Field(
        0.98, ge=0, le=1, description="Tx calibration pulse with the chirp in its header."
    )


class TxPulse(NamedTuple):
    """A Tx calibration packet: the pulse in it, or why there is none."""

    packet: int
    nominal_ramp_rate_hz_per_s: float
    quality: PulseQuality | None
    fault: str | None

    @property
    def ramp_rate_error(self) -> float:
        """Difference from the nominal ramp rate, part of it; NaN without a pulse, or without a ramp in the header."""
        if self.quality is None or self.nominal_ramp_rate_hz_per_s == 0:
            return float("nan")
        return self.quality.ramp_rate_hz_per_s / self.nominal_ramp_rate_hz_per_s - 1


@unit("s1-l0-inspect.packets", version="1", parameters=InspectParameters)
def packets(context: UnitContext, parameters: InspectParameters) -> UnitOutcome:
    """Decode a file of packets with the tables of an AUX_INS, and write what was found."""
    source = context.input("packets")
    aux = read_aux_ins(context.input("AUX_INS").path("-aux-ins.xml"))
    inspection = _inspect(source.path(".dat"), compile_tables(aux.baq), where=source.ref.name)
    context.progress(0.5, f"{inspection.flags.size} packets decoded")
    pulses = _tx_pulses(inspection)
    ancillary = ancillary_rows(inspection.headers, aux)
    figures = {**_figures(inspection, pulses), "ancillary_cycles": len(ancillary)}
    figures["degraded_because"] = _reasons(figures, pulses, parameters)
    draft = _draft(context, inspection, Path(source.ref.name).stem, figures)
    folder = context.out / draft.name
    folder.mkdir(parents=True)
    write_table(folder, inspection)
    write_samples(folder, inspection)
    found: dict[str, JsonValue] = {
        "tx_pulses": [_pulse_row(pulse) for pulse in pulses],
        "ancillary": ancillary,
        "packets": packet_rows(inspection),
    }
    write_report(folder, {**_summary(draft), **found, "provenance": _provenance(context, parameters, draft)})
    context.progress(0.9, "files written")
    # Without the name of the drawing software the same packets give the same bytes.
    figure = draw_inspection(inspection, title=source.ref.name)
    figure.savefig(folder / FIGURE_FILE, metadata={"Software": None})
    return UnitOutcome(products=(draft,), figures=draft.figures)


def _inspect(path: Path, lookup: BaqLookup, *, where: str) -> Inspection:
    try:
        buffer = np.fromfile(path, dtype=np.uint8)
    except FileNotFoundError as error:
        raise InputMissing("no such file of packets", where=path) from error
    inspection = inspect_packets(buffer, lookup, where=where)
    if inspection.unread_bytes:
        raise InputCorrupt(
            f"truncated: {inspection.unread_bytes} bytes after byte {buffer.size - inspection.unread_bytes} "
            "are no whole packet",
            where=where,
            hint="fetch the file again",
        )
    return inspection


def _tx_pulses(inspection: Inspection) -> list[TxPulse]:
    found = []
    for packet in np.flatnonzero(inspection.headers["ses_signal_type"] == SIGNAL_TX_CAL).tolist():
        nominal = float(inspection.physical["tx_ramp_rate_hz_per_s"][packet])
        try:
            measured = measure_tx_pulse(inspection, packet)
            found.append(TxPulse(packet, nominal, _rounded(measured), None))
        except ValueError as error:
            found.append(TxPulse(packet, nominal, None, str(error)))
    return found


def _rounded(quality: PulseQuality) -> PulseQuality:
    return quality._replace(
        ramp_rate_hz_per_s=significant(quality.ramp_rate_hz_per_s),
        correlation=significant(quality.correlation),
        width_samples=significant(quality.width_samples),
        pslr_db=significant(quality.pslr_db),
    )


def _figures(inspection: Inspection, pulses: list[TxPulse]) -> dict[str, JsonValue]:
    status, counts = inspection.samples.status, np.diff(inspection.samples.starts)
    expected = inspection.physical["window_samples"]
    odd = (status == STATUS_OK) & (counts != expected)
    return {
        "packets": status.size,
        "packets_undecoded": int(np.count_nonzero(status != STATUS_OK)),
        "packets_flagged": int(np.count_nonzero(inspection.flags)),
        "packets_foreign": inspection.foreign_packets,
        "packets_of_odd_length": int(np.count_nonzero(odd)),
        "samples": int(counts[status == STATUS_OK].sum()),
        "statuses": {STATUS_MEANINGS[k]: int(np.count_nonzero(status == k)) for k in np.unique(status).tolist()},
        "kinds": _kinds(inspection),
        "tx_pulses": _pulse_medians(pulses),
    }


def _kinds(inspection: Inspection) -> dict[str, JsonValue]:
    """Return by kind of signal the packets, those decoded, their samples and rms."""
    kinds: dict[str, JsonValue] = {}
    signals = inspection.headers["ses_signal_type"]
    decoded = inspection.samples.status == STATUS_OK
    counts = np.where(decoded, np.diff(inspection.samples.starts), 0)
    power = np.where(counts > 0, np.nan_to_num(inspection.statistics["rms"]) ** 2, 0.0) * counts
    for signal in np.unique(signals).tolist():
        own = signals == signal
        samples = int(counts[own].sum())
        kinds[label("ses_signal_type", signal)] = {
            "packets": int(np.count_nonzero(own)),
            "decoded": int(np.count_nonzero(own & decoded)),
            "samples": samples,
            "rms": significant(np.sqrt(power[own].sum() / samples)) if samples else None,
        }
    return kinds


def _pulse_medians(pulses: list[TxPulse]) -> dict[str, JsonValue] | None:
    """Return medians over the pulses that were measured; None without a Tx calibration packet."""
    if not pulses:
        return None
    measured = [pulse.quality for pulse in pulses if pulse.quality is not None]
    medians: dict[str, JsonValue] = {
        name: finite(np.median([getattr(quality, name) for quality in measured])) if measured else None
        for name in _PULSE_FIGURES
    }
    nominal = finite(np.median([pulse.nominal_ramp_rate_hz_per_s for pulse in pulses]))
    return {
        "packets": len(pulses),
        "measured": len(measured),
        "nominal_ramp_rate_hz_per_s": nominal,
        **medians,
    }


def _reasons(figures: dict[str, JsonValue], pulses: list[TxPulse], limits: InspectParameters) -> list[JsonValue]:
    """Return why the product is degraded; empty for a nominal one."""
    number = {name: value for name, value in figures.items() if isinstance(value, int)}
    own = number["packets"]
    fractions = (
        ("packets_undecoded", own, limits.most_undecoded_packets),
        ("packets_flagged", own, limits.most_flagged_packets),
        ("packets_foreign", own + number["packets_foreign"], limits.most_foreign_packets),
        ("packets_of_odd_length", own, limits.most_odd_lengths),
    )
    reasons: list[JsonValue] = [
        f"{name}: {number[name]} of {of}, at most {limit:g} of them may be"
        for name, of, limit in fractions
        if number[name] > limit * of
    ]
    for pulse in pulses:
        reasons.extend(_pulse_reasons(pulse, limits))
    return reasons


def _pulse_reasons(pulse: TxPulse, limits: InspectParameters) -> list[str]:
    where = f"Tx calibration, packet {pulse.packet}"
    if pulse.quality is None:
        return [f"{where}: {pulse.fault}"]
    reasons = []
    # Written so that NaN is a reason too.
    if not abs(pulse.ramp_rate_error) <= limits.most_ramp_rate_error:
        error = f"{pulse.ramp_rate_error:.3g}"
        reasons.append(f"{where}: ramp rate differs by {error} of it, at most {limits.most_ramp_rate_error:g} may be")
    if not pulse.quality.correlation >= limits.least_pulse_correlation:
        found = f"{pulse.quality.correlation:.4f}"
        reasons.append(f"{where}: correlation {found} with the chirp, {limits.least_pulse_correlation:g} must be")
    return reasons


def _draft(context: UnitContext, inspection: Inspection, stem: str, figures: dict[str, JsonValue]) -> ProductDraft:
    utc_ns = inspection.physical["utc_ns"]
    start, stop = (_EPOCH + timedelta(microseconds=int(ns) // 1000) for ns in (utc_ns.min(), utc_ns.max()))
    # The step's key: the same packets may be inspected in one second with other limits or another AUX_INS.
    key = context.step.key[:8].upper()
    name = f"{PRODUCT_TYPE}_{stem}_{compact_time(start)}_{compact_time(context.creation_time)}_{key}"
    return ProductDraft(
        name=name,
        product_type=PRODUCT_TYPE,
        mission="S1",
        satellite="_",  # packets do not say which satellite made them
        start=start,
        stop=stop,
        creation_time=context.creation_time,
        quality=Quality.DEGRADED if figures["degraded_because"] else Quality.NOMINAL,
        figures=figures,
        volatile=context.volatile(name),
    )


def _summary(draft: ProductDraft) -> dict[str, JsonValue]:
    return {
        "product": draft.name,
        "product_type": draft.product_type,
        "start": format_time(draft.start),
        "stop": format_time(draft.stop),
        "quality": draft.quality.value,
        "figures": draft.figures,
    }


def _provenance(context: UnitContext, parameters: InspectParameters, draft: ProductDraft) -> dict[str, JsonValue]:
    inputs = (context.input(role).ref for role in ("packets", "AUX_INS"))
    return {
        "software": f"refsys {version('refsys')}",
        "processor": context.step.processor,
        "processor_version": context.step.processor_version,
        "parameters": parameters.plain(),
        "inputs": [{name: getattr(ref, name) for name in ("role", "name", "product_type", "digest")} for ref in inputs],
        "creation_time": format_time(draft.creation_time),
        "uuid": context.volatile(draft.name).uuid,
    }


def _pulse_row(pulse: TxPulse) -> dict[str, JsonValue]:
    quality = {} if pulse.quality is None else pulse.quality._asdict()
    return {
        "packet": pulse.packet,
        "nominal_ramp_rate_hz_per_s": pulse.nominal_ramp_rate_hz_per_s,
        "ramp_rate_error": finite(pulse.ramp_rate_error),
        **{name: value if isinstance(value, int) else finite(value) for name, value in quality.items()},
        "fault": pulse.fault,
    }
