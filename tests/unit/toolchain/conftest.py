"""Fixtures of the toolchain's tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.unit.toolchain.workplace import Gate, Resolvers, Server, Workplace, executable
from toolchain.cache import user_cache
from toolchain.resolver import resolve


@pytest.fixture(autouse=True)
def real_go(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go of the right age first on PATH, wherever this machine has it from."""
    go = resolve("go").path
    monkeypatch.setenv("PATH", f"{go.parent}{os.pathsep}{os.environ['PATH']}")
    # Kept from test to test: compiling Go's own library takes half a minute.
    monkeypatch.setenv("GOCACHE", str(user_cache("tests") / "go"))
    return go


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    place = Workplace(tmp_path / "cache", tmp_path / "descriptions")
    place.go_module("tiny")
    return place


@pytest.fixture
def gate(tmp_path: Path, real_go: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    folder = tmp_path / "gate"
    (folder / "began").mkdir(parents=True)
    executable(
        folder / "bin" / "go",
        f"""if [ "$1" = build ]; then
    touch {folder}/began/$$
    while [ ! -e {folder}/open ]; do sleep 0.05; done
fi
exec {real_go} "$@\"""",
    )
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return Gate(folder)


@pytest.fixture
def resolvers(workplace: Workplace) -> Generator[Resolvers]:
    starter = Resolvers(workplace)
    yield starter
    for resolving in starter.started:
        if resolving.process.poll() is None:
            resolving.process.kill()
            resolving.process.wait()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # whatever proxy this machine has

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            served.requests.append(f"{self.command} {self.path}")
            body = served.files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if with_body and body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Server(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    yield served
    listening.shutdown()
    thread.join()
    listening.server_close()
