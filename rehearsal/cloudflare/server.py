"""API, edge and egress in one process: put together, served, ended."""

import asyncio
import json
import random
import secrets
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
import uvicorn
from starlette.types import ASGIApp

from rehearsal.cloudflare.api.calls import Service
from rehearsal.cloudflare.api.faults import Faults
from rehearsal.cloudflare.api.router import BASE_PATH, Router
from rehearsal.cloudflare.edge.edge import Edge
from rehearsal.cloudflare.edge.egress import EgressApp
from rehearsal.cloudflare.edge.recordings import Recordings
from rehearsal.cloudflare.edge.third_parties import World
from rehearsal.cloudflare.products import routes
from rehearsal.cloudflare.runtime.config import Egress
from rehearsal.cloudflare.runtime.workerd import Runtime
from rehearsal.cloudflare.storage import Storage, new_id
from rehearsal.cloudflare.workers.placement import placed_scripts
from rehearsal.cloudflare.zones.seeds import Seeds
from rehearsal.files import write_private

_HOST = "127.0.0.1"
_PORTS = range(16384, 32768)


@dataclass(frozen=True)
class Settings:
    """How to run; ports of 0 are chosen by the system."""

    state: Path
    origin: str
    workerd: Path
    token_file: Path
    api_port: int = 0
    edge_port: int = 0
    zones: tuple[tuple[str, str], ...] = ()
    """(name, id) of zones to make."""
    account: str | None = None
    recordings: Path | None = None
    """Recorded answers of hosts outside the zones, in YAML."""


def read_token(file: Path) -> str:
    """The token in `file`; a new one is made and written (mode 0600) if there is none."""
    try:
        token = file.read_text().strip()
    except FileNotFoundError:
        token = ""
    if not token:
        token = secrets.token_urlsafe(30)
        write_private(file, token + "\n")
    return token


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Prints one line of JSON with the addresses when ready."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    storage = Storage(settings.state / "state.sqlite")
    sockets = [_listen(settings.api_port), _listen(settings.edge_port), _listen(0)]
    api, edge, egress = (f"{_HOST}:{one.getsockname()[1]}" for one in sockets)
    gate = Egress(egress, secrets.token_urlsafe(30))
    runtime = Runtime(
        settings.workerd,
        settings.state / "workerd",
        gate,
        lambda: storage.scripts_revision,
        lambda: placed_scripts(storage),
    )
    seeds = Seeds(storage, settings.state / "zones.json", settings.zones, settings.account)
    token = read_token(settings.token_file)
    service = Service(storage, runtime, token, _token_id(storage), seeds.accounts)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        world = World(storage, Recordings(settings.state / "answers.json", settings.recordings))
        the_edge = Edge(storage, runtime, client, settings.origin, world)
        apps: list[ASGIApp] = [
            Router(service, routes(), Faults(settings.state / "faults.json"), seeds.refresh),
            the_edge,
            EgressApp(storage, the_edge, world, gate.secret),
        ]
        servers = [_server(app) for app in apps]
        with _ending(servers):
            tasks = [
                asyncio.create_task(server.serve(sockets=[one]))
                for server, one in zip(servers, sockets, strict=True)
            ]
            # The sockets listen already: a request that comes early waits in their queues.
            addresses = {"cloudflare_api": f"http://{api}{BASE_PATH}", "edge": f"http://{edge}"}
            sys.stdout.write(json.dumps(addresses) + "\n")
            sys.stdout.flush()
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for server in servers:
                server.should_exit = True
            await runtime.close()
            await asyncio.gather(*tasks)
    storage.close()


class _Server(uvicorn.Server):
    """Leaves signals to us: three servers share them."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _server(app: ASGIApp) -> _Server:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=isinstance(app, Router),  # the others pass on what they are given
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    return _Server(config)


@contextmanager
def _ending(servers: list[_Server]) -> Generator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        for server in servers:
            server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class PortError(Exception):
    """A port cannot be had; the message says which."""


def _listen(port: int) -> socket.socket:
    """Listen on `port`, or on a free one for 0. Raises PortError."""
    # A port chosen here lies below those that systems hand out for outgoing connections: one of
    # these could take it while a restart is under way, and hold it for a minute.
    chosen = [port] if port else random.sample(_PORTS, 50)
    for number in chosen:
        # Named as TCP, or asyncio leaves Nagle's algorithm on: 40 ms for every answer.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, number))
            listener.listen(2048)
        except OSError:
            listener.close()
            continue
        return listener
    raise PortError(f"port {port or 'of any number'} of {_HOST} is taken; choose another one")


def _token_id(storage: Storage) -> str:
    """The identifier by which the audit names the token; the same for the life of the state."""
    row = storage.one("SELECT actor FROM audit WHERE kind = 'start' LIMIT 1")
    identifier = new_id() if row is None else str(row["actor"])
    storage.audit("start", identifier, ("", ""), 0)
    return identifier
