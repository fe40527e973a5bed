"""What is left of a rehearsed change that somebody ends in the middle: no server, ever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.supervisor import read_endpoints
from rehearsal.supervisor.processes import end_members, members
from rehearsal.supervisor.status import supervisor_runs
from tests.stack_files import ROOT

pytestmark = [pytest.mark.xdist_group("review-rehearsed"), pytest.mark.timeout(300)]

_PERFORM = f"""
from pathlib import Path
from operations.rehearsed.change import perform
perform("local", Path({str(ROOT)!r}), Path({str(ROOT)!r}), (), print)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_server_is_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _PERFORM],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as review:
        _wait(lambda: any(read_endpoints(each) for each in tmp_path.glob("serlo-review-*")))
        (folder,) = tmp_path.glob("serlo-review-*")
        review.send_signal(number)

    try:
        assert review.returncode != 0
        if number is signal.SIGKILL:
            # Only the folder stays: a killed process cannot clean up.
            _wait(lambda: not supervisor_runs(folder))
        else:
            assert not folder.exists()
            assert not members(folder)
    finally:
        end_members(folder, 10)


def _wait(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.05)
