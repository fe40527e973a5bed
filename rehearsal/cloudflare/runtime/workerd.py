"""The Workers runtime: workerd processes that check uploads and run what is routed.

A process runs the scripts of one moment; a change of scripts, bindings or routes starts a new one
at the next request and lets the old one finish what it has begun. Starting takes some 30 ms.
"""

import asyncio
import contextlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx

from rehearsal.cloudflare.runtime.config import Egress, Placed, inspecting, serving
from rehearsal.cloudflare.runtime.script import Version
from rehearsal.cloudflare.shapes import Json

_START_SECONDS = 20
_DRAIN_SECONDS = 30
_GUARD = Path(__file__).with_name("parent_guard.py")
_NO_HANDLERS = "No event handlers were registered"


class WorkerdError(Exception):
    """workerd did not start; the message is its own."""


@dataclass(frozen=True)
class Inspection:
    """What the runtime found in a script."""

    handlers: list[str]
    named_handlers: list[Json]
    milliseconds: int


@dataclass
class _Process:
    process: asyncio.subprocess.Process
    ports: dict[str, int] = field(default_factory=dict[str, int])
    output: list[bytes] = field(default_factory=list[bytes])
    ready: bool = False
    reading: asyncio.Task[None] | None = None
    running: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()


def workerd_path(modules: Path) -> Path:
    """The workerd executable for this machine in a `node_modules` folder.

    Raises WorkerdError, naming what is there, if it is missing.
    """
    machine = {"x86_64": "64", "amd64": "64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), platform.machine()
    )
    path = modules / "@cloudflare" / f"workerd-{sys.platform}-{machine}" / "bin" / "workerd"
    if not path.is_file():
        raise WorkerdError(f"there is no workerd for this machine: {path} is missing")
    return path


class Runtime:
    """Runs scripts in workerd. All methods are called from one event loop."""

    def __init__(
        self,
        executable: Path,
        folder: Path,
        egress: Egress,
        revision: Callable[[], int],
        placed: Callable[[], Iterable[Placed]],
    ) -> None:
        """Prepare; nothing is started.

        Args:
            executable: the workerd binary.
            folder: for configuration files, made private and emptied; they hold secrets.
            egress: where workers' requests go.
            revision: grows whenever `placed` may have changed.
            placed: what is to run now.
        """
        self._executable = executable
        self._folder = folder
        self._egress = egress
        self._revision = revision
        self._placed = placed
        self._current: _Process | None = None
        self._current_revision = -1
        self._lock = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()
        self._started = 0
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)

    async def inspect(self, version: Version) -> Inspection:
        """Load a script in a workerd of its own, and find no handlers if it has none.

        Raises WorkerdError, with the runtime's words, if it does not accept the script.
        """
        begun = time.monotonic()
        config, files = inspecting(version)
        try:
            started = await self._start(config, files, ["probe"] if version.is_module else [])
        except WorkerdError as error:
            message = str(error).partition("service script: ")[2].partition("service probe: ")[0]
            if _NO_HANDLERS in str(error):
                return Inspection([], [], 0)
            raise WorkerdError((message or str(error)).strip()) from None
        milliseconds = round((time.monotonic() - begun) * 1000)
        try:
            if not version.is_module:
                return Inspection(["fetch"], [], milliseconds)
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"http://127.0.0.1:{started.ports['probe']}/")
            found = cast(Json, answer.json())
        finally:
            await _end(started)
        handlers = cast(list[str], found["handlers"])
        named = cast(list[Json], found["named_handlers"])
        return Inspection(handlers, named, milliseconds)

    @contextlib.asynccontextmanager
    async def socket(self, service: str) -> AsyncGenerator[int]:
        """The port at which a service answers; its process lives at least as long as the block.

        Raises WorkerdError if it cannot be started, KeyError if nothing of this name is placed.
        """
        process = await self._up_to_date()
        process.running += 1
        process.idle.clear()
        try:
            yield process.ports[service]
        finally:
            process.running -= 1
            if not process.running:
                process.idle.set()

    async def close(self) -> None:
        """End all processes."""
        for task in list(self._retiring):
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        if self._current is not None:
            await _end(self._current)

    async def _up_to_date(self) -> _Process:
        async with self._lock:
            current, revision = self._current, self._revision()
            alive = current is not None and current.process.returncode is None
            if current is not None and alive and revision == self._current_revision:
                return current
            placed = list(self._placed())
            config, files = serving(placed, self._egress)
            started = await self._start(config, files, [one.service for one in placed])
            if current is not None:
                task = asyncio.create_task(_retire(current))
                self._retiring.add(task)
                task.add_done_callback(self._retiring.discard)
            self._current, self._current_revision = started, revision
            return started

    async def _start(self, config: str, files: dict[str, bytes], sockets: list[str]) -> _Process:
        self._started += 1
        folder = self._folder / str(self._started)
        folder.mkdir(mode=0o700)
        try:
            for name, content in files.items():
                (folder / name).write_bytes(content)
            (folder / "config.capnp").write_text(config)
            return await self._launch(folder / "config.capnp", sockets)
        finally:
            # workerd has read it all, and it holds secrets.
            shutil.rmtree(folder, ignore_errors=True)

    async def _launch(self, config: Path, sockets: list[str]) -> _Process:
        ours, theirs = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_GUARD), str(os.getpid())),
                *(str(self._executable), "serve", str(config), f"--control-fd={theirs}"),
                pass_fds=(theirs,),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        started = _Process(process)
        started.reading = asyncio.create_task(_read_output(started))
        try:
            async with asyncio.timeout(_START_SECONDS):
                await _read_ports(ours, started, sockets)
                if not sockets:
                    await process.wait()
        except TimeoutError:
            started.output.append(b"workerd did not start in time")
        if set(started.ports) != set(sockets) or process.returncode:
            await _end(started)
            raise WorkerdError(b"".join(started.output).decode(errors="replace").strip())
        started.ready = True
        return started


async def _read_ports(descriptor: int, started: _Process, sockets: list[str]) -> None:
    """Take in what workerd says on its control pipe, until every socket is open or it ends."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    try:
        while not sockets or set(started.ports) != set(sockets):
            line = await reader.readline()
            if not line:
                return
            event = cast(Json, json.loads(line))
            if event.get("event") == "listen":
                started.ports[str(event["socket"])] = cast(int, event["port"])
    finally:
        transport.close()


async def _read_output(started: _Process) -> None:
    """Keep the output of a start, for its error message; pass on what workers print later."""
    stream = started.process.stdout
    while stream is not None and (chunk := await stream.read(65536)):
        if started.ready:
            sys.stderr.buffer.write(chunk)
            sys.stderr.buffer.flush()
        else:
            started.output.append(chunk)


async def _retire(process: _Process) -> None:
    """End a process once its requests are answered, or after a while."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await process.idle.wait()
    except TimeoutError:
        pass
    finally:
        await _end(process)


async def _end(started: _Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        started.process.kill()
    await started.process.wait()
    if started.reading is not None:
        await started.reading
