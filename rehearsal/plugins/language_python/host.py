"""The LanguageRuntime service: starts the program or plugin, and relays what it says.

Every child runs `child.py`, receives its order as one line of JSON on standard input and ends
when that pipe does, so none outlives this process, however it ends.
"""

# ruff: noqa: ARG001, ARG002, D102 - the signatures are those of the service, documented there

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from k8s.properties import from_struct
from rehearsal.plugins.language_python.child import EXIT_MESSAGE_SHOWN
from rehearsal.plugins.language_python.interpreter import (
    InterpreterMissingError,
    child_environment,
    find_interpreter,
)
from rehearsal.plugins.serving import RpcFailure

_CHILD = Path(__file__).with_name("child.py")

_LIST_DISTRIBUTIONS = """
import importlib.metadata, json
print(json.dumps(sorted({(d.metadata["Name"], d.version) for d in
                         importlib.metadata.distributions()})))
"""


def _refuse(what: str) -> Any:
    def method(self: Any, request: Any, context: Any) -> NoReturn:
        raise RpcFailure(
            f"the rehearsal's language host {what}: "
            "use Pulumi's own pulumi-language-python for that",
            code=grpc.StatusCode.UNIMPLEMENTED,
        )

    return method


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Serves Python programs and policy packs to the engine at `engine_address`."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._children: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        from importlib.metadata import version  # noqa: PLC0415 - heavy, and rarely asked for

        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """None: the engine would try to download what this lists. Plugins come from PATH."""
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program to its end. What it prints goes to this process's own output."""
        if request.attach_debugger:
            return language_pb2.RunResponse(
                error="the rehearsal's language host attaches no debugger"
            )
        try:
            interpreter = _interpreter_for(request.info)
        except InterpreterMissingError as error:
            return language_pb2.RunResponse(error=str(error))
        order = {
            "kind": "program",
            "monitor_address": request.monitor_address,
            "engine_address": self._engine_address,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
            "program_directory": request.info.program_directory,
            "entry_point": request.info.entry_point or ".",
            "working_directory": request.pwd or request.info.program_directory,
            "args": list(request.args),
            "config": dict(request.config),
            "config_secret_keys": list(request.configSecretKeys),
            "parallel": request.parallel,
            "dry_run": request.dryRun,
        }
        child = self._start(interpreter, order, additions={})
        context.add_callback(child.kill)
        status = self._wait(child)
        if status == 0:
            return language_pb2.RunResponse()
        if status == EXIT_MESSAGE_SHOWN:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=_describe_exit(status))

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a policy pack or another plugin and stream its output and exit status."""
        try:
            interpreter = _interpreter_for(request.info)
        except InterpreterMissingError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            return
        order = {
            "kind": "analyzer" if request.kind == "analyzer" else "plugin",
            "program_directory": request.info.program_directory,
            "args": list(request.args),
        }
        additions = dict(variable.split("=", 1) for variable in request.env if "=" in variable)
        child = self._start(
            interpreter,
            order,
            additions=additions,
            # The engine waits for the port: nothing may stay in a buffer.
            flags=("-u",),
            cwd=request.pwd or request.info.program_directory,
            output=subprocess.PIPE,
        )
        context.add_callback(child.kill)
        for name, chunk in _chunks(child):
            if name == "stdout":
                yield language_pb2.RunPluginResponse(stdout=chunk)
            else:
                yield language_pb2.RunPluginResponse(stderr=chunk)
        yield language_pb2.RunPluginResponse(exitcode=self._wait(child))

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Install nothing and say so."""
        message = (
            "The rehearsal's language host installs no dependencies. In this repository: "
            "uv sync --locked\n"
        )
        yield language_pb2.InstallDependenciesResponse(stdout=message.encode())

    def About(self, request: Any, context: Any) -> Any:
        """The interpreter that the project uses, and its version."""
        interpreter = _interpreter_or_failure(request.info)
        version = _output(interpreter, "import platform; print(platform.python_version())")
        return language_pb2.AboutResponse(executable=str(interpreter), version=version.strip())

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """Every distribution installed in the project's environment, transitive ones included."""
        interpreter = _interpreter_or_failure(request.info)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in json.loads(_output(interpreter, _LIST_DISTRIBUTIONS))
            ]
        )

    GenerateProgram = _refuse("generates no programs")
    GenerateProject = _refuse("generates no projects")
    GeneratePackage = _refuse("generates no packages")
    Pack = _refuse("builds no packages")
    Link = _refuse("links no packages")
    Template = _refuse("fills in no templates")

    def Cancel(self, request: Any, context: Any) -> Any:
        """End every child at once."""
        with self._lock:
            for child in self._children:
                child.kill()
        return empty_pb2.Empty()

    def _start(
        self,
        interpreter: Path,
        order: Mapping[str, object],
        *,
        additions: Mapping[str, str],
        flags: tuple[str, ...] = (),
        cwd: str | None = None,
        output: int | None = None,
    ) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(
            [str(interpreter), *flags, str(_CHILD)],
            cwd=cwd,
            env=child_environment(os.environ, interpreter, additions),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
        with self._lock:
            self._children.add(child)
        assert child.stdin is not None  # noqa: S101 (asked for above)
        try:
            child.stdin.write(json.dumps(order).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            pass  # its exit status tells what happened
        return child

    def _wait(self, child: "subprocess.Popen[bytes]") -> int:
        try:
            return child.wait()
        finally:
            with self._lock:
                self._children.discard(child)
            if child.stdin is not None:
                child.stdin.close()


def _interpreter_for(info: Any) -> Path:
    return find_interpreter(Path(info.root_directory), from_struct(info.options))


def _interpreter_or_failure(info: Any) -> Path:
    try:
        return _interpreter_for(info)
    except InterpreterMissingError as error:
        raise RpcFailure(str(error), code=grpc.StatusCode.FAILED_PRECONDITION) from None


def _chunks(child: "subprocess.Popen[bytes]") -> Iterator[tuple[str, bytes]]:
    """What the child writes, as ("stdout" or "stderr", bytes), until both are closed."""
    received: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def read(name: str, stream: IO[bytes]) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            received.put((name, chunk))
        received.put((name, b""))

    streams = {"stdout": child.stdout, "stderr": child.stderr}
    for name, stream in streams.items():
        assert stream is not None  # noqa: S101 (piped by the caller)
        threading.Thread(target=read, args=(name, stream), daemon=True).start()
    still_open = len(streams)
    while still_open:
        name, chunk = received.get()
        if chunk:
            yield name, chunk
        else:
            still_open -= 1


def _describe_exit(status: int) -> str:
    if status < 0:
        return f"program was ended by signal {signal.Signals(-status).name}"
    return f"program exited with non-zero exit code: {status}"


def _output(interpreter: Path, code: str) -> str:
    return subprocess.run(
        [str(interpreter), "-c", code],
        env=child_environment(os.environ, interpreter, {}),
        stdin=subprocess.DEVNULL,
        stderr=sys.stderr,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
