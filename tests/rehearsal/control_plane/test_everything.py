"""All parts of a rehearsal under one supervisor."""

import os
import signal
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import httpx

from rehearsal.supervisor import EVERYTHING, read_status, start, stop
from rehearsal.supervisor.processes import members


def answers(url: str) -> bool:
    """Whether somebody speaks HTTP there; the answer itself is for other tests."""
    try:
        return httpx.get(url, timeout=10, trust_env=False).status_code > 0
    except httpx.HTTPError:
        return False


def test_all_parts_come_up_come_back_and_go(tmp_path: Path, eventually: Callable[..., Any]) -> None:
    folder = tmp_path / "rehearsal"
    try:
        endpoints = start(folder, bound=True)
        servers = (endpoints.cloudflare_api, endpoints.edge, endpoints.origin)
        assert all(astuple(endpoints))
        assert [answers(url) for url in servers] == [True, True, True]
        before = read_status(folder)
        assert before
        assert [process.name for process in before.processes] == list(EVERYTHING)

        # Each of our own servers comes back where it was.
        for name in ("origin", "cloudflare"):
            process = before.process(name)
            assert process
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: (status := read_status(folder)) and status.state == "recovering")
        assert start(folder) == endpoints
        assert [answers(url) for url in servers] == [True, True, True]

        # workerd and other grandchildren end with the supervisor too.
        os.kill(before.pid, signal.SIGKILL)
        eventually(lambda: not members(folder))
    finally:
        stop(folder)
