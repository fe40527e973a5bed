"""Kill -9 of the engine or of the API server, and Ctrl-C, in the middle of an `up`.

The next run completes; nothing is there twice, nothing is orphaned. SERLO_KILLS says at how many
moments the engine is killed, SERLO_KILL_SEED which ones: 20 take about 20 minutes.
"""

import json
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.supervisor import stop
from tests.rehearsal.platform.conftest import Rehearsal, kill, until, wait_for_text

pytestmark = pytest.mark.xdist_group("platform-interruptions")

# Of 113 resources that say so when they are created, not by the clock: machines differ.
KILLS = int(os.environ.get("SERLO_KILLS", "2"))
SEED = int(os.environ.get("SERLO_KILL_SEED", "12"))
MOMENTS = sorted(random.Random(SEED).sample(range(1, 106), KILLS))


@pytest.fixture
def rehearsal(new_rehearsal: Callable[[str], Rehearsal]) -> Iterator[Rehearsal]:
    """One at a time: the servers of several would only slow each other down."""
    made = new_rehearsal("local")
    yield made
    stop(made.folder)
    assert not left_behind(made.folder)


@pytest.mark.parametrize("created", MOMENTS, ids=lambda number: f"{number}-created")
def test_the_engine_is_killed(rehearsal: Rehearsal, created: int) -> None:
    process = rehearsal.start()
    for _ in range(created):
        wait_for_text(process, " created (")
    kill(engine_of(process))
    process.communicate(timeout=180)
    assert process.returncode == 1

    complete(rehearsal)


def test_the_command_itself_is_killed(rehearsal: Rehearsal) -> None:
    process = rehearsal.start()
    wait_for_text(process, "DnsRecord de creat")
    engine = engine_of(process)
    kill(process.pid)
    process.wait()
    until(lambda: not running(engine))

    complete_and_compare(rehearsal)


def test_the_api_server_is_killed(rehearsal: Rehearsal) -> None:
    process = rehearsal.start()
    wait_for_text(process, "PriorityClass serlo-serving creat")
    processes = json.loads((rehearsal.folder / "processes.json").read_text())["processes"]
    kill(next(entry["pid"] for entry in processes if entry["name"] == "kube-apiserver"))
    process.communicate(timeout=300)

    complete_and_compare(rehearsal)


def test_ctrl_c(rehearsal: Rehearsal) -> None:
    process = rehearsal.start()
    wait_for_text(process, "Deployment server creat")
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 130
    assert "Traceback" not in output

    complete_and_compare(rehearsal)


def complete(rehearsal: Rehearsal) -> None:
    result, _ = rehearsal.rehearse()
    assert all(row["ready"] == row["desired"] for row in result["workloads"])
    rehearsal.assert_consistent()


def complete_and_compare(rehearsal: Rehearsal) -> None:
    complete(rehearsal)
    again, _ = rehearsal.rehearse()
    assert set(again["changes"]) == {"same"}


def engine_of(process: "subprocess.Popen[str]") -> int:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[0])


def left_behind(folder: Path) -> list[str]:
    """The commands of processes that were started with something of the folder."""
    listing = subprocess.run(
        ["ps", "axeww", "-o", "command="], capture_output=True, text=True, check=True
    )
    return [line[:200] for line in listing.stdout.splitlines() if f"={folder}/" in line]


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
