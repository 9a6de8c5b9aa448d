"""The process that tests kill: ingests argv[2] into the home argv[1]; with argv[3], dies at that transition."""

import os
import signal
import sys
from pathlib import Path

from refsys.model.events import Event
from refsys.model.requests import RequestRecord
from refsys.services.home import ingest, load_settings, open_system, working


def main() -> None:
    """Ingest, and work until all is done."""
    die_at = int(sys.argv[3]) if len(sys.argv) > 3 else -1
    seen = 0

    def observe(record: RequestRecord, event: Event) -> None:
        nonlocal seen
        seen += 1
        print(event.kind, flush=True)
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_system(load_settings(Path(sys.argv[1]))) as system:
        ingest(system, [Path(sys.argv[2])])
        with working(system, observe) as at_work:
            at_work.loop.run()


if __name__ == "__main__":
    main()
