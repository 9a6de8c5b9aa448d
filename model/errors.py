"""The one error family: each error says what failed, where, and what to do.

Every class also has the builtin parent that fits it, so that callers may catch `ValueError` or `FileNotFoundError`,
and a class of failure from which the retry policy is chosen.
"""

from enum import StrEnum
from typing import ClassVar


class FailureClass(StrEnum):
    """Why an attempt failed, as far as the evidence tells."""

    PREEMPTED = "preempted"
    WORKER_LOST = "worker-lost"
    OUT_OF_MEMORY = "out-of-memory"
    STORAGE = "storage"
    INPUT_MISSING = "input-missing"
    INPUT_CORRUPT = "input-corrupt"
    PROCESSOR_EXIT = "processor-exit"
    PROCESSOR_TIMEOUT = "processor-timeout"
    QUALITY = "quality"
    NAME_TAKEN = "name-taken"
    BUG = "bug"


RETRYABLE = frozenset(
    {
        FailureClass.PREEMPTED,
        FailureClass.WORKER_LOST,
        FailureClass.OUT_OF_MEMORY,
        FailureClass.STORAGE,
        FailureClass.NAME_TAKEN,
    }
)
"""Failures that may go away by themselves. All others repeat with the same input, so they are parked at once."""


class RefsysError(Exception):
    """Root of the family.

    Parameters
    ----------
    message
        What failed, in one sentence without a full stop.
    where
        The file, key, line or request concerned.
    hint
        What the reader can do about it.

    Examples
    --------
    >>> print(InputCorrupt("chunk has 100 bytes instead of 2044", where="DSDB_00001.raw", hint="fetch it again"))
    chunk has 100 bytes instead of 2044 [DSDB_00001.raw]; fetch it again
    """

    failure: ClassVar[FailureClass] = FailureClass.BUG

    def __init__(self, message: str, *, where: object = None, hint: str | None = None) -> None:
        self.message = message
        self.where = None if where is None else str(where)
        self.hint = hint
        text = message if self.where is None else f"{message} [{self.where}]"
        super().__init__(text if hint is None else f"{text}; {hint}")

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments: errors cross from workers to the scheduler."""
        return (_rebuild, (type(self), self.message, self.where, self.hint))


def _rebuild(kind: type[RefsysError], message: str, where: str | None, hint: str | None) -> RefsysError:
    return kind(message, where=where, hint=hint)


class InputCorrupt(RefsysError, ValueError):
    """An input exists but its content is not what it must be."""

    failure = FailureClass.INPUT_CORRUPT


class InputMissing(RefsysError, FileNotFoundError):
    """An input that must exist does not."""

    failure = FailureClass.INPUT_MISSING


class NameInvalid(InputCorrupt):
    """A product name does not follow its mission's convention; the message names the field."""


class ArchiveUnsafe(InputCorrupt):
    """An archive that climbs out of its folder, or would unpack beyond its limits."""


class XmlUnsafe(InputCorrupt):
    """XML with a document type, entities, or beyond its limits."""


class ConfigInvalid(RefsysError, ValueError):
    """A setting, chain file or command-line value is wrong; `where` holds file and line."""


class PlanInvalid(RefsysError, ValueError):
    """A request cannot be turned into a plan that would run."""


class ProcessorFailed(RefsysError, RuntimeError):
    """A processor ended without the outputs it declared."""

    failure = FailureClass.PROCESSOR_EXIT


class ProcessorTimeout(ProcessorFailed, TimeoutError):
    """A processor did not end in its time, and was killed."""

    failure = FailureClass.PROCESSOR_TIMEOUT


class ProcessorOutOfMemory(ProcessorFailed, MemoryError):
    """A processor took more memory than it was given, and was killed."""

    failure = FailureClass.OUT_OF_MEMORY


class QualityRejected(RefsysError, RuntimeError):
    """A product misses the quality thresholds below which it must not be published."""

    failure = FailureClass.QUALITY


class WorkerLost(RefsysError, RuntimeError):
    """A worker went away while it ran a step."""

    failure = FailureClass.WORKER_LOST


class StorageError(RefsysError, OSError):
    """A store, catalogue or ledger did not do what was asked."""

    failure = FailureClass.STORAGE


class StorageFull(StorageError):
    """No space is left where something had to be written."""


class ObjectMissing(StorageError, FileNotFoundError):
    """No object under this key."""


class ObjectExists(StorageError, FileExistsError):
    """A conditional put found the key taken."""


class DigestMismatch(StorageError):
    """Bytes read back differ from those written or announced."""


class ProductConflict(StorageError, FileExistsError):
    """A product of the same name and other bytes is already published; only a new plan gets another name."""

    failure = FailureClass.NAME_TAKEN


class ProductUnknown(RefsysError, LookupError):
    """The catalogue holds no product of this name."""

    failure = FailureClass.INPUT_MISSING


class RequestUnknown(RefsysError, LookupError):
    """The ledger holds no request with this key."""


class LeaseLost(RefsysError, RuntimeError):
    """Another process owns the request now: the fencing token is no longer the newest."""

    failure = FailureClass.PREEMPTED


class InvalidTransition(RefsysError, RuntimeError):
    """An event met a state that has no rule for it; the message holds the request's history."""
