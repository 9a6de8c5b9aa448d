"""The demo with fewer radiometer packets and nothing else, as a process that a test may kill.

Arguments: those of `refsys`.
"""

import sys
from pathlib import Path

from refsys.services import cli, demo, demo_inputs

demo_inputs.PACKETS = 6000
demo.sral_inputs = lambda real, folder: []  # type: ignore[assignment]
demo.s1_inputs = lambda real, folder: []  # type: ignore[assignment]

if __name__ == "__main__":
    sys.argv[0] = Path(sys.argv[0]).name
    cli.main()
