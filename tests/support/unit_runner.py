"""Runs the steps of a chain in this process, without scheduler and store: for tests of units.

    run = run_chain("S3-L0-MWR", {"session": session_folder}, tmp_path, channels=["1", "2"])
    run.product_folder("MW_0_MWR___")

Plan, parameters and `UnitContext` are the real ones; workspaces are Zarr groups in folders.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import zarr
from pydantic import JsonValue

from refsys.chains.chain_files import shipped_chains
from refsys.chains.planning import make_plan
from refsys.chains.selection import Selection
from refsys.chains.units import LocalInput, Predecessor, ProductDraft, UnitContext, UnitOutcome, find_unit
from refsys.model.plans import Plan
from refsys.model.products import Asset, InputRef, Product, content_digest
from refsys.model.requests import ProductionRequest
from refsys.model.values import sha256_hex

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class ChainRun:
    """What the steps of a chain left."""

    plan: Plan
    out: Path
    outcomes: Mapping[str, UnitOutcome]

    def product(self, product_type: str) -> ProductDraft:
        """Return the only product of a type."""
        (draft,) = (d for o in self.outcomes.values() for d in o.products if d.product_type == product_type)
        return draft

    def product_folder(self, product_type: str) -> Path:
        """Return its folder."""
        (folder,) = self.out.glob(f"*/{self.product(product_type).name}")
        return folder


def run_chain(
    chain: str,
    inputs: Mapping[str, Path],
    work: Path,
    *,
    parameters: Mapping[str, JsonValue] | None = None,
    only: str | None = None,
    **figures: JsonValue,
) -> ChainRun:
    """Plan and run a shipped chain on folders (or single files) by role; `figures` are those of the main input.

    With `only`, the steps of that unit, which must be the first, and no others.
    """
    rules = shipped_chains()[chain]
    refs = {
        rule.role: _ref(rule.role, rule.types[0], inputs[rule.role]) for rule in rules.inputs if rule.role in inputs
    }
    main = _main(refs[rules.inputs[0].role], dict(figures))
    selection = Selection(chosen={role: (ref,) for role, ref in refs.items()}, main=main)
    request = ProductionRequest(
        chain=chain, product_type=rules.outputs[0], inputs=(main.name,), parameters=dict(parameters or {})
    )
    plan = make_plan(request, rules, selection, CREATED)
    return ChainRun(plan, work / "out", _run(plan, inputs, work, only))


def _run(plan: Plan, inputs: Mapping[str, Path], work: Path, only: str | None) -> dict[str, UnitOutcome]:
    outcomes: dict[str, UnitOutcome] = {}
    left: dict[str, Predecessor] = {}
    for step in (step for step in plan.steps if only in (None, step.processor)):
        used: list[Path] = []

        def open_workspace(path: Path = work / "workspace" / step.key, used: list[Path] = used) -> zarr.Group:
            used.append(path)
            return zarr.open_group(path, mode="w-", zarr_format=3)

        out = work / "out" / step.key
        out.mkdir(parents=True)
        folders = {ref.role: inputs[ref.role] for ref in step.inputs}
        context = UnitContext(
            step=step,
            inputs={
                ref.role: (LocalInput(ref, place if (place := folders[ref.role]).is_dir() else place.parent),)
                for ref in step.inputs
            },
            before=tuple(left[key] for key in step.after),
            out=out,
            creation_time=plan.creation_time,
            open_workspace=open_workspace,
            progress=lambda _fraction, _what: None,
        )
        outcome = find_unit(step.processor).run(context)
        outcomes[step.name] = outcome
        group = zarr.open_group(used[0], mode="r") if used else None
        left[step.key] = Predecessor(step.name, outcome.figures, group)
    return outcomes


def _ref(role: str, product_type: str, place: Path) -> InputRef:
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
    root = place.parent if place.is_file() else place
    assets = tuple(_asset(path, root) for path in files)
    return InputRef(role=role, name=place.name, product_type=product_type, digest=content_digest(assets), assets=assets)


def _asset(path: Path, root: Path) -> Asset:
    sha256 = sha256_hex(path.read_bytes())
    relative = path.relative_to(root).as_posix()
    return Asset(
        path=relative, key=f"test/{relative}", size_bytes=path.stat().st_size, sha256=sha256, content_sha256=sha256
    )


def _main(ref: InputRef, figures: dict[str, JsonValue]) -> Product:
    return Product(
        name=ref.name,
        product_type=ref.product_type,
        mission=ref.product_type[:2] if ref.product_type[0] == "S" else "S3",
        satellite="A",
        start=CREATED,
        stop=CREATED,
        creation_time=CREATED,
        figures=figures,
        assets=ref.assets,
        digest=ref.digest,
    )
