"""Changes which images fail in a rehearsal that runs."""

import time
from pathlib import Path

from rehearsal.control_plane import faults
from rehearsal.control_plane.layout import Layout
from rehearsal.supervisor.status import read_status

_POLL_SECONDS = 0.03


def set_faults(folder: Path, wanted: faults.Faults, *, seconds: float = 20.0) -> None:
    """Write `faults.yaml` and wait until it is in force: no pod is treated as before any more.

    Raises FaultsError, TimeoutError.
    """
    layout = Layout(folder.resolve())
    faults.write(layout.faults, wanted)
    expected = faults.fingerprint(wanted)
    deadline = time.monotonic() + seconds
    while True:
        status = read_status(layout.root)
        kwok = status.process("kwok") if status else None
        if kwok and kwok.state == "ready" and kwok.configuration == expected:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{layout.faults} is not in force after {seconds:.0f} s;"
                f" does the rehearsal run? See {layout.log('supervisor')}"
            )
        time.sleep(_POLL_SECONDS)
