"""Several processes work on one home at once: every request is published, and once."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from toy_home import publish_input, toy_request, toy_system

from refsys.model.requests import RequestState
from refsys.scheduler.system import intake

SUPPORT = Path(__file__).parents[1] / "support"


def test_three_processes_share_a_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with toy_system(home) as system:
        publish_input(system, "numbers", tmp_path)
        wishes = [toy_request("numbers", parameters={"part.factor": factor}) for factor in range(1, 13)]
        keys = [key for key, _ in intake(system, wishes)]
    command = [sys.executable, str(SUPPORT / "toy_home.py"), str(home)]
    environment = os.environ | {"PYTHONPATH": str(SUPPORT)}
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
    with toy_system(home) as system:
        for key in keys:
            record = system.ledger.get(key)
            assert record.state is RequestState.PUBLISHED, record.reason
            kinds = Counter(event.kind for event in system.ledger.history(key))
            assert kinds["ProductsPublished"] == 1
        names = [product.name for product in system.catalogue.find(product_type="TOY_OUT")]
        assert len(names) == len(set(names))
        assert set(names) == {name for key in keys for name in system.ledger.get(key).products}
