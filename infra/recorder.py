"""Runs the Pulumi program without Pulumi and records what a stack registers.

The real program (`infra/__main__.py`) runs against a recorder instead of an engine. It needs no
cluster, no credentials and no network; secrets are stand-ins. `pulumi up` does not import this.
"""

import asyncio
import contextvars
import gc
import json
import logging
import runpy
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

import infra
from infra.declaration.checks import DeclarationError
from infra.services import declared
from infra.stack.rules import used_secrets

PROJECT = "serlo"
_MAIN = Path(infra.__file__).parent / "__main__.py"
_LARGEST_EXACT_INTEGER = 2.0**53
"""Beyond this a float does not hold every integer, so it stays a float."""


class ProgramError(Exception):
    """The program refused to run; the text says why and what to do.

    `registrations` is what it had registered until then.
    """

    def __init__(self, text: str, registrations: Iterable["Registration"] = ()) -> None:
        super().__init__(text)
        self.registrations = tuple(registrations)


@dataclass(frozen=True)
class Registration:
    """A resource as the program registers it.

    `properties` are as on Pulumi's wire, in plain JSON: secrets and values that are only known
    after an update carry Pulumi's signatures. `parent`, `provider` and `dependencies` are URNs,
    that of the provider followed by `::` and its id. An `existing` resource is read, not managed; a
    `retained` one stays when it is no longer declared.
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Any]
    parent: str
    provider: str
    custom: bool
    protect: bool
    dependencies: tuple[str, ...]
    existing: bool = False
    retained: bool = False

    @property
    def is_declared(self) -> bool:
        """Whether the program says what it is, and does not only look it up."""
        return not self.existing or "labels" in (self.properties.get("metadata") or {})


@dataclass(frozen=True)
class Program:
    """What a run registered, in the order of registration, and what it warned of."""

    stack: str
    registrations: tuple[Registration, ...]
    warnings: tuple[str, ...]


def run_program(
    stack_file: Path,
    *,
    secrets: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    cluster_uid: str | None = None,
    found: Mapping[str, Mapping[str, Any]] | None = None,
) -> Program:
    """Run the program for `<project>/stacks/Pulumi.<stack>.yaml`; raises ProgramError.

    `secrets`: what is set; by default a stand-in for each that is needed. `config`: what else
    Pulumi says it is configured to. `cluster_uid`: what the cluster says its identity is; by
    default it says nothing, as in a preview without a cluster. `found`: what it answers about
    objects that are looked up, by name, where that is not as declared.
    """
    stack_file = stack_file.resolve()
    stack = stack_file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if stack_file.parent.name != "stacks":
        better = stack_file.parent / "stacks" / stack_file.name
        raise ProgramError(
            f"{stack_file}: a stack file lies in a folder named stacks; call it {better}"
        )
    recorder = _Recorder(stack, cluster_uid, found or {})
    warnings = _Warnings()
    # Pulumi keeps its settings in context variables: a copy leaves those of other runs alone.
    context = contextvars.copy_context()
    try:
        if secrets is None:
            secrets = {name: f"[{name}]" for name in used_secrets(stack, declared())}
        settings = {**(config or {}), f"{PROJECT}:secrets": json.dumps(dict(secrets))}
        # In a thread, since Pulumi walks the whole stack of calls for every resource.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(
                context.run, _run, stack_file.parent.parent, stack, settings, recorder, warnings
            ).result()
    except (pulumi.RunError, DeclarationError) as error:
        raise ProgramError(str(error), recorder.registrations) from None
    return Program(stack, tuple(recorder.registrations), tuple(warnings.texts))


def _run(
    root: Path,
    stack: str,
    config: Mapping[str, str],
    recorder: "_Recorder",
    warnings: "_Warnings",
) -> None:
    logger = logging.Logger(PROJECT, logging.WARNING)
    logger.addHandler(warnings)
    loop = asyncio.new_event_loop()
    # What the program refuses is raised below; that outputs failed with it is no news.
    loop.set_exception_handler(_ignore)
    asyncio.set_event_loop(loop)
    collecting = gc.isenabled()
    try:
        mocks.set_mocks(
            _NoProviders(),
            project=PROJECT,
            stack=stack,
            preview=recorder.cluster_uid is None,
            logger=logger,
            monitor=recorder,
        )
        # What mocks leave out; outputs of a run that failed must not be waited for in the next.
        for name, value in {"root_directory": str(root), "outputs": set[object]()}.items():
            setattr(SETTINGS, name, value)
        pulumi.runtime.set_all_config(dict(config))
        loop.run_until_complete(run_pulumi_func(_run_main))
    finally:
        if collecting:
            # The program turns it off.
            gc.enable()
        _cancel_pending(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _ignore(_loop: asyncio.AbstractEventLoop, _failure: dict[str, Any]) -> None:
    """Handle what no coroutine awaits."""


def _run_main() -> None:
    runpy.run_path(str(_MAIN), run_name="__main__")


def _cancel_pending(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with suppress(BaseException):
            loop.run_until_complete(task)


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class _NoProviders(mocks.Mocks):
    """Never asked: the recorder answers every registration itself."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise pulumi.RunError(f"The program calls {args.token}, which no recorder can answer")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError(args.name)


class _Recorder(mocks.MockMonitor):
    """An engine that grants every resource its inputs as outputs."""

    def __init__(
        self, stack: str, cluster_uid: str | None, found: Mapping[str, Mapping[str, Any]]
    ) -> None:
        super().__init__(_NoProviders())
        self.stack = stack
        self.cluster_uid = cluster_uid
        self.found = found
        self.registrations: list[Registration] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine would form it, which leaves the stack out of the chain of types."""
        chain = parent.split("::")[2] if parent else ""
        chain = "" if chain in {"", "pulumi:pulumi:Stack"} else f"{chain}$"
        return f"urn:pulumi:{self.stack}::{PROJECT}::{chain}{type_}::{name}"

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self._note(urn, request, request.object, request.dependencies, existing=False)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id="" if self.cluster_uid is None else request.name, object=request.object
        )

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        self._note(urn, request, request.properties, request.dependencies, existing=True)
        answer = Struct()
        if self.cluster_uid is not None:
            # As an administrator made it: as it is declared.
            found = {**_plain_members(request.properties), **self.found.get(request.name, {})}
            declared: dict[str, Any] = found.get("metadata") or {}
            metadata: dict[str, Any] = {"name": request.name, **declared}
            answer.update({**found, "metadata": {**metadata, "uid": self.cluster_uid}})
        return resource_pb2.ReadResourceResponse(urn=urn, properties=answer)

    def _note(
        self,
        urn: str,
        request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest,
        properties: Struct,
        dependencies: Iterable[str],
        *,
        existing: bool,
    ) -> None:
        self.registrations.append(
            Registration(
                urn=urn,
                type=request.type,
                name=request.name,
                properties=_plain_members(properties),
                parent=request.parent,
                provider=request.provider,
                custom=existing or getattr(request, "custom", False),
                protect=getattr(request, "protect", False),
                dependencies=tuple(sorted(dependencies)),
                existing=existing,
                retained=getattr(request, "retainOnDelete", False),
            )
        )


def _plain_members(struct: Struct) -> dict[str, Any]:
    return {key: _plain(value) for key, value in struct.fields.items()}


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return _plain_members(value.struct_value)
    if kind == "list_value":
        return [_plain(element) for element in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        exact = number.is_integer() and abs(number) <= _LARGEST_EXACT_INTEGER
        return int(number) if exact else number
    return None
