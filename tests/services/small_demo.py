"""The demo with fewer radiometer packets and nothing else, as a process that a test may kill.

Arguments: those of `refsys`.
"""

import sys
from pathlib import Path

from refsys.services import cli
from refsys.services.demonstration import demo
from refsys.services.demonstration import inputs as demo_inputs

if __name__ == "__main__":  # only here: the collection of doctests imports this file too
    demo_inputs.PACKETS = 6000
    vars(demo).update(
        sral_inputs=lambda real, folder: [], s1_inputs=lambda real, folder: [], scene_inputs=lambda folder: []
    )
    sys.argv[0] = Path(sys.argv[0]).name
    cli.main()
