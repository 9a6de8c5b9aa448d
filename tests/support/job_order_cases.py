"""Small task tables and the job orders expected of them, and job orders compared as canonical XML."""

import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from lxml import etree

from refsys.chains.task_tables import read_task_table
from refsys.model.task_tables import TaskTable

CASES = Path(__file__).resolve().parents[1] / "chains" / "job_order_cases"


def at(text: str) -> datetime:
    """Return a time of 2 January 2024, or one with its date."""
    return datetime.fromisoformat(text if "-" in text else f"2024-01-02T{text}").replace(tzinfo=UTC)


def case_table(name: str) -> TaskTable:
    """Return the small task table of a case."""
    return read_task_table(CASES / f"{name}.table.xml")


def case_order(name: str) -> bytes:
    """Return the job order expected of a case."""
    return (CASES / f"{name}.order.xml").read_bytes()


def canonical(xml: bytes) -> bytes:
    """Return the exclusive canonical form of XML, without the blanks between elements."""
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True, remove_comments=True))
    return etree.tostring(root, method="c14n", exclusive=True)


@cache
def real_files(kind: str) -> list[Path]:
    """Return the files of the shared data (`chains`, `production-input`) whose root is `kind`; none without them."""
    root = Path(os.environ.get("REFSYS_SHARED", CASES.parents[3] / "shared")) / "data"
    files = [path for folder in ("chains", "production-input") for path in sorted((root / folder).rglob("*.xml"))]
    return [path for path in files if f"<{kind}".encode() in path.read_bytes()[:4096]]
