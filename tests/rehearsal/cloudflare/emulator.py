"""The emulator as a process, its clients, and an origin that echoes what it gets."""

import contextlib
import json
import secrets
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from cloudflare import Cloudflare

ACCOUNT = "0123456789abcdef0123456789abcdef"
OTHER_ACCOUNT = "fedcba9876543210fedcba9876543210"


class Origin:
    """Answers every request with JSON that says what arrived."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                received = {
                    "method": self.command,
                    "path": self.path,
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": self.rfile.read(length).decode(),
                }
                body = json.dumps({"origin": received}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("set-cookie", "a=1")
                self.send_header("set-cookie", "b=2")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Emulator:
    """One run of `python -m rehearsal.cloudflare`."""

    def __init__(self, state: Path, origin: str, *arguments: str) -> None:
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        self._log = (state / "log").open("ab")
        command = [sys.executable, "-m", "rehearsal.cloudflare", "--state", str(state)]
        self.process = subprocess.Popen(
            [*command, "--origin", origin, *arguments],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (state / "log").read_text()
        addresses: dict[str, str] = json.loads(line)
        self.api_url, self.edge_url = addresses["cloudflare_api"], addresses["edge"]
        self.token = (state / "token").read_text().strip()
        self.edge = httpx.Client(base_url=self.edge_url, trust_env=False, timeout=30)
        # Making a client costs more than most tests do with it.
        self._shared = httpx.Client(trust_env=False, verify=False, timeout=30)
        self.raw = httpx.Client(
            base_url=self.api_url,
            headers={"authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=30,
        )

    def client(self, retries: int = 0) -> Cloudflare:
        """The official client; an answer that does not fit its model is an error."""
        return Cloudflare(
            api_token=self.token,
            base_url=self.api_url,
            max_retries=retries,
            http_client=self._shared,
            _strict_response_validation=True,
        )

    def audit(self) -> list[dict[str, Any]]:
        """All that was written down."""
        answer = self.raw.get(self.api_url.replace("/client/v4", "/__rehearsal/audit"))
        return answer.json()["result"]

    def log(self) -> str:
        """What the process and its workers printed."""
        return (self.state / "log").read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, return the exit code."""
        self.edge.close()
        self.raw.close()
        self._shared.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()
        return code


class Zone:
    """A zone of one test's own, with the shortest ways to what tests put into it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.name = f"z{secrets.token_hex(5)}.example"
        self.client = emulator.client()
        created = self.client.zones.create(account={"id": ACCOUNT}, name=self.name)
        assert created is not None
        self.id = created.id

    def host(self, label: str = "") -> str:
        return f"{label}.{self.name}" if label else self.name

    def record(self, name: str, content: str = "192.0.2.1", *, proxied: bool = True) -> str:
        """Make an A record (or a CNAME, if the content is no address); returns its id."""
        kind = "A" if content[0].isdigit() else "CNAME"
        body = {"type": kind, "name": name, "content": content, "proxied": proxied, "ttl": 1}
        answer = self.emulator.raw.post(f"/zones/{self.id}/dns_records", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]["id"]

    def route(self, pattern: str, script: str | None) -> str:
        body = {"pattern": pattern, "script": script}
        answer = self.emulator.raw.post(f"/zones/{self.id}/workers/routes", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]["id"]

    def script(
        self,
        code: str,
        *bindings: dict[str, Any],
        name: str = "",
        **more: Any,
    ) -> str:
        """Upload a module worker of one file; returns its name."""
        name = name or f"s{secrets.token_hex(5)}"
        metadata: Any = {
            "main_module": "index.mjs",
            "compatibility_date": "2023-07-14",
            "bindings": list(bindings),
            **more,
        }
        self.client.workers.scripts.update(
            name,
            account_id=ACCOUNT,
            metadata=metadata,
            files=[("index.mjs", code.encode(), "application/javascript+module")],
        )
        return name

    def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        """A request to the edge; header names are written with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.emulator.edge.get(path, headers={"host": host, **given})
