"""Runs a plugin as the engine expects it: prints a port, serves gRPC there, dies quietly."""

import contextlib
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import Message

# The engine's own limit: a state with large values must pass.
MESSAGE_BYTES = 400 * 1024 * 1024
CHANNEL_OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    # The engine is on this machine, whatever proxy leads out of it.
    ("grpc.enable_http_proxy", 0),
]

# A call that waits for a rollout holds its thread, and Cancel must still get one. Threads are
# started as they are needed.
LARGEST_CONCURRENCY = 1024

PARENT_POLL_SECONDS = 0.5


class RpcFailure(Exception):
    """Fails the call being served with a message for people, and optional details for the engine.

    `detail` is a message such as `ErrorResourceInitFailed`, which the engine reads.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        detail: Message | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


def engine_address(arguments: Sequence[str] | None = None) -> str | None:
    """The engine's address: the one argument that is not a flag. None when run by hand."""
    words = sys.argv[1:] if arguments is None else arguments
    return next((word for word in words if not word.startswith("-")), None)


def die_quietly() -> None:
    """Let SIGINT and SIGTERM end this process at once and silently.

    Call it before the slow imports: Python's own handling of SIGINT is a traceback.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def serve(register: Callable[[grpc.Server], None]) -> None:
    """Serve until the engine ends the process or is gone. Does not return.

    `register` adds the servicers, for example
    `lambda server: add_ResourceProviderServicer_to_server(Provider(), server)`.
    A call that raises RpcFailure fails with its message; any other exception is a bug of the
    plugin and fails the call with the exception and the place where it was raised.
    """
    die_quietly()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=LARGEST_CONCURRENCY),
        options=CHANNEL_OPTIONS,
        interceptors=[_Failures()],
    )
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    _wait_for_the_end_of_the_engine()
    os._exit(0)  # threads may be waiting for an API; the engine has gone


def _wait_for_the_end_of_the_engine() -> None:
    # The engine gives each plugin a pipe for stdin and never writes to it: it closes with the
    # engine, even when that is killed. Started another way, watch for the parent to change.
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        while os.read(0, 4096):
            pass
        return
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)


class _Failures(grpc.ServerInterceptor):
    """Turns exceptions into failed calls. Without it gRPC logs tracebacks to the user's screen."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Any],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        behaviour = handler.unary_unary

        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return behaviour(request, context)
            except RpcFailure as failure:
                _fail(context, failure)
            except Exception as error:
                if context.code() is not None:  # type: ignore[attr-defined]
                    raise  # the servicer has called context.abort
                _fail(context, RpcFailure(f"{describe(error)} (a bug in the plugin)"))

        return grpc.unary_unary_rpc_method_handler(
            guarded, handler.request_deserializer, handler.response_serializer
        )


def describe(error: BaseException) -> str:
    """An unexpected exception in one line, with the place where it was raised."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = (
        f" at {os.path.basename(frame.tb_frame.f_code.co_filename)}:{frame.tb_lineno}"  # noqa: PTH119
        if frame is not None
        else ""
    )
    return f"{type(error).__name__}: {error}{place}"


def _fail(context: grpc.ServicerContext, failure: RpcFailure) -> None:
    if failure.detail is not None:
        # google.rpc.Status, as every gRPC implementation carries error details.
        from google.protobuf.any_pb2 import Any as AnyMessage  # noqa: PLC0415 - rarely needed
        from pulumi.runtime.proto import status_pb2  # noqa: PLC0415

        packed = AnyMessage()
        packed.Pack(failure.detail)
        status = status_pb2.Status(
            code=failure.code.value[0], message=failure.message, details=[packed]
        )
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(failure.code, failure.message)


class Engine:
    """The engine, as a plugin speaks to it: messages for the person at the terminal."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._stub: Any = None

    def status(self, urn: str, message: str) -> None:
        """Show progress beside a resource until the next message replaces it."""
        self._log("INFO", urn, message, ephemeral=True)

    def info(self, urn: str, message: str) -> None:
        """Print a message that stays."""
        self._log("INFO", urn, message)

    def warning(self, urn: str, message: str) -> None:
        """Print a warning that stays."""
        self._log("WARNING", urn, message)

    def debug(self, urn: str, message: str) -> None:
        """Tell those who run with debug output."""
        self._log("DEBUG", urn, message)

    def _log(self, severity: str, urn: str, message: str, *, ephemeral: bool = False) -> None:
        if self._address is None:
            return
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc  # noqa: PLC0415

        with self._lock:
            if self._stub is None:
                channel = grpc.insecure_channel(self._address, options=CHANNEL_OPTIONS)
                self._stub = engine_pb2_grpc.EngineStub(channel)
        # Progress is a courtesy: the engine may be on its way out.
        with contextlib.suppress(grpc.RpcError):
            self._stub.Log(
                engine_pb2.LogRequest(
                    severity=engine_pb2.LogSeverity.Value(severity),
                    urn=urn,
                    message=message,
                    ephemeral=ephemeral,
                ),
                timeout=5,
            )
