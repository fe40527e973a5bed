"""Start, end, sudden end, and what outlives them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Emulator, Origin, Zone

HELLO = 'export default { fetch() { return new Response("hello"); } };'
ZONE = "0067b08b108fbcf88ddaeaae4ac3d6ac"


def workers_of(emulator: Emulator) -> list[int]:
    """The process ids of the emulator's children."""
    children = Path(f"/proc/{emulator.process.pid}/task/{emulator.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def gone(pids: list[int]) -> bool:
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state not in "ZX":
            return False
    return True


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


def serving(emulator: Emulator) -> Zone:
    """A zone with a worker that has answered."""
    zone = Zone(emulator)
    zone.record("@")
    zone.route(f"{zone.name}/*", zone.script(HELLO))
    assert zone.get(zone.name).text == "hello"
    return zone


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_workers(
    tmp_path: Path, origin: Origin, number: signal.Signals
) -> None:
    emulator = Emulator(tmp_path, origin.url, "--account", ACCOUNT)
    serving(emulator)
    workers = workers_of(emulator)
    assert workers
    assert emulator.end(number) == 0
    assert gone(workers)
    assert emulator.log() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_sudden_end_loses_nothing_and_leaves_nobody(tmp_path: Path, origin: Origin) -> None:
    emulator = Emulator(tmp_path, origin.url, "--account", ACCOUNT)
    zone = serving(emulator)
    namespace = emulator.client().kv.namespaces.create(account_id=ACCOUNT, title="kept")
    assert namespace is not None
    workers, token = workers_of(emulator), emulator.token
    assert emulator.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: gone(workers))

    ports = [
        url.rpartition(":")[2].partition("/")[0] for url in (emulator.api_url, emulator.edge_url)
    ]
    again = Emulator(
        tmp_path, origin.url, "--account", ACCOUNT, "--api-port", ports[0], "--edge-port", ports[1]
    )
    try:
        assert (again.api_url, again.edge_url) == (emulator.api_url, emulator.edge_url)
        assert again.token == token
        client = again.client()
        assert [one.name for one in client.zones.list(name=zone.name)] == [zone.name]
        assert [one.title for one in client.kv.namespaces.list(account_id=ACCOUNT)] == ["kept"]
        assert again.edge.get("/", headers={"host": zone.name}).text == "hello"
        actors = {entry["actor"] for entry in again.audit()}
        assert len(actors) == 1
    finally:
        again.end()


def test_a_killed_worker_is_started_again(tmp_path: Path, origin: Origin) -> None:
    emulator = Emulator(tmp_path, origin.url, "--account", ACCOUNT)
    try:
        zone = serving(emulator)
        (worker,) = workers_of(emulator)
        os.kill(worker, signal.SIGKILL)
        # A request that races with the end gets an error page, the next one an answer.
        until(lambda: zone.get(zone.name).text == "hello")
        assert worker not in workers_of(emulator)
    finally:
        emulator.end()


def test_old_workers_end_after_a_change(tmp_path: Path, origin: Origin) -> None:
    emulator = Emulator(tmp_path, origin.url, "--account", ACCOUNT)
    try:
        zone = serving(emulator)
        for number in range(3):
            zone.route(f"{zone.name}/{number}", None)
            assert zone.get(zone.name).text == "hello"
        until(lambda: len(workers_of(emulator)) == 1)
        assert list((tmp_path / "workerd").iterdir()) == []
    finally:
        emulator.end()


def test_zones_come_from_a_file_and_from_arguments(tmp_path: Path, origin: Origin) -> None:
    seeds = [{"name": "serlo-staging.dev", "id": ZONE, "account": ACCOUNT}]
    (tmp_path / "zones.json").write_text(json.dumps(seeds))
    emulator = Emulator(
        tmp_path, origin.url, "--account", "a" * 32, "--zone", f"given.example={'b' * 32}"
    )
    try:
        found = {zone.name: (zone.id, zone.account.id) for zone in emulator.client().zones.list()}
        assert found == {
            "serlo-staging.dev": (ZONE, ACCOUNT),
            "given.example": ("b" * 32, "a" * 32),
        }
        seeds.append({"name": "later.example", "id": "c" * 32, "account": "d" * 32})
        part = tmp_path / "part"
        part.write_text(json.dumps(seeds))
        part.replace(tmp_path / "zones.json")
        assert emulator.client().zones.get(zone_id="c" * 32) is not None
        assert emulator.raw.get(f"/accounts/{'d' * 32}/workers/scripts").status_code == 200
        for wrong, said in ((seeds[:1] * 2, None), ([{"name": "x"}], "zones.json: expected")):
            part.write_text(json.dumps(wrong))
            part.replace(tmp_path / "zones.json")
            answer = emulator.raw.get("/zones")
            assert (answer.status_code == 200) is (said is None)
            assert said is None or said in answer.json()["errors"][0]["message"]
        moved = [seeds[0] | {"id": "e" * 32}]
        part.write_text(json.dumps(moved))
        part.replace(tmp_path / "zones.json")
        message = emulator.raw.get("/zones").json()["errors"][0]["message"]
        assert "serlo-staging.dev exists already under another id" in message
    finally:
        emulator.end()


@pytest.mark.parametrize(
    ("arguments", "file", "message"),
    [
        (["--zone", "a.example"], None, "expected NAME=ID"),
        (["--zone", f"a.example={'b' * 32}"], None, "--zone needs --account"),
        (["--zone", "a.example=1", "--account", ACCOUNT], None, "--zone or --account"),
        ([], '[{"name": "a"}]', "zones.json: expected"),
        ([], "{", "zones.json: expected"),
    ],
)
def test_a_wrong_start_says_why(
    tmp_path: Path, arguments: list[str], file: str | None, message: str
) -> None:
    if file is not None:
        (tmp_path / "zones.json").write_text(file)
    command = [sys.executable, "-m", "rehearsal.cloudflare", "--state", str(tmp_path)]
    ended = subprocess.run(
        [*command, "--origin", "http://127.0.0.1:1", *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
