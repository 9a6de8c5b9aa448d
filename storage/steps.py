"""Step areas: where the attempts of one step leave their outputs, and how exactly one of them becomes its result.

Layout below the store::

    steps/<step key>/manifest.json                      the StepResult of the attempt that won
    steps/<step key>/<attempt id>/begun                 claims the attempt id
    steps/<step key>/<attempt id>/files/<product>/...   files of products
    steps/<step key>/<attempt id>/arrays/...            the Zarr group

The manifest is written last, by a conditional put: until then nothing of an attempt is visible, and of several attempts
(a worker thought dead may come back) one wins.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from refsys.model.errors import ObjectExists, ObjectMissing, RefsysError, StorageError
from refsys.model.plans import StepResult
from refsys.model.products import Asset
from refsys.model.volatile import Volatile
from refsys.storage.staging import delete_below, stage
from refsys.storage.stores import Store, validate_part


@dataclass(frozen=True)
class Attempt:
    """One try at a step, with a place of its own."""

    store: Store
    step_key: str
    attempt_id: str

    @property
    def prefix(self) -> str:
        """Folder of everything this attempt writes."""
        return f"steps/{self.step_key}/{self.attempt_id}"

    @property
    def files_prefix(self) -> str:
        """Folder of its products' files."""
        return f"{self.prefix}/files"

    @property
    def arrays_prefix(self) -> str:
        """Folder of its Zarr group; see `refsys.storage.workspace.open_group`."""
        return f"{self.prefix}/arrays"

    def stage(self, name: str, source: Path, volatile: Volatile | None) -> tuple[Asset, ...]:
        """Upload the files of one product; see `refsys.storage.staging.stage`, which also tells the errors.

        Parameters
        ----------
        name
            Name of the product.
        source
            Folder (or single file) that the unit wrote.
        volatile
            Values to mask in the content digests of its text files.
        """
        return stage(self.store, f"{self.files_prefix}/{validate_part(name)}", source, volatile)

    def commit(self, result: StepResult) -> StepResult:
        """Make this attempt's outputs the step's, unless another attempt came first.

        Repeating it after a crash or a network fault does no harm.

        Returns
        -------
        StepResult
            This result, or that of the attempt that won; the loser's own objects are gone then.

        Raises
        ------
        RefsysError
            If the result names another step, or anything outside this attempt.
        """
        self._check(result)
        area = StepArea(self.store, self.step_key)
        try:
            self.store.put_if_absent(area.manifest_key, result.to_json().encode())
        except ObjectExists:
            winner = area.committed()
            if winner is None:
                raise  # dropped in between: the caller decides whether the step is still wanted
            if winner != result:
                self.discard()
            return winner
        return result

    def discard(self) -> None:
        """Delete what this attempt wrote; for a failed attempt, never for a committed one."""
        delete_below(self.store, self.prefix)

    def _check(self, result: StepResult) -> None:
        keys = [asset.key for product in result.products for asset in product.assets]
        strays = [key for key in keys if not key.startswith(f"{self.files_prefix}/")]
        if result.step_key != self.step_key or strays or result.workspace not in (None, self.arrays_prefix):
            what = strays[0] if strays else f"step {result.step_key}, workspace {result.workspace}"
            raise RefsysError(f"a step's result names what its attempt did not write: {what}", where=self.prefix)


class StepArea:
    """What the store holds of one step.

    Parameters
    ----------
    store
        The object store.
    step_key
        Digest of what the step computes (`refsys.model.plans.step_key`).
    """

    def __init__(self, store: Store, step_key: str) -> None:
        self.store = store
        self.step_key = validate_part(step_key)

    @property
    def manifest_key(self) -> str:
        """Key of the manifest that commits the step."""
        return f"steps/{self.step_key}/manifest.json"

    def committed(self) -> StepResult | None:
        """Return the step's result; None while no attempt has committed (`StorageError` for a damaged manifest)."""
        try:
            data = self.store.get(self.manifest_key)
        except ObjectMissing:
            return None
        try:
            return StepResult.from_json(data)
        except ValidationError as error:
            where = f"{self.store.url}/{self.manifest_key}"
            raise StorageError("the manifest is not a step's result", where=where, hint="drop the step area") from error

    def begin(self, attempt_id: str) -> Attempt:
        """Return the place of a new attempt (`ObjectExists` if the id was used before: each try has its own)."""
        attempt = Attempt(self.store, self.step_key, validate_part(attempt_id))
        self.store.put_if_absent(f"{attempt.prefix}/begun", b"")
        return attempt

    def drop(self) -> None:
        """Delete the whole area, manifest first: a half-dropped step counts as never done.

        No attempt may be running.
        """
        self.store.delete(self.manifest_key)
        delete_below(self.store, f"steps/{self.step_key}")
