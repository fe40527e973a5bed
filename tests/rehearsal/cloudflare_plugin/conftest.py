"""The real engine, our plugin, and the emulated API behind a proxy that sees every request."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

import rehearsal.plugins
from tests.rehearsal.pulumi_project import PulumiProject

PLUGINS = Path(rehearsal.plugins.__file__).parent / "bin"
ACCOUNT = "0123456789abcdef0123456789abcdef"

# Registers what resources.json says. Raw resources: the SDK takes seconds to import.
PROGRAM = """
import json
from pathlib import Path

import pulumi

document = json.loads(Path("resources.json").read_text())
made = {}


def value(given):
    if isinstance(given, dict):
        if "$secret" in given:
            return pulumi.Output.secret(given["$secret"])
        if "$id" in given:
            return made[given["$id"]].id
        return {name: value(element) for name, element in given.items()}
    if isinstance(given, list):
        return [value(element) for element in given]
    return given


class Provider(pulumi.ProviderResource):
    pass


class Resource(pulumi.CustomResource):
    pass


provider = Provider(
    "cloudflare",
    "cloudflare",
    {
        "baseUrl": document["base_url"],
        "apiToken": pulumi.Output.secret(document["token"]),
    },
)
for token, name, properties, options in document["resources"]:
    depends_on = [made[other] for other in options.pop("depends_on", [])]
    made[name] = Resource(
        token,
        name,
        value(properties),
        pulumi.ResourceOptions(provider=provider, depends_on=depends_on, **options),
    )
"""


@dataclass
class Proxy:
    """Passes requests on to the API, remembers them, and can spoil them."""

    url: str
    upstream: httpx.Client
    requests: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    # Called with (method, path) before a request is passed on; an answer stands in for the API's.
    before: Callable[[str, str], tuple[int, dict[str, str], bytes] | None] | None = None
    # Called with (method, path) after the API has answered, before the plugin hears of it.
    after: Callable[[str, str], None] | None = None

    def take(self) -> list[tuple[str, str]]:
        """The requests since the last call."""
        taken, self.requests = self.requests, []
        return taken


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            proxy.requests.append((self.command, self.path))
            spoilt = proxy.before and proxy.before(self.command, self.path)
            if spoilt:
                self._answer(*spoilt)
                return
            hop = {"host", "content-length", "connection", "accept-encoding"}
            headers = [(k, v) for k, v in self.headers.items() if k.lower() not in hop]
            answer = proxy.upstream.request(self.command, self.path, content=body, headers=headers)
            if proxy.after:
                proxy.after(self.command, self.path)
            kept = {
                k: v
                for k, v in answer.headers.items()
                if k not in ("content-length", "connection", "transfer-encoding", "date", "server")
            }
            self._answer(answer.status_code, kept, answer.content)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            with contextlib.suppress(ConnectionError):  # the plugin may have been killed
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler


@dataclass(frozen=True)
class Emulator:
    """The emulated API as a test's own hands reach it."""

    url: str
    token: str

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """One call, its `result`; a failed one fails the test."""
        answer = httpx.request(
            method,
            f"{self.url}{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            trust_env=False,
            **arguments,
        )
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        if "json" not in answer.headers.get("content-type", ""):
            return answer.content
        return answer.json()["result"]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulated API for all tests of a worker process."""
    state = tmp_path_factory.mktemp("cloudflare")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "rehearsal.cloudflare", "--state", str(state)),
            *("--origin", "http://127.0.0.1:9", "--account", ACCOUNT),
            *("--zone", f"seed.example={secrets.token_hex(16)}"),
        ],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        token = (state / "token").read_text().strip()
        yield Emulator(str(ready["cloudflare_api"]), token)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def proxy(emulator: Emulator) -> Iterator[Proxy]:
    """A proxy in front of the emulated API."""
    origin = httpx.URL(emulator.url)
    upstream = httpx.Client(
        base_url=f"{origin.scheme}://{origin.netloc.decode()}", timeout=60, trust_env=False
    )
    proxy = Proxy("", upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}{origin.path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield proxy
    server.shutdown()
    thread.join()
    server.server_close()
    upstream.close()


@pytest.fixture
def zone(emulator: Emulator) -> dict[str, Any]:
    """A zone of the test's own: its `id` and `name`."""
    name = f"t{secrets.token_hex(4)}.example"
    return emulator.call(
        "POST", "/zones", json={"name": name, "account": {"id": ACCOUNT}, "type": "full"}
    )


class Project(PulumiProject):
    """A program that declares the resources that a test gives it."""

    SECONDS = 180

    def __init__(self, folder: Path, proxy: Proxy, token: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._proxy = proxy
        self._token = token
        (folder / "program").mkdir(parents=True)
        self.state.mkdir()
        self.program(PROGRAM)
        runtime = f"{{name: python, options: {{virtualenv: {Path(sys.prefix)}}}}}"
        plugins = (
            f"{{languages: [{{name: python, path: {PLUGINS}}}], "
            f"providers: [{{name: cloudflare, path: {PLUGINS}}}]}}"
        )
        (folder / "Pulumi.yaml").write_text(
            f"name: probe\nruntime: {runtime}\nmain: program/\nplugins: {plugins}\n"
        )
        self.environment = {
            "HOME": os.environ.get("HOME", str(folder)),
            "PATH": "/usr/bin:/bin",
            "SERLO_PYTHON": sys.executable,
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "for a test",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "CLOUDFLARE_API_TOKEN": token,
            "CLOUDFLARE_BASE_URL": proxy.url,
        }

    def program(self, text: str) -> None:
        """Replace the program itself."""
        (self.folder / "program" / "__main__.py").write_text(text)

    def declare(self, *resources: tuple[str, str, dict[str, Any]] | tuple[Any, ...]) -> None:
        """Declare these: (class such as "DnsRecord", name, properties[, options])."""
        document = {
            "base_url": self._proxy.url,
            "token": self._token,
            "resources": [
                [token_of(kind), name, properties, rest[0] if rest else {}]
                for kind, name, properties, *rest in resources
            ],
        }
        (self.folder / "program" / "resources.json").write_text(json.dumps(document))

    def exported(self) -> dict[str, Any]:
        """The stack's resources by name, as the state has them, secrets revealed."""
        document = json.loads(self.succeed("stack", "export", "--show-secrets"))
        resources = document["deployment"]["resources"]
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}

    def state_text(self) -> str:
        """Everything that is stored about the stack, as text."""
        files = [path for path in self.state.rglob("*") if path.is_file()]
        return "\n".join(path.read_text(errors="replace") for path in files)


def token_of(kind: str) -> str:
    """The type token of a class of pulumi_cloudflare."""
    return f"cloudflare:index/{kind[0].lower()}{kind[1:]}:{kind}"


@pytest.fixture
def project(tmp_path: Path, proxy: Proxy, emulator: Emulator) -> Project:
    """A project with an initialised stack."""
    made = Project(tmp_path / "project", proxy, emulator.token)
    made.succeed("stack", "init", "dev")
    return made


@pytest.fixture
def unique() -> str:
    """A text that no other test uses in a name."""
    return secrets.token_hex(4)
