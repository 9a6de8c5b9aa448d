"""First step of S1-L1-SLC: packets of one polarisation to raw lines, and everything the later steps must know."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field, JsonValue

from refsys.chains.sentinel1.aux_ins import read_aux_ins
from refsys.chains.sentinel1.l0_labels import SIGNAL_ECHO, SIGNAL_NOISE
from refsys.chains.sentinel1.l0_products import lasting_name
from refsys.chains.sentinel1.l0_reading import PacketFile, measurement_files, open_packets
from refsys.chains.sentinel1.l0_segments import SWATHS, beam_of, is_tops
from refsys.chains.sentinel1.l1_slc_auxiliary import Auxiliary, orbit_facts, read_auxiliary
from refsys.chains.sentinel1.l1_slc_facts import FACTS, Facts, RawStatistics, RunFacts, SegmentFacts
from refsys.chains.sentinel1.l1_slc_lines import decoded, write_lines
from refsys.chains.sentinel1.l1_slc_replica import Centroid, ChosenReplica, centroid_of, replica_of
from refsys.chains.sentinel1.raw_segments import RawSegment, raw_segment
from refsys.chains.units import UnitContext
from refsys.kernels.ccsds.times import gps_to_utc_ns
from refsys.kernels.sar.noise import measure_noise
from refsys.kernels.sentinel1.baq_tables import BaqLookup, compile_tables
from refsys.kernels.sentinel1.radar import gps_time_ns
from refsys.model.errors import InputCorrupt
from refsys.model.products import Quality
from refsys.model.values import Value

if TYPE_CHECKING:
    import zarr


class DecodeParameters(Value):
    """Parameters of `s1-l1-slc.decode`; a product beyond one of the limits is degraded."""

    polarisation: str = Field(min_length=1, description="Polarisation; set by the planner.")
    doppler_centroid: Literal["estimate", "zero"] = Field(
        "estimate", description="Of StripMap: from the data, or 0 as the satellite is steered for."
    )
    most_missing_lines: float = Field(0.01, ge=0, le=1, description="Pulses without a packet, part of all.")
    most_undecoded_lines: float = Field(0.001, ge=0, le=1, description="Lines whose samples cannot be decoded.")
    most_zero_lines: float = Field(0.01, ge=0, le=1, description="Lines whose samples are all zero.")
    most_saturated: float = Field(0.01, ge=0, le=1, description="Quantiser blocks at the end of their range.")
    most_unsound_packets: float = Field(0.001, ge=0, le=1, description="Packets with an unsound header.")
    most_bias: float = Field(0.1, ge=0, description="Bias of I or Q, part of their deviation.")
    most_imbalance: float = Field(0.1, ge=0, description="Difference of the deviations of I and Q, part of them.")
    most_correlation: float = Field(0.1, ge=0, description="Correlation of I with Q: departure from quadrature.")


def decode_file(context: UnitContext, parameters: DecodeParameters, workspace: "zarr.Group") -> dict[str, JsonValue]:
    """Write raw lines and facts into the workspace and return figures.

    Raises
    ------
    InputCorrupt
        If the product lacks the polarisation, packets contradict each other, or no line of a swath can be decoded.
    InputMissing
        If no orbit covers the packets.
    """
    source = context.input("packets")
    file = _file_of(source.folder, parameters.polarisation)
    aux_path = context.input("AUX_INS").path("-aux-ins.xml")
    aux_ins = read_aux_ins(aux_path)
    lookup = compile_tables(aux_ins.baq)
    epoch = _epoch(file)
    raw = [raw_segment(file.headers, number, file.polarisation, epoch) for number in _swath_numbers(file)]
    auxiliary = read_auxiliary(context, [segment.swath for segment in raw], file.polarisation)
    zero = parameters.doppler_centroid == "zero"
    segments = []
    for number, segment in enumerate(raw):
        group = workspace.create_group(segment.name)

        def told(fraction: float, done: int = number, name: str = segment.name) -> None:
            context.progress((done + fraction) / len(raw), f"lines of {name}")

        statistics = write_lines(file, segment, lookup, group, told)
        if statistics.missing_lines + statistics.undecoded_lines == statistics.lines:
            raise InputCorrupt("no line could be decoded", where=segment.name, hint="fetch the product again")
        analysis = _Analysis(
            _noise(file, segment, lookup, epoch),
            replica_of(file, segment, lookup),
            Centroid(0.0, None) if zero or is_tops(segment.swath) else centroid_of(group, segment),
        )
        segments.append(_segment_facts(segment, statistics, analysis, auxiliary))
    facts = Facts(
        epoch=epoch,
        packets_name=source.ref.name,
        inputs=tuple((lasting_name(used.ref.name), role) for role, own in context.inputs.items() for used in own),
        satellite=source.ref.name[2],
        beam=beam_of(int(file.headers["ecc_number"][0])),
        carrier_hz=aux_ins.radar_frequency_hz,
        roll=auxiliary.roll,
        orbit=orbit_facts(context, file.headers, epoch, _span_s(raw)),
        segments=tuple(segments),
    )
    workspace.attrs[FACTS] = facts.plain()
    return _figures(file, facts, parameters, source.ref.quality)


def _file_of(folder: Path, polarisation: str) -> PacketFile:
    for path in measurement_files(folder):
        file = open_packets(path)
        if file.polarisation == polarisation.upper():
            return file
    raise InputCorrupt(f"the product has no packets of polarisation {polarisation}", where=folder.name)


def _epoch(file: PacketFile) -> datetime:
    utc_ns = gps_to_utc_ns(gps_time_ns(file.headers["coarse_time"][:1], file.headers["fine_time"][:1]))
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(seconds=int(utc_ns[0]) // 1_000_000_000)


def _swath_numbers(file: PacketFile) -> list[int]:
    echoes = file.headers["ses_signal_type"] == SIGNAL_ECHO
    if not echoes.any():
        raise InputCorrupt("no echoes in the packets", where=file.path.name)
    numbers = np.unique(file.headers["ses_swath_number"][echoes]).tolist()
    for number in numbers:
        if number not in SWATHS:
            raise InputCorrupt(f"swath number {number} is neither StripMap nor IW", where=file.path.name)
    return [int(number) for number in numbers]


def _span_s(raw: list[RawSegment]) -> tuple[float, float]:
    runs = [run.grid for segment in raw for run in segment.runs]
    return min(g.first_pulse_time_s for g in runs), max(g.first_pulse_time_s + g.lines * g.pri_s for g in runs)


class _Analysis(NamedTuple):
    """What was measured of a segment beside its lines."""

    noise: tuple[tuple[float, float], ...]
    replica: ChosenReplica
    centroid: Centroid


def _segment_facts(
    segment: RawSegment,
    statistics: RawStatistics,
    analysis: "_Analysis",
    auxiliary: Auxiliary,
) -> SegmentFacts:
    rows = np.cumsum([0, *(run.grid.lines for run in segment.runs)])
    pulse, doubts = analysis.replica.pulse.astype(np.complex128), (analysis.replica.doubt, analysis.centroid.doubt)
    return SegmentFacts(
        name=segment.name,
        swath=segment.swath,
        polarisation=segment.polarisation,
        codes=segment.codes,
        runs=tuple(
            RunFacts(grid=run.grid, first_row=int(first), sensing_s=run.sensing_s)
            for run, first in zip(segment.runs, rows[:-1], strict=True)
        ),
        samples=max(run.grid.samples for run in segment.runs),
        statistics=statistics,
        noise_power=analysis.noise,
        replica_i=tuple(pulse.real.tolist()),
        replica_q=tuple(pulse.imag.tolist()),
        replica_source=analysis.replica.source,
        doubts=tuple(doubt for doubt in doubts if doubt),
        doppler_centroid_hz=analysis.centroid.frequency_hz,
        doppler_source=analysis.centroid.source,
        **auxiliary.of(segment.swath),
    )


def _noise(
    file: PacketFile, segment: RawSegment, lookup: BaqLookup, epoch: datetime
) -> tuple[tuple[float, float], ...]:
    """Return time and power of each noise packet that belongs to the swath."""
    own = file.headers["ses_signal_type"] == SIGNAL_NOISE
    own &= file.headers["ses_swath_number"] == segment.codes["ses_swath_number"]
    found = []
    for packet, iq in decoded(file, np.flatnonzero(own), lookup):
        if iq is None or iq.size < 2:
            continue
        gps_ns = gps_time_ns(file.headers["coarse_time"][packet], file.headers["fine_time"][packet])
        since = gps_to_utc_ns(gps_ns.reshape(1))[0] - int(epoch.timestamp()) * 1_000_000_000
        found.append((float(since) * 1e-9, float(measure_noise(iq[None])[0])))
    return tuple(found)


def _figures(file: PacketFile, facts: Facts, limits: DecodeParameters, quality: Quality) -> dict[str, JsonValue]:
    reasons: list[JsonValue] = []
    if quality is Quality.DEGRADED:
        reasons.append(f"{file.polarisation}: input is degraded")
    if file.unsound > limits.most_unsound_packets * (file.offsets.size + file.unsound):
        reasons.append(f"{facts.segments[0].polarisation}: {file.unsound} packets have an unsound header")
    for segment in facts.segments:
        reasons += [f"{segment.name}: {reason}" for reason in _reasons(segment, limits)]
    return {
        "polarisation": file.polarisation,
        "packets_unsound": file.unsound,
        "orbit_source": facts.orbit.source,
        "segments": {
            segment.name: {
                "statistics": segment.statistics.plain(),
                "runs": len(segment.runs),
                "replica_source": segment.replica_source,
                "noise_packets": len(segment.noise_power),
                "doppler_centroid_hz": segment.doppler_centroid_hz,
            }
            for segment in facts.segments
        },
        "degraded_because": reasons,
    }


def _reasons(segment: SegmentFacts, limits: DecodeParameters) -> list[str]:
    """Return why the raw data degrade a product."""
    found = segment.statistics
    if found.deviation_i == 0 and found.deviation_q == 0:
        return ["all samples are zero"]
    spread = 0.5 * (found.deviation_i + found.deviation_q)
    shares = (
        ("missing_lines", found.missing_lines / found.lines, limits.most_missing_lines),
        ("undecoded_lines", found.undecoded_lines / found.lines, limits.most_undecoded_lines),
        ("zero_lines", found.zero_lines / found.lines, limits.most_zero_lines),
        ("saturated", found.saturated, limits.most_saturated),
        ("bias", max(abs(found.mean_i), abs(found.mean_q)) / spread, limits.most_bias),
        ("imbalance", abs(found.deviation_i - found.deviation_q) / spread, limits.most_imbalance),
        ("correlation", abs(found.correlation), limits.most_correlation),
    )
    reasons = [f"{name} {value:.3g}, at most {most:g} may be" for name, value, most in shares if value > most]
    return reasons + list(segment.doubts)
