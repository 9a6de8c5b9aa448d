"""`refsys simulate`: inputs of the real form, for trying things out."""

# ruff: noqa: PLC0415  (heavy modules are imported where a command runs: `refsys --help` stays fast)

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from refsys.services import views
from refsys.services.commands.options import Json
from refsys.services.commands.scenario import simulate_scenario

if TYPE_CHECKING:
    from refsys.chains.sentinel3.session_simulator import SessionOptions

simulate = typer.Typer(no_args_is_help=True, help="Simulated inputs of the real form, with the faults asked for.")
Into = Annotated[Path, typer.Argument(help="Folder in which it is made.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(simulate, name="simulate")
    simulate.command("scenario")(simulate_scenario)


@simulate.command("session")
def simulate_session(
    into: Into,
    *,
    packets: Annotated[Path | None, typer.Option(help="File of space packets end to end; else simulated ones.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many packets are simulated.")] = 39_477,
    satellite: Annotated[str, typer.Option(help="A, B, C or D.")] = "A",
    start: Annotated[datetime | None, typer.Option(help="Start of the reception, UTC.")] = None,
    downlink_orbit: Annotated[int, typer.Option(min=0, max=999_999, help="Orbit in the session's name.")] = 1,
    channels: Annotated[str, typer.Option(help="duplicate, split or single.")] = "duplicate",
    wrong_bytes_per_codeword: Annotated[int, typer.Option(min=0, max=255, help="In every codeword.")] = 0,
    lost_frame_fraction: Annotated[float, typer.Option(min=0, max=1, help="Part of the frames that is lost.")] = 0.0,
    lost_on: Annotated[str, typer.Option(help="Lost on all channels, or on the first.")] = "all",
    marker_bit_errors: Annotated[int, typer.Option(min=0, max=32, help="In every frame marker.")] = 0,
    byte_slips: Annotated[int, typer.Option(min=0, help="Places where bytes are inserted or dropped.")] = 0,
    chunk_frames: Annotated[int, typer.Option(min=1, help="Frames of one chunk file.")] = 500,
    swapped_chunks: Annotated[bool, typer.Option("--swapped-chunks", help="First two chunks change names.")] = False,
    late_chunk: Annotated[bool, typer.Option("--late-chunk", help="First chunk is listed last.")] = False,
    truncated: Annotated[bool, typer.Option("--truncated", help="The first chunk of channel 1 is cut short.")] = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Wrap space packets into frames, as a reception session of Sentinel-3, and say what must be found in it."""
    from refsys.chains.sentinel3.session_simulator import simulate_session as make
    from refsys.services.demonstration.inputs import SESSION_START, packets_of_file, simulated_packets

    options = _session_options(
        satellite=satellite,
        start=_utc(start) if start else SESSION_START,
        downlink_orbit=downlink_orbit,
        channels=channels,
        wrong_bytes_per_codeword=wrong_bytes_per_codeword,
        lost_frame_fraction=lost_frame_fraction,
        lost_on=lost_on,
        marker_bit_errors=marker_bit_errors,
        byte_slips=byte_slips,
        chunk_frames=chunk_frames,
        swapped_chunks=swapped_chunks,
        late_chunk=late_chunk,
        truncated=truncated,
        seed=seed,
    )
    data, lengths = packets_of_file(packets) if packets else simulated_packets(count, seed)
    into.mkdir(parents=True, exist_ok=True)
    truth = make(data, lengths, into, options)
    row = {"folder": str(into / truth.session_id), **truth.plain()}
    if as_json:
        views.show_json(row)
        return
    lists = {name: len(value) for name, value in row.items() if isinstance(value, list)}
    typer.echo(f"simulated session {row['folder']}")
    views.show_table([{"field": k, "value": lists.get(k, v)} for k, v in row.items()], ("field", "value"))


@simulate.command("sral")
def simulate_sral(into: Into, seed: Seed = 0, as_json: Json = False) -> None:
    """Make a simulated SRAL Level-1B product over a known sea."""
    from refsys.chains.sentinel3.sral_simulator import simulate_l1b

    into.mkdir(parents=True, exist_ok=True)
    folder = simulate_l1b(into, seed=seed)
    if as_json:
        views.show_json({"folder": str(folder), "simulated": True})
    else:
        typer.echo(f"simulated product {folder}")


@simulate.command("isp")
def simulate_isp(into: Into, seed: Seed = 0, as_json: Json = False) -> None:
    """Make a file of simulated Sentinel-1 instrument packets, and the AUX_INS that decodes them."""
    from refsys.chains.sentinel1.isp_simulator import simulate_aux_ins, simulate_packets

    row = {"packets": str(simulate_packets(into, seed)), "aux_ins": str(simulate_aux_ins(into)), "simulated": True}
    if as_json:
        views.show_json(row)
    else:
        typer.echo(f"simulated packets {row['packets']}\nsimulated tables {row['aux_ins']}")


@simulate.command("scene")
def simulate_scene(
    into: Into,
    *,
    lines: Annotated[
        int, typer.Option(min=1, max=8192, help="Pulses; 1,750 of them are the edges of the image.")
    ] = 3328,
    samples: Annotated[int, typer.Option(min=1, max=8192, help="Of each pulse; 2,948 are its edge.")] = 5600,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Make a Sentinel-1 StripMap session of targets and lettering, its auxiliary files, and what is true of it."""
    from refsys.chains.sentinel1.simulation.auxiliary import simulate_auxiliary
    from refsys.chains.sentinel1.simulation.showcase import GAIN, simulate_showcase

    try:
        made = simulate_showcase(into, lines=lines, samples=samples, seed=seed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    auxiliary = simulate_auxiliary(into, gain=GAIN)
    row = {
        "session": str(made.session),
        "truth": str(made.truth),
        "auxiliary": [str(path) for path in auxiliary],
        "simulated": True,
    }
    if as_json:
        views.show_json(row)
    else:
        typer.echo(f"simulated session {made.session}\nwhat is true of it {made.truth}")
        typer.echo("\n".join(f"auxiliary {path}" for path in auxiliary))


def _utc(time: datetime) -> datetime:
    from datetime import UTC

    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _session_options(**fields: object) -> "SessionOptions":
    """Return the options as their own type; a value that does not fit is a wrong use of the command."""
    from pydantic import ValidationError

    from refsys.chains.sentinel3.session_simulator import SessionOptions

    try:
        return SessionOptions.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise typer.BadParameter(first["msg"], param_hint=option) from error
