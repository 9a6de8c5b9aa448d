"""What a worker does with one step: fetch, run the unit, stage, commit. The only part that workers run."""

import errno
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from pydantic import Field, JsonValue

from refsys.chains.processors.input_cache import CACHE_FOLDER, InputCache
from refsys.chains.units import LocalInput, Predecessor, ProductDraft, UnitContext, UnitOutcome, find_unit
from refsys.model.chains import fits_type
from refsys.model.errors import FailureClass, ProcessorFailed, RefsysError, StorageFull
from refsys.model.plans import Plan, Step, StepResult
from refsys.model.products import InputRef, Product, Provenance
from refsys.model.times import WallClock
from refsys.model.values import UtcTime, Value
from refsys.scheduler.lines import inputs_of_graphs, line_of
from refsys.storage.folder_store import FolderStore
from refsys.storage.staging import fetch, product_of
from refsys.storage.steps import Attempt, StepArea
from refsys.storage.stores import Store, open_store
from refsys.storage.workspace import open_group

REASON_CHARACTERS = 2_000
TRACEBACK_CHARACTERS = 20_000
"""What is kept of a failure's words."""


class StoreAddress(Value):
    """Where the store is; keys to it come from the worker's own environment, never from here."""

    url: str
    s3_endpoint: str | None = None

    def open(self) -> Store:
        """Open the store in this process."""
        return open_store(self.url, s3_endpoint=self.s3_endpoint)


class StepTask(Value):
    """One step as it is sent to a worker: some kilobytes, no arrays, no secrets."""

    label: str = Field(description="Name on the dashboard: chain and step.")
    step: Step
    chain: str
    chain_version: str
    request_key: str
    creation_time: UtcTime
    parameters: dict[str, JsonValue] = Field(description="Parameters of this step and of all before it, by step name.")
    plan_inputs: tuple[InputRef, ...] = Field(description="Inputs of this step and of all before it.")
    store: StoreAddress
    scratch: Path
    cache_bytes: int = Field(0, description="Quota of the node's cache of inputs; 0: inputs are fetched for each step.")


def tasks_of(plan: Plan, store: StoreAddress, scratch: Path, cache_bytes: int = 0) -> tuple[StepTask, ...]:
    """Return the tasks of a plan, in order."""
    steps = {step.key: step for step in plan.steps}
    of_graphs = inputs_of_graphs(plan)
    tasks = []
    for step in plan.steps:
        line, inputs = line_of(step, steps, of_graphs)
        tasks.append(
            StepTask(
                label=f"{plan.chain.replace('-', '_')} {step.name}",
                step=step,
                chain=plan.chain,
                chain_version=plan.chain_version,
                request_key=plan.request_key,
                creation_time=plan.creation_time,
                parameters={before.name: dict(before.parameters) for before in line},
                plan_inputs=inputs,
                store=store,
                scratch=scratch,
                cache_bytes=cache_bytes,
            )
        )
    return tuple(tasks)


def run_step(task: StepTask, *before: StepResult) -> StepResult:
    """Run one step, unless its manifest is committed, and return its result.

    Parameters
    ----------
    task
        What to do.
    before
        Results of the steps it follows, in the order of `task.step.after`.

    Raises
    ------
    RefsysError
        With the class of failure; anything else that a unit raises is a bug of the unit and passes as it is.
    """
    store = task.store.open()
    area = StepArea(store, task.step.key)
    if (committed := area.committed()) is not None:
        if _is_whole(store, committed):
            return committed.model_copy(update={"reused": True})
        area.drop()  # an attempt thought dead committed after its files had been dropped
    attempt = area.begin(uuid4().hex)
    task.scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{task.step.key[:12]}-", dir=task.scratch))
    try:
        return attempt.commit(_compute(task, store, attempt, before, folder))
    except BaseException as error:
        _discard(attempt, error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and not isinstance(error, RefsysError):
            raise StorageFull(
                "no space left for the files of a running step", where=task.scratch, hint="free space or set `scratch`"
            ) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a leftover is only space, and `refsys doctor` finds it


def _is_whole(store: Store, result: StepResult) -> bool:
    """Whether everything that a committed step names is there."""
    keys = [asset.key for product in result.products for asset in product.assets]
    if result.workspace is not None and next(iter(store.list(result.workspace)), None) is None:
        return False
    return all(store.exists(key) for key in keys)


def _discard(attempt: Attempt, reason: BaseException) -> None:
    """Delete what a failed attempt wrote; that this fails too must not hide why the attempt did."""
    try:
        attempt.discard()
    except RefsysError as error:
        reason.add_note(f"what it wrote could not be deleted: {error}")


def _compute(
    task: StepTask, store: Store, attempt: Attempt, before: tuple[StepResult, ...], folder: Path
) -> StepResult:
    clock = WallClock()
    started = clock.now()
    out = folder / "out"
    out.mkdir()
    used_workspace = False

    def open_workspace() -> object:
        nonlocal used_workspace
        used_workspace = True
        return open_group(task.store.url, attempt.arrays_prefix, s3_endpoint=task.store.s3_endpoint, mode="w")

    context = UnitContext(
        step=task.step,
        inputs=_fetch(task, store, folder / "in"),
        before=tuple(_predecessor(result, task.store) for result in before),
        out=out,
        creation_time=task.creation_time,
        open_workspace=open_workspace,  # type: ignore[arg-type]  # zarr is imported only where a group is opened
        progress=_progress_of(task),
    )
    try:
        outcome = find_unit(task.step.processor).run(context)
    except SystemExit as error:
        raise ProcessorFailed(
            f"the unit ended its process with exit code {error.code}", where=task.step.name
        ) from error
    _check_outputs(task.step, outcome, out)
    products = tuple(_product(task, attempt, draft, out / draft.name) for draft in outcome.products)
    return StepResult(
        step_key=task.step.key,
        name=task.step.name,
        started_at=started,
        ended_at=clock.now(),
        worker=f"pid {os.getpid()}",
        products=products,
        figures=outcome.figures,
        workspace=attempt.arrays_prefix if used_workspace else None,
        peak_memory_bytes=_peak_memory_bytes(),
    )


def _fetch(task: StepTask, store: Store, folder: Path) -> dict[str, tuple[LocalInput, ...]]:
    """Bring every input's files here, verified against the digests of the plan; once for all steps of this node."""
    far = task.cache_bytes > 0 and not isinstance(store, FolderStore)  # a folder gives links without copying
    cache = InputCache(task.scratch / CACHE_FOLDER, task.cache_bytes) if far else None
    inputs: dict[str, tuple[LocalInput, ...]] = {}
    for ref in task.step.inputs:
        place = folder / ref.role / ref.name
        if cache is None:
            fetch(store, ref.assets, place)
        else:
            cache.fetch(store, ref.assets, place)
        inputs[ref.role] = (*inputs.get(ref.role, ()), LocalInput(ref, place))
    return inputs


def _predecessor(result: StepResult, store: StoreAddress) -> Predecessor:
    group = None
    if result.workspace is not None:
        group = open_group(store.url, result.workspace, s3_endpoint=store.s3_endpoint, mode="r")
    return Predecessor(name=result.name, figures=result.figures, workspace=group)


def _check_outputs(step: Step, outcome: UnitOutcome, out: Path) -> None:
    made = sorted(draft.product_type for draft in outcome.products)
    if not _as_declared(made, step.outputs):
        raise ProcessorFailed(f"made products {made or 'none'}, declared are {sorted(step.outputs)}", where=step.name)
    stray = {path.name for path in out.iterdir()} ^ {draft.name for draft in outcome.products}
    if stray:
        raise ProcessorFailed(f"output folders and products differ: {sorted(stray)}", where=step.name)


def _as_declared(made: list[str], declared: tuple[str, ...]) -> bool:
    """Whether there is one product of each type that is named whole, and one or more for each other."""
    patterns = [kind for kind in declared if "?" in kind]
    whole = [kind for kind in made if not any(fits_type(pattern, kind) for pattern in patterns)]
    found = all(any(fits_type(pattern, kind) for kind in made) for pattern in patterns)
    return found and whole == sorted(set(declared) - set(patterns))


def _product(task: StepTask, attempt: Attempt, draft: ProductDraft, folder: Path) -> Product:
    assets = attempt.stage(draft.name, folder, draft.volatile)
    provenance = Provenance(
        software=f"refsys {version('refsys')}",
        chain=task.chain,
        chain_version=task.chain_version,
        processor=task.step.processor,
        processor_version=task.step.processor_version,
        parameters=task.parameters,
        inputs=task.plan_inputs,
        request_key=task.request_key,
    )
    return product_of(draft, assets, provenance)


def _progress_of(task: StepTask) -> Callable[[float, str], None]:
    """Return what a unit tells its progress to: events of the topic `refsys` on a Dask worker, nothing elsewhere."""
    if "distributed.worker" not in sys.modules:
        return lambda fraction, words: None
    from distributed import get_worker  # noqa: PLC0415  (only where Dask runs already)

    try:
        worker = get_worker()
    except ValueError:
        return lambda fraction, words: None
    told = {"request": task.request_key, "step": task.step.name}
    return lambda fraction, words: worker.log_event("refsys", {**told, "fraction": fraction, "doing": words})


def _peak_memory_bytes() -> int | None:
    """Return the peak resident size of this process, which is that of its largest step so far."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def failure_of(error: BaseException) -> tuple[FailureClass, str, str]:
    """Return class, sentence and traceback of what a step raised, both cut to what a row can hold and JSON can say."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, RefsysError):
        failure, reason = error.failure, str(error)
    elif isinstance(error, MemoryError):
        failure, reason = FailureClass.OUT_OF_MEMORY, "the step asked for more memory than there is"
    else:
        failure, reason = FailureClass.BUG, f"{type(error).__name__}: {error}{_last_line(error)}"
    return (
        failure,
        _speakable(reason, REASON_CHARACTERS),
        _speakable(text[-TRACEBACK_CHARACTERS:], TRACEBACK_CHARACTERS),
    )


def _last_line(error: BaseException) -> str:
    """Return where a bug was raised, as ` [file:line]`."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" [{Path(frames[-1].filename).name}:{frames[-1].lineno}]" if frames else ""


def _speakable(text: str, characters: int) -> str:
    short = text if len(text) <= characters else f"{text[: characters - 4]} ..."
    return short.encode("utf-8", "backslashreplace").decode()
