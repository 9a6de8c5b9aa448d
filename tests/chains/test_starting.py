"""Chains of agency processors start by themselves only where their processor is said to be installed."""

from refsys.chains.chain_files import shipped_chains
from refsys.chains.triggers import starting_by_themselves


def test_agency_chains_need_their_processor_and_open_chains_do_not() -> None:
    shipped = shipped_chains()
    alone = set(starting_by_themselves(shipped, ()))
    assert {"S3-L0-MWR", "S3-L2-SRAL", "S1-L0", "S1-L1-SLC", "S1-L1-GRD"} <= alone
    assert not alone & {"S3-ACQ", "S1-L0AIOP", "S2-L1", "S3-PUG"}
    with_some = set(starting_by_themselves(shipped, ("S3-OL1*", "S1-L0AIOP")))
    assert with_some - alone == {name for name in shipped if name.startswith("S3-OL1")} | {"S1-L0AIOP"}
    assert set(starting_by_themselves(shipped, ("*",))) == set(shipped)
