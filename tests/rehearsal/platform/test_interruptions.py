"""Kill -9 of the engine or of the API server, and Ctrl-C, in the middle of an `up`.

The next run completes; nothing is there twice, nothing is orphaned.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.rehearsal.platform.conftest import Rehearsal, kill, until, wait_for_text

pytestmark = pytest.mark.xdist_group("platform-interruptions")

# Early, in the middle, and while rollouts are awaited.
MOMENTS = ("PriorityClass serlo-serving creat", "DnsRecord de creat", "Deployment server creat")


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_engine_is_killed(new_rehearsal: Callable[[str], Rehearsal], moment: str) -> None:
    rehearsal = new_rehearsal("local")
    process = rehearsal.start()
    wait_for_text(process, moment)
    kill(engine_of(process))
    process.communicate(timeout=180)
    assert process.returncode == 1

    complete_and_compare(rehearsal)


def test_the_command_itself_is_killed(new_rehearsal: Callable[[str], Rehearsal]) -> None:
    rehearsal = new_rehearsal("local")
    process = rehearsal.start()
    wait_for_text(process, MOMENTS[1])
    engine = engine_of(process)
    kill(process.pid)
    process.wait()
    until(lambda: not running(engine))

    complete_and_compare(rehearsal)


def test_the_api_server_is_killed(new_rehearsal: Callable[[str], Rehearsal]) -> None:
    rehearsal = new_rehearsal("local")
    process = rehearsal.start()
    wait_for_text(process, MOMENTS[0])
    processes = json.loads((rehearsal.folder / "processes.json").read_text())["processes"]
    kill(next(entry["pid"] for entry in processes if entry["name"] == "kube-apiserver"))
    process.communicate(timeout=300)

    complete_and_compare(rehearsal)


def test_ctrl_c(new_rehearsal: Callable[[str], Rehearsal]) -> None:
    rehearsal = new_rehearsal("local")
    process = rehearsal.start()
    wait_for_text(process, MOMENTS[2])
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Traceback" not in output

    complete_and_compare(rehearsal)


def complete_and_compare(rehearsal: Rehearsal) -> None:
    result, _ = rehearsal.rehearse()
    assert all(row["ready"] == row["desired"] for row in result["workloads"])
    rehearsal.assert_consistent()
    again, _ = rehearsal.rehearse()
    assert set(again["changes"]) == {"same"}


def engine_of(process: "subprocess.Popen[str]") -> int:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[0])


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
