"""Job orders with their inputs laid out, for tests of processors and of the simulator."""

from datetime import UTC, datetime
from pathlib import Path

from refsys.chains.job_orders_writing import write_job_order
from refsys.model.job_orders import JobInput, JobOrder, JobOutput, JobParameter, JobProcess

START = datetime(2020, 1, 1, 5, 0, 0, tzinfo=UTC)
STOP = datetime(2020, 1, 1, 5, 0, 30, tzinfo=UTC)
S1_SLICE = "S1A_IW_RAW__0SDV_20200101T050000_20200101T050032_030612_0381C5_ABCD.SAFE"
S3_GRANULE = "S3A_OL_0_EFR____20200101T050000_20200101T050030_20200101T060000_0030_053_133______LN3_O_NR_002.SEN3"
S2_DATASTRIP = "S2B_OPER_MSI_L0__DS_REFS_20221124T163650_S20221011T064025_N02.08"


def job_order(folder: Path, inputs: dict[str, list[str]], outputs: list[str], **more: object) -> JobOrder:
    """Return a job order of one task for a working directory."""
    process = JobProcess(
        task_name="TASK",
        task_version="1",
        inputs=tuple(
            JobInput(file_type=kind, file_names=tuple(str(folder / name) for name in names))
            for kind, names in inputs.items()
        ),
        outputs=tuple(JobOutput(file_type=kind, file_name_type="Directory", file_name=str(folder)) for kind in outputs),
    )
    given: dict[str, object] = {"processor_name": "TOY", "version": "1.0", "sensing": (START, STOP)} | more
    parameters = tuple(JobParameter(name=key, value=value) for key, value in dict(given.pop("parameters", {})).items())  # type: ignore[call-overload]
    return JobOrder(processes=(process,), parameters=parameters, **given)


def lay_out(folder: Path, order: JobOrder) -> Path:
    """Write a job order and make a folder for each of its inputs; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    for process in order.processes:
        for entry in process.inputs:
            for name in entry.file_names:
                Path(name).mkdir(parents=True, exist_ok=True)
                (Path(name) / "data").write_bytes(b"1")
    file = folder / "JobOrder.1.xml"
    file.write_bytes(write_job_order(order, "s1"))
    return file
