"""A home at work: its dashboard is told and served, on the loopback only; several loops use one home."""

import urllib.request
from pathlib import Path

import psutil
import pytest
from toy_home import publish_input

from refsys.model.errors import FailureClass
from refsys.model.requests import RequestState
from refsys.model.settings import ClusterSettings, Settings
from refsys.scheduler.system import announce
from refsys.services.home import dashboard_of, open_system, produce, working


def test_the_dashboard_is_told_while_the_home_works_and_all_listen_on_loopback(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", cluster=ClusterSettings(workers=1))
    with open_system(settings) as system:
        assert dashboard_of(settings.home) is None
        with working(system) as at_work:
            address = dashboard_of(settings.home)
            assert address == at_work.dashboard
            assert address is not None
            with urllib.request.urlopen(address, timeout=20) as page:
                assert page.status == 200
            processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
            listening = {
                connection.laddr.ip
                for process in processes
                for connection in process.net_connections(kind="inet")
                if connection.status == psutil.CONN_LISTEN
            }
            assert listening == {"127.0.0.1"}
        assert dashboard_of(settings.home) is None


def test_a_loop_may_run_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", cluster=ClusterSettings(executor="serial"))
    with open_system(settings) as system, working(system) as at_work:
        at_work.loop.run()
        key = produce(system, "S3-L2-SRAL", ("absent",))
        at_work.loop.run()
        assert system.ledger.get(key).state is RequestState.FAILED


def test_a_chain_that_is_gone_is_a_named_failure(tmp_path: Path) -> None:
    from toy_home import toy_system

    with toy_system(tmp_path / "home") as system:
        announce(system, publish_input(system, "numbers", tmp_path))
    settings = Settings(home=tmp_path / "home", cluster=ClusterSettings(executor="serial"))
    with open_system(settings) as system, working(system) as at_work:
        at_work.loop.run()
        (record,) = system.ledger.find()
        assert record.state is RequestState.FAILED
        assert "TOY" in (record.reason or "")
        assert record.failure in set(FailureClass)


@pytest.mark.parametrize(
    "text",
    [
        "database: postgresql://me:secret@127.0.0.1/x",
        "cluster: {wrkers: 3}",
        "cluster: {workers: 0}",
        "[1]",
        "a: b: c",
        "a: \x07",
    ],
)
def test_settings_that_are_wrong_are_refused_by_name(tmp_path: Path, text: str) -> None:
    from refsys.model.errors import ConfigInvalid
    from refsys.services.home import load_settings

    (tmp_path / "refsys.yaml").write_text(text)
    with pytest.raises(ConfigInvalid, match=r"refsys\.yaml") as caught:
        load_settings(tmp_path)
    assert "secret" not in str(caught.value)
