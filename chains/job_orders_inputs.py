"""Inputs of a job order: which alternative the chosen files are, and how they are named."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import Field

from refsys.model.chains import fits_type
from refsys.model.errors import PlanInvalid
from refsys.model.job_orders import JobInput, JobInterval
from refsys.model.products import Product
from refsys.model.task_tables import TableAlternative, TableInput
from refsys.model.values import UtcTime, Value


class JobFile(Value):
    """A chosen file or product folder."""

    name: str = Field(min_length=1, description="Below the working directory; absolute for static data.")
    product_type: str = Field(description="Type in the catalogue.")
    start: UtcTime
    stop: UtcTime
    creation_time: UtcTime | None = None

    @classmethod
    def of(cls, product: Product) -> "JobFile":
        """Return the folder or file of a product, under its own name."""
        return cls(
            name=product.name,
            product_type=product.product_type,
            start=product.start,
            stop=product.stop,
            creation_time=product.creation_time,
        )


def chosen_input(
    entry: TableInput,
    files: Sequence[JobFile],
    folder: str,
    *,
    where: str,
    synonyms: Mapping[str, tuple[str, ...]] | None = None,
    latest_only: bool = False,
    folder_of_regexp: bool = False,
) -> JobInput:
    """Return an input with its files, each once, in the order given.

    Parameters
    ----------
    entry
        Input of the task table, with alternatives.
    files
        Chosen files, all of one alternative.
    folder
        Working directory with a slash at its end.
    where
        What errors call the input.
    synonyms
        Types of the catalogue for types of the table.
    latest_only
        Whether of files with the same start and stop only the newest stays (by creation, then name).
    folder_of_regexp
        Whether an input of type Regexp is the folder of its files, with one interval that spans theirs.

    Raises
    ------
    PlanInvalid
        If no alternative takes all the files.
    """
    way = _alternative(entry, files, synonyms or {}, where)
    kept = list({file.name: file for file in files}.values())
    if latest_only:
        kept = _newest(kept)
    names = tuple(f"{folder}{file.name}" if not file.name.startswith("/") else file.name for file in kept)
    intervals = tuple(
        JobInterval(start=file.start, stop=file.stop, file_name=name) for file, name in zip(kept, names, strict=True)
    )
    if folder_of_regexp and way.file_name_type == "Regexp":
        around = names[0].rpartition("/")[0]
        start, stop = min(file.start for file in kept), max(file.stop for file in kept)
        names, intervals = (around,), (JobInterval(start=start, stop=stop, file_name=around),)
    return JobInput(
        file_type=way.file_type, file_name_type=way.file_name_type, file_names=names, time_intervals=intervals
    )


def _alternative(
    entry: TableInput, files: Sequence[JobFile], synonyms: Mapping[str, tuple[str, ...]], where: str
) -> TableAlternative:
    types = sorted({file.product_type for file in files})
    for way in entry.alternatives:
        taken = (way.file_type, *synonyms.get(way.file_type, ()))
        if all(any(fits_type(pattern, kind) for pattern in taken) for kind in types):
            return way
    known = ", ".join(way.file_type for way in entry.alternatives)
    raise PlanInvalid(f"files of type {', '.join(types)} are none of {known}", where=where)


def _newest(files: list[JobFile]) -> list[JobFile]:
    """Return the files without those that a newer one of the same start and stop replaces, in their order."""
    best: dict[tuple[UtcTime, UtcTime], JobFile] = {}
    for file in files:
        other = best.get((file.start, file.stop))
        if other is None or _age(file) > _age(other):
            best[file.start, file.stop] = file
    return [file for file in files if best[file.start, file.stop] is file]


def _age(file: JobFile) -> tuple[datetime, str]:
    return file.creation_time or datetime.min.replace(tzinfo=UTC), file.name
