"""Chain S3-L2-SRAL: the radar altimeter's Level-1B echoes retracked, as an along-track Level-2 product."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal, cast

import numpy as np
import zarr
from pydantic import Field, JsonValue

from refsys.chains.sentinel3.sen3 import Sen3Content, content_of, write_manifest
from refsys.chains.sentinel3.sral_figure import figure
from refsys.chains.sentinel3.sral_footprint import track_footprint
from refsys.chains.sentinel3.sral_l1b import SralL1b, read_l1b
from refsys.chains.sentinel3.sral_level2 import global_attributes, level2_variables, write_l2
from refsys.chains.sentinel3.sral_retracking import RetrackedTrack, SralL2, retrack
from refsys.chains.units import LocalInput, ProductDraft, UnitContext, UnitOutcome, unit
from refsys.model.names_s3 import S3ProductName
from refsys.model.products import Quality
from refsys.model.values import Value

PRODUCT_TYPE = "SR_2_SRA___"
Satellite = Literal["A", "B", "C", "D"]

NETCDF_FILE = "measurement.nc"
ZARR_FOLDER = "measurement.zarr"
FIGURE_FILE = "quicklook.png"
DESCRIPTIONS = {
    NETCDF_FILE: "Range (uncorrected), significant wave height and backscatter of both modes, with uncertainties",
    ZARR_FOLDER: "The same variables as a Zarr group, format 3",
    FIGURE_FILE: "The track, what was measured along it, and echoes with their fits",
}


class RetrackParameters(Value):
    """Parameters of `s3-l2-sral.retrack`; a product beyond one of the limits is degraded."""

    centre: str = Field("REF", pattern="^[A-Z0-9]{3}$", description="Processing centre in the product name.")
    least_good_records: float = Field(0.5, ge=0, le=1, description="Good records of each mode, part of all.")
    most_swh_difference_m: float = Field(0.5, gt=0, description="Difference of the two modes' median wave heights.")


@unit("s3-l2-sral.retrack", version="1", parameters=RetrackParameters)
def retrack_product(context: UnitContext, parameters: RetrackParameters) -> UnitOutcome:
    """Retrack one Level-1B product and write the Level-2 product."""
    source = context.input("echoes")
    l1b = read_l1b(source.path(NETCDF_FILE))
    context.progress(0.1, f"{l1b.plrm.time_s.size} PLRM and {l1b.sar.time_s.size} SAR records")
    l2 = retrack(l1b)
    context.progress(0.8, "fitted")
    figures = _figures(l2)
    reasons = _reasons(figures, parameters)
    draft = _draft(context, parameters, source, l2, {**figures, "degraded_because": reasons})
    folder = context.out / draft.name
    folder.mkdir()
    _write_files(folder, l1b, l2, source)
    write_manifest(folder, _manifest(context, parameters, draft), DESCRIPTIONS)
    return UnitOutcome(products=(draft,), figures=draft.figures)


def _figures(l2: SralL2) -> dict[str, JsonValue]:
    figures: dict[str, JsonValue] = {}
    for mode, track in (("plrm", l2.plrm), ("sar", l2.sar)):
        figures[f"records_{mode}"] = int(track.time_s.size)
        figures[f"good_records_{mode}"] = int(track.good.sum())
        figures[f"median_swh_{mode}_m"] = _median(track, track.swh_m)
        figures[f"median_swh_uncertainty_{mode}_m"] = _median(track, track.swh_uncertainty_m)
        figures[f"median_range_uncertainty_{mode}_m"] = _median(track, track.range_uncertainty_m)
        figures[f"median_sigma0_{mode}_db"] = _median(track, track.sigma0_db)
    return figures


def _median(track: RetrackedTrack, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    return float(np.median(values[track.good])) if track.good.any() else None


def _reasons(figures: dict[str, JsonValue], limits: RetrackParameters) -> list[JsonValue]:
    """Return why the product is degraded; empty for a nominal one."""
    number = {name: value for name, value in figures.items() if isinstance(value, int | float)}
    reasons: list[JsonValue] = []
    for mode in ("plrm", "sar"):
        good, of = number[f"good_records_{mode}"], number[f"records_{mode}"]
        if good < limits.least_good_records * of:
            reasons.append(f"good_records_{mode}: {good} of {of}, at least {limits.least_good_records:g} must be")
    swh = [number.get(f"median_swh_{mode}_m") for mode in ("plrm", "sar")]
    if swh[0] is not None and swh[1] is not None and abs(swh[0] - swh[1]) > limits.most_swh_difference_m:
        reasons.append(
            f"median_swh: {swh[0]:.2f} m and {swh[1]:.2f} m differ by more than {limits.most_swh_difference_m:g} m"
        )
    return reasons


def _draft(
    context: UnitContext,
    parameters: RetrackParameters,
    source: LocalInput,
    l2: SralL2,
    figures: dict[str, JsonValue],
) -> ProductDraft:
    made_of = S3ProductName.parse(source.ref.name)
    given = made_of.model_dump() | {
        "level": "2",
        "creation_time": context.creation_time,
        "centre": parameters.centre,
        "class_id": f"D{made_of.class_id[1:]}",  # D: made outside the operational ground segment
    }
    name = S3ProductName.model_validate(given).format()
    return ProductDraft(
        name=name,
        product_type=PRODUCT_TYPE,
        mission="S3",
        satellite=made_of.satellite,
        start=made_of.start,
        stop=made_of.stop,
        creation_time=context.creation_time,
        footprint=track_footprint(l2.sar.latitude_deg, l2.sar.longitude_deg),
        quality=Quality.DEGRADED if figures["degraded_because"] else Quality.NOMINAL,
        figures=figures,
        volatile=context.volatile(name),
    )


def _write_files(folder: Path, l1b: SralL1b, l2: SralL2, source: LocalInput) -> None:
    provenance = {"source_digest": source.ref.digest, "software": f"refsys {version('refsys')}"}
    write_l2(l2, folder / NETCDF_FILE, provenance)
    group = zarr.open_group(folder / ZARR_FOLDER, mode="w-", zarr_format=3)
    group.attrs.update(global_attributes(l2, provenance))
    for variable in level2_variables(l2):
        array = group.create_array(
            variable.name, data=np.ascontiguousarray(variable.values), dimension_names=(variable.dimension,)
        )
        array.attrs.update({key: _plain(value) for key, value in variable.attributes.items()})
    # Without its software tag a PNG holds nothing that depends on when or where it was written.
    figure(l2, l1b).savefig(folder / FIGURE_FILE, metadata={"Software": None})


def _plain(value: object) -> JsonValue:
    return cast("JsonValue", value.tolist() if isinstance(value, np.ndarray) else value)


def _manifest(context: UnitContext, parameters: RetrackParameters, draft: ProductDraft) -> Sen3Content:
    return content_of(
        context,
        draft,
        instrument=("SRAL", "Synthetic Aperture Radar Altimeter"),
        parameters=parameters,
        inputs=context.step.inputs,
        footprint=_points(draft.footprint),
    )


def _points(footprint: dict[str, object] | None) -> tuple[tuple[float, float], ...]:
    """Return latitude and longitude of the track's points, in order."""
    if footprint is None:
        return ()
    coordinates = cast("list[list[float]] | list[list[list[float]]]", footprint["coordinates"])
    lines = coordinates if footprint["type"] == "MultiLineString" else [coordinates]
    return tuple(
        (float(point[1]), float(point[0])) for line in cast("list[list[list[float]]]", lines) for point in line
    )
