"""Small made-up Sentinel-1 Level-1 products: plain geometry, seeded pixels, every part of the annotation filled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refsys.chains.sentinel1.safe import annotation as said
from refsys.chains.sentinel1.safe import annotation_raw as raw
from refsys.chains.sentinel1.safe import annotation_series as series
from refsys.chains.sentinel1.safe import calibration as tables
from refsys.chains.sentinel1.safe.level1 import Level1Image, Level1Written, write_level1
from refsys.chains.sentinel1.safe.level1_manifest import Level1Content
from refsys.chains.sentinel1.safe.manifest_parts import OrbitReference, Origin
from refsys.chains.sentinel1.safe.xml_kinds import utc_ns
from refsys.kernels.sar.orbit import Orbit

START = datetime(2013, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
NODE = datetime(2013, 6, 1, 11, 50, tzinfo=UTC)
LINE_S = 0.002
SAMPLING_HZ = 64e6
FIRST_RANGE_S = 5.3e-3
_EPOCH = START.replace(microsecond=0)


class Kind(NamedTuple):
    """Which product: beam, product type, size of an image, bursts (0: StripMap or detected)."""

    beam: str = "S3"
    product_type: str = "SLC"
    lines: int = 200
    samples: int = 300
    bursts: int = 0

    @property
    def detected(self) -> bool:
        return self.product_type == "GRD"

    @property
    def swaths(self) -> tuple[str, ...]:
        return ("IW1", "IW2") if self.bursts else (self.beam,)


STRIPMAP = Kind()
TOPS = Kind(beam="IW", lines=3 * 70, bursts=3)
GROUND = Kind(beam="IW", product_type="GRD", lines=180)


def pixels(kind: Kind, seed: int) -> NDArray[Any]:
    """Seeded pixels of an image."""
    rng = np.random.default_rng(seed)
    shape = (kind.lines, kind.samples)
    if kind.detected:
        return np.asarray(rng.integers(1, 60000, shape).astype(np.float32))
    parts = rng.integers(-3000, 3000, (2, *shape)).astype(np.float32)
    return np.asarray(parts[0] + 1j * parts[1], dtype=np.complex64)


def last_line(kind: Kind) -> datetime:
    return START + timedelta(seconds=(kind.lines - 1) * LINE_S)


def header(kind: Kind, swath: str, polarisation: str, number: int) -> said.AdsHeader:
    return said.AdsHeader(
        mission="S1A",
        product_type=kind.product_type,
        polarisation=polarisation,
        mode=kind.beam,
        swath=swath,
        start=START,
        stop=last_line(kind),
        absolute_orbit=37258,
        data_take_id=0x04638E,
        image_number=f"{number:03d}",
    )


def grid(kind: Kind) -> series.GeolocationGrid:
    """5 x 6 points of a tilted plane on the Earth."""
    line, pixel = (
        part.ravel()
        for part in np.meshgrid(
            np.linspace(0, kind.lines - 1, 5).astype(np.int64),
            np.linspace(0, kind.samples - 1, 6).astype(np.int64),
            indexing="ij",
        )
    )
    return series.GeolocationGrid(
        azimuth_utc_ns=utc_ns(START) + line * round(LINE_S * 1e9),
        slant_range_time_s=FIRST_RANGE_S + pixel / SAMPLING_HZ,
        line=line,
        pixel=pixel,
        latitude_deg=45.0 + line * 1e-4 - pixel * 1e-5,
        longitude_deg=10.0 + pixel * 1.5e-4 + line * 1e-5,
        height_m=np.asarray(12.0 + 0.01 * pixel, np.float64),
        incidence_deg=np.asarray(31.0 + pixel * 0.01, np.float64),
        elevation_deg=np.asarray(27.0 + pixel * 0.009, np.float64),
    )


def orbit() -> series.StateVectors:
    time_s = np.arange(-60.0, 70.0, 10.0)
    angle = 1.06e-3 * time_s
    position = 7.07e6 * np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=1)
    velocity = 7.5e3 * np.stack([-np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    return series.StateVectors.of(Orbit(time_s, position, velocity), _EPOCH)


def _downlink(kind: Kind, swath: str) -> raw.Downlink:
    window = raw.TimedValues(np.array([utc_ns(START)]), np.array([3.3e-4]))
    return raw.Downlink(
        swath=swath,
        time=START,
        first_sensing=START - timedelta(seconds=0.3),
        last_sensing=last_line(kind) + timedelta(seconds=0.3),
        prf_hz=1924.956,
        pri_s=1 / 1924.956,
        rank=10,
        data_take_id=0x638E,
        ecc_number=3,
        rx_channel_id=0,
        configuration_id=6,
        baq_block_length=256,
        echo_format="FDBAQ",
        noise_format="BAQ 5 Bit",
        calibration_format="Bypass",
        mean_bit_rate=0.0,
        filter_bandwidth_hz=59.44e6,
        range_sampling_hz=SAMPLING_HZ,
        filter_length=40,
        rx_gain_db=-4.0,
        pulse_length_s=44.17e-6,
        pulse_start_hz=-29.7e6,
        pulse_ramp_hz_per_s=1.3449e12,
        swath_number=2,
        window_length_s=window,
        window_start_s=window._replace(value=np.array([1e-4])),
    )


def _replica(swath: str) -> raw.ReplicaInformation:
    flag, value, delay = np.array([True]), np.array([0.98]), np.array([4.4e-7])
    times = np.array([utc_ns(START)])
    record = raw.Replica(times, value, value, value, value, flag, value, value, value, value, flag, flag, delay)
    amplitude, phase = np.array([1.0, 0, 0, 0]), np.array([0.0, -26.8, 6.7e11, 0])
    return raw.ReplicaInformation(swath, START, "Nominal", "Extracted", amplitude, phase, 4.4e-7, 1.0, 0.0, record)


def _processing(kind: Kind) -> said.ProcessingInformation:
    band = said.Band("Hamming", 0.75, 59.4e6, 59.4e6, 59.4e6, 1, 0.0)
    swaths = tuple(
        said.SwathProcessing(swath, band, band._replace(total_bandwidth_hz=1399.0), 1e6) for swath in kind.swaths
    )
    return said.ProcessingInformation(
        *(False, True, False, True, True, True, False),
        doppler_method="Data Analysis",
        doppler_input="Raw",
        range_spreading_compensated=True,
        ground_range=kind.detected,
        detected=kind.detected,
        thermal_noise_removed=False,
        chirp_source="Nominal",
        pg_source="Model",
        rrf_spectrum="Unextended",
        application="",
        swaths=swaths,
        inputs=(said.InputDimensions(START, kind.swaths[0], kind.samples + 100, kind.lines + 100),),
        reference_range_m=8e5,
        ellipsoid="WGS84",
        ellipsoid_major_m=6378137.0,
        ellipsoid_minor_m=6356752.314245,
        bistatic_corrected=True,
        topsar_convention="Only Echo Lines",
        orbit_source="Downlink",
        attitude_source="Downlink",
    )


def _image(kind: Kind) -> said.ImageInformation:
    return said.ImageInformation(
        first_line=START,
        last_line=last_line(kind),
        ascending_node=NODE,
        anchor=START,
        composition="Individual",
        slice_number=0,
        slices=(),
        slant_range_time_s=FIRST_RANGE_S,
        pixel_value="Detected" if kind.detected else "Complex",
        output_pixels="16 bit Unsigned Integer" if kind.detected else "16 bit Signed Integer",
        range_spacing_m=10.0 if kind.detected else 2.3,
        azimuth_spacing_m=10.0,
        line_interval_s=LINE_S,
        azimuth_frequency_hz=486.5,
        samples=kind.samples,
        lines=kind.lines,
        zero_doppler_minus_acquisition_s=0.3,
        mid_swath_incidence_deg=32.0,
        statistics=said.ImageStatistics(),
    )


def _quality() -> said.RawQuality:
    sources = ("Nominal", "Model", "Unextended")
    return said.RawQuality(
        *(START, 0.01, 0.02, 1.5, 1.6, 0, False), *sources, *(0.01, 0.02, 1.0, 0.1), "Data Analysis",
        doppler_uncertain=False, statistics=said.ImageStatistics(),
    )  # fmt: skip


def _bursts(kind: Kind) -> tuple[series.Burst, ...]:
    if not kind.bursts:
        return ()
    lines = kind.lines // kind.bursts
    valid = np.full(lines, 5)
    valid[[0, 1, -1]] = -1
    ends = np.where(valid < 0, -1, kind.samples - 7)
    made = []
    for number in range(kind.bursts):
        time = START + timedelta(seconds=number * 60 * LINE_S)
        made.append(series.Burst(time, (time - NODE).total_seconds(), time, 0, valid, ends))
    return tuple(made)


def annotation(kind: Kind, swath: str, polarisation: str, number: int) -> said.Annotation:
    times = np.array([utc_ns(START), utc_ns(last_line(kind))])
    fine = series.FineDoppler(np.array([5.3e-3, 5.31e-3]), np.array([3.0, 4.0]))
    doppler = series.DopplerEstimate(
        START, FIRST_RANGE_S, np.array([1.0, 2.0, 0.0]), np.array([3.0, -4e3, 1e8]), 1.5, False, START, START, fine
    )
    ranges = np.array([5.3e-3, 5.31e-3, 5.32e-3])
    pattern = series.AntennaPattern(
        swath, START, ranges, np.array([27.0, 28, 29]), np.array([0.5 + 0j, 1 + 0.1j, 0.5]), ranges * 6e3, 12.0, 30.0
    )
    conversion = series.CoordinateConversion(
        START, FIRST_RANGE_S, 8e5, np.array([0.0, 2.0, -1e-6]), 0.0, np.array([8e5, 0.5, 5e-7])
    )
    bounds = series.SwathBounds(times[:1], *(np.array([k]) for k in (0, 0, kind.lines - 1, kind.samples - 1)))
    return said.Annotation(
        header=header(kind, swath, polarisation, number),
        quality_index=0.0,
        qualities=(_quality(),),
        product=said.ProductInformation(
            pass_direction="Ascending",
            timeliness="Fast-24h",
            platform_heading_deg=-12.0,
            projection="Ground Range" if kind.detected else "Slant Range",
            range_sampling_hz=SAMPLING_HZ,
            radar_frequency_hz=5.405000454334350e09,
            azimuth_steering_deg_per_s=1.590368784 if kind.bursts else 0.0,
        ),
        downlink=(_downlink(kind, swath if not kind.detected else "IW1"),),
        orbit=orbit(),
        attitude=series.Attitudes.none(),
        raw_analysis=(raw.RawAnalysis(START, 0.01, 0.02, 0.1, 1.0, 0.0, 0.0, 1.0, 0.0),),
        replicas=(_replica(swath if not kind.detected else "IW1"),),
        noise=(raw.NoiseMeasurement(swath, START, 2.9, 8),),
        terrain=series.TerrainHeights(times, np.array([0.0, 1.0])),
        fm_rates=(series.FmRate(START, FIRST_RANGE_S, np.array([-2370.0, 4.5e5, -7.8e7])),),
        image=_image(kind),
        processing=_processing(kind),
        doppler=(doppler,),
        antenna=(pattern,),
        lines_per_burst=kind.lines // kind.bursts if kind.bursts else 0,
        samples_per_burst=kind.samples if kind.bursts else 0,
        bursts=_bursts(kind),
        grid=grid(kind),
        conversions=(conversion, conversion._replace(time=last_line(kind))) if kind.detected else (),
        merges=(series.SwathMerge("IW1", bounds),) if kind.detected else (),
    )


def calibration(kind: Kind, swath: str, polarisation: str, number: int) -> tables.Calibration:
    """Tables that differ over the swath: sigma, beta and gamma of a flat scene."""
    pixel = np.append(np.arange(0, kind.samples - 1, 40), kind.samples - 1)
    incidence = np.radians(31.0 + pixel * 0.01)
    beta = np.full(pixel.size, 474.0)
    vectors = [
        tables.CalibrationVector(
            START + timedelta(seconds=line * LINE_S), line, pixel,
            beta / np.sqrt(np.sin(incidence)), beta, beta / np.sqrt(np.tan(incidence)), beta,
        )
        for line in (0, kind.lines // 2, kind.lines - 1)
    ]  # fmt: skip
    return tables.Calibration(header(kind, swath, polarisation, number), 1.0, tuple(vectors))


def noise(kind: Kind, swath: str, polarisation: str, number: int) -> tables.Noise:
    pixel = np.append(np.arange(0, kind.samples - 1, 40), kind.samples - 1)
    over_range = [
        tables.NoiseRangeVector(START + timedelta(seconds=line * LINE_S), line, pixel, 500.0 + 0.1 * pixel)
        for line in (0, kind.lines - 1)
    ]
    line = np.append(np.arange(0, kind.lines - 1, 10), kind.lines - 1)
    along = tables.NoiseAzimuthVector(kind.swaths[0], 0, 0, kind.lines - 1, kind.samples - 1, line, 1.0 + 0.001 * line)
    return tables.Noise(header(kind, swath, polarisation, number), tuple(over_range), (along,))


def content(kind: Kind, polarisations: tuple[str, ...]) -> Level1Content:
    return Level1Content(
        satellite="A",
        beam=kind.beam,
        swaths=kind.swaths,
        product_type="GRD" if kind.detected else "SLC",
        resolution="H" if kind.detected else "_",
        polarisation="SV" if len(polarisations) == 1 else "DV",
        start=START,
        stop=last_line(kind),
        orbit=OrbitReference(absolute_orbit=37258, pass_direction="ASCENDING", ascending_node_time=NODE),
        data_take_id=0x04638E,
        segment_start=START,
        footprint=((45.0, 10.0), (45.0, 10.045), (45.02, 10.047), (45.02, 10.002)),
        origin=Origin(
            processing=f"{kind.product_type} Processing",
            start=START + timedelta(hours=1),
            stop=START + timedelta(hours=1),
            version="1",
            inputs=(("S1A_S3_RAW__0SSV", "Level-0 Product"),),
            simulated=True,
        ),
    )


def images(kind: Kind, polarisations: tuple[str, ...] = ("VV",), rows: int = 64) -> list[Level1Image]:
    """The images of a product, pixels given in blocks of so many rows."""
    made: list[Level1Image] = []
    for polarisation in polarisations:
        for swath in kind.swaths:
            number = len(made) + 1
            made.append(
                Level1Image(
                    annotation(kind, swath, polarisation, number),
                    calibration(kind, swath, polarisation, number),
                    noise(kind, swath, polarisation, number),
                    _in_blocks(pixels(kind, number), rows),
                )
            )
    return made


def _in_blocks(whole: NDArray[Any], rows: int) -> Iterator[NDArray[Any]]:
    for line in range(0, whole.shape[0], rows):
        yield whole[line : line + rows]


def write_small_product(
    folder: Path, kind: Kind, polarisations: tuple[str, ...] = ("VV",), rows: int = 64
) -> tuple[Path, Level1Written]:
    """Write a product below a folder; return its own folder and what was written."""
    written = write_level1(folder, content(kind, polarisations), images(kind, polarisations, rows), b"\x89PNG made up")
    return folder / written.name, written
