"""What the demo feeds in: reception sessions simulated from packets, and files as they are."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from refsys.chains.sentinel1.isp_simulator import simulate_aux_ins, simulate_packets
from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
from refsys.chains.sentinel1.simulation.showcase import GAIN, TRUTH_FILE, SceneTruth, simulate_showcase
from refsys.chains.sentinel3.mwr_packets import simulate_mwr_packets
from refsys.chains.sentinel3.session_simulator import SessionOptions, SessionTruth, simulate_session
from refsys.chains.sentinel3.sral_simulator import simulate_l1b
from refsys.model.errors import InputCorrupt
from refsys.model.values import Value, sha256_hex
from refsys.services.demonstration.real_data import MWR_PACKETS, S1_AUXILIARY, S1_PACKETS, S1_REFERENCE, SRAL_PRODUCTS

Bytes = npt.NDArray[np.uint8]
Lengths = npt.NDArray[np.int64]

SESSION_START = datetime(2022, 11, 1, 11, 10, tzinfo=UTC)
"""Reception after the orbit of the real radiometer packets."""

PACKETS = 39_477
"""As many as the real orbit has."""

_PRIMARY_HEADER_BYTES = 6


class Variant(Value):
    """One way in which the same packets are received."""

    name: str
    title: str
    options: dict[str, Any]


VARIANTS = (
    Variant(
        name="clean",
        title="Two channels with every second frame each",
        options={"channels": "split"},
    ),
    Variant(
        name="wrong-bytes",
        title="8 wrong bytes in every codeword of every frame",
        options={"channels": "duplicate", "wrong_bytes_per_codeword": 8},
    ),
    Variant(
        name="lost-on-all",
        title="1 % of frames lost on both channels",
        options={"channels": "duplicate", "lost_frame_fraction": 0.01, "seed": 3},
    ),
    Variant(
        name="lost-on-one",
        title="The same frames lost on one channel of two",
        options={
            "channels": "duplicate",
            "lost_frame_fraction": 0.01,
            "lost_on": "first",
            "seed": 3,
        },
    ),
)


class Session(Value):
    """A simulated session on disk, and what must be found in it."""

    variant: Variant
    folder: Path
    truth: SessionTruth


def packets_of_file(path: Path) -> tuple[Bytes, Lengths]:
    """Return the space packets of a file, uint8 (b,), and the bytes of each, int64 (n,).

    Raises
    ------
    InputCorrupt
        The last packet is cut off (CCSDS 133.0-B, 4.1.3.5.3: the length field counts data bytes less one).
    """
    data = np.fromfile(path, np.uint8)
    return data, packet_lengths(data, where=path)


def packet_lengths(data: Bytes, *, where: object) -> Lengths:
    """Return the bytes of each of the space packets that lie end to end, int64 (n,); `InputCorrupt` as above."""
    lengths, at = [], 0
    while at + _PRIMARY_HEADER_BYTES <= data.size:
        lengths.append(7 + (int(data[at + 4]) << 8 | int(data[at + 5])))
        at += lengths[-1]
    if at != data.size:
        raise InputCorrupt(f"packet {len(lengths)} is cut off: {data.size} bytes are there, {at} expected", where=where)
    return np.array(lengths, np.int64)


def simulated_packets(count: int, seed: int) -> tuple[Bytes, Lengths]:
    """Return simulated radiometer packets, uint8 (b,), and the bytes of each, int64 (n,)."""
    packets = simulate_mwr_packets(count, seed)
    return packets.reshape(-1), np.full(count, packets.shape[1], np.int64)


def mwr_packets(real: Path | None) -> tuple[Bytes, Lengths]:
    """Return the real orbit of radiometer packets, or as many simulated ones."""
    return simulated_packets(PACKETS, seed=1) if real is None else packets_of_file(real / MWR_PACKETS)


def prepare_sessions(folder: Path, packets: Bytes, lengths: Lengths, first_orbit: int) -> list[Session]:
    """Simulate one session for each variant below a folder; what is there already is kept.

    A session is whole when its truth lies beside it; what was begun and not finished is made anew.

    Parameters
    ----------
    folder
        Each variant gets a folder of its own below it.
    packets, lengths
        Packets end to end, uint8 (b,), and the bytes of each, int64 (n,).
    first_orbit
        Downlink orbit of the first session, the others follow: sessions of other packets need other names.
    """
    sessions = []
    for downlink_orbit, variant in enumerate(VARIANTS, first_orbit):
        place = folder / variant.name
        truth = _made_before(place, variant, sha256_hex(packets.tobytes()))
        if truth is None:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            options = SessionOptions(start=SESSION_START, downlink_orbit=downlink_orbit, **variant.options)
            truth = simulate_session(packets, lengths, place, options)
            _leave(place / "variant.json", variant.to_json())
            _leave(place / "truth.json", truth.to_json())
        sessions.append(Session(variant=variant, folder=place / truth.session_id, truth=truth))
    return sessions


def _made_before(place: Path, variant: Variant, packets_sha256: str) -> SessionTruth | None:
    if not (place / "truth.json").is_file() or (place / "variant.json").read_text("utf-8") != variant.to_json():
        return None
    truth = SessionTruth.from_json((place / "truth.json").read_text("utf-8"))
    return truth if truth.packets_sha256 == packets_sha256 else None


def _leave(file: Path, text: str) -> None:
    partial = file.with_suffix(".part")
    partial.write_text(text, "utf-8")
    partial.replace(file)


def sral_inputs(real: Path | None, folder: Path) -> list[Path]:
    """Return the SRAL Level-1B products: the real archives, or one simulated product made below a folder."""
    if real is not None:
        return sorted((real / SRAL_PRODUCTS).glob("*.zip"))
    return _made_once(folder, lambda: [simulate_l1b(folder, seed=1)])


def s1_inputs(real: Path | None, folder: Path) -> list[Path]:
    """Return auxiliary folders and packet files of Sentinel-1: the real ones, or simulated ones made below a folder."""
    if real is not None:
        return [*sorted((real / S1_AUXILIARY).glob("*_AUX_INS_*")), *sorted((real / S1_PACKETS).glob("*.dat"))]
    return _made_once(folder, lambda: [simulate_aux_ins(folder), simulate_packets(folder, seed=1)])


def scene_inputs(folder: Path) -> list[Path]:
    """Return auxiliary files and session of the simulated Sentinel-1 scene, made below a folder: no real one exists."""
    return _made_once(folder, lambda: [*simulate_auxiliary(folder, gain=GAIN), simulate_showcase(folder).session])


def scene_truth(folder: Path) -> SceneTruth:
    """Return what is true of the scene whose inputs lie in a folder."""
    return SceneTruth.from_json((folder / TRUTH_FILE).read_text("utf-8"))


def s1_reference(real: Path | None, folder: Path, packets: str) -> Path:
    """Return the samples that decoding a file of packets must give: the reference decoder's, or what was sent."""
    return (folder if real is None else real / S1_REFERENCE) / f"{Path(packets).stem}_iq.npy"


def _made_once(folder: Path, make: Callable[[], list[Path]]) -> list[Path]:
    """Return what was made in a folder, making it if it is not whole: a changed file would be ingested anew."""
    memory = folder / "made.json"
    if not memory.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        _leave(memory, json.dumps([path.name for path in make()]))
    return [folder / name for name in json.loads(memory.read_text("utf-8"))]
