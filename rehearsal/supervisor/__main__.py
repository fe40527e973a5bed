"""The supervisor's process: `python -m rehearsal.supervisor FOLDER`. Started by client.py."""

import json
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from rehearsal.supervisor.status import Status, read_status, supervisor_lock, try_lock, write_status

PORT_ATTEMPTS = 3


def main() -> int:
    """Detach, then supervise until SIGTERM. The status file tells how it went."""
    root = Path(sys.argv[1])
    lock = try_lock(supervisor_lock(root))
    if lock is None:
        print(f"another supervisor runs for {root}", file=sys.stderr)
        return 1
    # The lock is inherited: it is held from before our parent returns until the child ends.
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    # httpx logs every request, which is noise here.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        _supervise(root, **json.loads((root / "settings.json").read_text()))
    except Exception as error:
        traceback.print_exc()
        status = read_status(root) or Status()
        status.state, status.error = "failed", str(error) or type(error).__name__
        write_status(root, status)
        return 1
    return 0


def _supervise(
    root: Path, settings: dict[str, Any], tools: dict[str, str], owner: int | None
) -> None:
    # Late, for the lock must be taken at once.
    from rehearsal.control_plane.layout import Layout  # noqa: PLC0415
    from rehearsal.supervisor.assembly import assemble  # noqa: PLC0415
    from rehearsal.supervisor.supervise import ComponentFailed, Supervisor  # noqa: PLC0415

    layout = Layout(root)
    paths = {name: Path(path) for name, path in tools.items()}
    stopped = False
    supervisor: Supervisor | None = None

    def on_signal(number: int, _: FrameType | None) -> None:
        nonlocal stopped
        if number != signal.SIGCHLD:
            stopped = True
        if supervisor:
            supervisor.wake() if number == signal.SIGCHLD else supervisor.stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, on_signal)
    for attempt in range(PORT_ATTEMPTS):
        plane = assemble(layout, settings, paths)
        supervisor = Supervisor(layout, settings, plane.components, plane.server, owner)
        if stopped:
            return
        try:
            supervisor.run()
        except ComponentFailed as failure:
            # Another process took the port before the component started: choose again.
            text = layout.log(failure.name).read_text(errors="replace")
            if "address already in use" not in text or attempt == PORT_ATTEMPTS - 1:
                raise
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
