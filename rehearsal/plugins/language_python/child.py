"""Runs a Pulumi program or a Python plugin in the interpreter that its project names.

The language host starts this file as a script, in an interpreter that may know nothing of this
repository: it imports only the standard library and the `pulumi` package found there.
The host writes one line of JSON to standard input (see `host.py`) and keeps that pipe open for
as long as it lives. When the pipe ends the host is gone, and so is this process at once.
"""

import asyncio
import gc
import json
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# The host tells the engine to halt without a further message: the user has already seen one.
EXIT_MESSAGE_SHOWN = 32

# Set to anything, this lets the SDK send its debug messages, which `pulumi up --debug` shows. It
# sends them whether or not anybody reads them, several for each resource, and waits for each.
_DEBUG = "SERLO_PROGRAM_DEBUG"

# A program creates a hundred objects per resource, and they all live to its end: looking through
# them for garbage as often as Python does by default takes a fifth of its time.
_ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000

_MISSING_SDK = """
The Pulumi SDK is not installed in {executable}.
Install the project's dependencies into that environment, or name another environment under
runtime.options.virtualenv in Pulumi.yaml."""


def _end_with_host(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def _receive_order() -> dict[str, Any]:
    """Read the host's order and leave standard input empty, as a program of Pulumi's finds it."""
    lifeline = os.dup(0)
    line = bytearray()
    while not line.endswith(b"\n"):
        chunk = os.read(lifeline, 65536)
        if not chunk:
            os._exit(1)
        line += chunk
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_end_with_host, args=(lifeline,), daemon=True).start()
    return json.loads(line)


def _describe_failure(error: BaseException, program_directory: Path) -> str:
    """The traceback from the program's first own frame on: what comes before is not the user's."""
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(program_directory) and not file.is_relative_to(sys.prefix):
            break
        trace = trace.tb_next
    if trace is None and not isinstance(error, SyntaxError):
        trace = error.__traceback__
    return "".join(traceback.format_exception(type(error), error, trace))


def _run_program(order: dict[str, Any]) -> int:
    try:
        import pulumi  # noqa: PLC0415 (heavy, and its absence is explained)
        import pulumi.runtime  # noqa: PLC0415
    except ImportError:
        traceback.print_exc()
        print(_MISSING_SDK.format(executable=sys.executable), file=sys.stderr)
        return 1

    pulumi.runtime.set_all_config(order["config"], order["config_secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=order["monitor_address"],
            engine=order["engine_address"],
            project=order["project"],
            stack=order["stack"],
            parallel=order["parallel"],
            dry_run=order["dry_run"],
            organization=order["organization"],
            root_directory=order["root_directory"],
        )
    )
    directory = Path(order["program_directory"])
    program = os.path.normpath(directory / order["entry_point"])
    sys.argv = [program, *order["args"]]
    os.chdir(order["working_directory"])
    if Path(program).is_dir() and not Path(program, "__main__.py").is_file():
        pulumi.log.error(f"no program: there is no __main__.py in {program}")
        return EXIT_MESSAGE_SHOWN

    # Resources that fail leave futures that are never awaited; asyncio's complaints about them
    # would bury the one message that matters.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # The SDK blocks a worker thread for each resource in flight.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(order["parallel"], 1) * 4))

    async def run() -> None:
        runpy.run_path(program, run_name="__main__")
        await _registered(pulumi)

    if not os.environ.get(_DEBUG):
        pulumi.log.debug = _say_nothing
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        return _report(pulumi, str(error))
    except Exception as error:
        trace = _describe_failure(error, directory)
        return _report(pulumi, f"Program failed with an unhandled exception:\n{trace}")
    finally:
        loop.close()
    return 0


async def _registered(pulumi: Any) -> None:
    """Wait until what the program has declared is registered, or a registration fails.

    The SDK would now wait for the outputs of all resources, one after another, each time looking
    at all that are pending: with hundreds of resources that takes longer than the registrations.
    """
    calls = pulumi.runtime.settings.SETTINGS.rpc_manager.rpcs
    failed = False
    while not failed:
        await asyncio.sleep(0)  # calls made by what just happened begin in the loop's next turn
        pending = [call for call in calls if not call.done()]
        if not pending:
            return
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        failed = any(call.cancelled() or call.exception() for call in done)


def _say_nothing(*_: object, **__: object) -> None:
    pass


def _report(pulumi: Any, message: str) -> int:
    try:
        pulumi.log.error(message)
    except Exception:  # the engine has gone
        return 1
    return EXIT_MESSAGE_SHOWN


def _run_policy_pack(order: dict[str, Any]) -> int:
    sys.argv = ["pulumi.policy", *order["args"], order["program_directory"]]
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
    return 0


def _run_plugin(order: dict[str, Any]) -> int:
    program = order["program_directory"]
    sys.argv = [program, *order["args"]]
    runpy.run_path(program, run_name="__main__")
    return 0


def main() -> int:
    """Run what the host orders and return the exit status."""
    # Interrupted by the engine there is nothing to say: no traceback, no waiting.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.path.pop(0)  # this file's own folder is no part of the program's world
    order = _receive_order()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    # Lines appear when they are printed, although standard output is a pipe.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    run = {"program": _run_program, "analyzer": _run_policy_pack, "plugin": _run_plugin}
    return run[order["kind"]](order)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)
