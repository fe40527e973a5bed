"""The plugin as a process of its own, spoken to the way the engine speaks to it."""

import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

import rehearsal.plugins
from rehearsal.plugins.properties import PropertyMap, from_struct, to_struct

PLUGIN = Path(rehearsal.plugins.__file__).parent / "bin" / "pulumi-resource-kubernetes"
SECONDS = 60.0


def urn(kind: str, name: str, api_version: str = "v1") -> str:
    """The URN of a resource of the test's stack."""
    module = api_version if "/" in api_version else f"core/{api_version}"
    return f"urn:pulumi:test::probe::kubernetes:{module}:{kind}::{name}"


class EngineEar(engine_pb2_grpc.EngineServicer):
    """The part of the engine that listens to what plugins have to say."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def Log(self, request: Any, context: Any) -> Empty:  # noqa: ARG002
        """Keep a message."""
        self.messages.append(request)
        return Empty()

    def texts(self) -> list[str]:
        """What was said, in order."""
        return [message.message for message in self.messages]


class CallFailed(Exception):
    """A call that the plugin refused; `detail` is set when the object exists but is not ready."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.message = str(error.details())  # type: ignore[attr-defined]
        super().__init__(self.message)
        self.detail: Any = None
        for key, value in cast(list[tuple[str, bytes]], error.trailing_metadata() or []):  # type: ignore[attr-defined]
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(bytes(value))
                self.detail = provider_pb2.ErrorResourceInitFailed()
                assert status.details[0].Unpack(self.detail)


@dataclass
class Changes:
    """What Diff answers."""

    changed: bool
    paths: dict[str, str]
    replaces: list[str]
    delete_before_replace: bool


@dataclass
class Resource:
    """A resource that exists: what the engine would keep in its state."""

    urn: str
    id: str
    inputs: PropertyMap
    state: PropertyMap = field(default_factory=dict[str, Any])


class Plugin:
    """A running, configured plugin."""

    def __init__(self, process: "subprocess.Popen[str]", stub: Any, ear: EngineEar) -> None:
        self.process = process
        self.stub = stub
        self.ear = ear

    def call(self, method: str, request: Any, *, seconds: float = SECONDS) -> Any:
        """One remote procedure call. Raises CallFailed."""
        try:
            return getattr(self.stub, method)(request, timeout=seconds)
        except grpc.RpcError as error:
            raise CallFailed(error) from None

    def configure(self, **settings: str) -> None:
        """Configure the provider."""
        variables = {f"kubernetes:config:{key}": value for key, value in settings.items()}
        self.call("Configure", provider_pb2.ConfigureRequest(variables=variables))

    def check_raw(self, name: str, news: PropertyMap, olds: PropertyMap | None = None) -> Any:
        """Check, as it answers."""
        request = provider_pb2.CheckRequest(
            urn=name, news=to_struct(news), olds=to_struct(olds or {}), randomSeed=name.encode()
        )
        return self.call("Check", request)

    def check(self, name: str, news: PropertyMap, olds: PropertyMap | None = None) -> PropertyMap:
        """The checked inputs; fails the test if there are check failures."""
        response = self.check_raw(name, news, olds)
        assert not response.failures, response.failures
        return from_struct(response.inputs)

    def diff(self, old: Resource, news: PropertyMap, *, ignored: tuple[str, ...] = ()) -> Changes:
        """Diff of a resource with new inputs."""
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            olds=to_struct(old.state),
            old_inputs=to_struct(old.inputs),
            news=to_struct(news),
            ignoreChanges=ignored,
        )
        response = self.call("Diff", request)
        kinds = provider_pb2.PropertyDiff.Kind
        return Changes(
            response.changes == provider_pb2.DiffResponse.DIFF_SOME,
            {path: kinds.Name(entry.kind) for path, entry in response.detailedDiff.items()},
            sorted(response.replaces),
            response.deleteBeforeReplace,
        )

    def create(
        self,
        name: str,
        news: PropertyMap,
        *,
        preview: bool = False,
        timeout: float = 0,
        checked: bool = False,
    ) -> Resource:
        """Check, then create. Raises CallFailed."""
        inputs = news if checked else self.check(name, news)
        request = provider_pb2.CreateRequest(
            urn=name, properties=to_struct(inputs), preview=preview, timeout=timeout
        )
        response = self.call("Create", request)
        return Resource(name, response.id, inputs, from_struct(response.properties))

    def update(
        self,
        old: Resource,
        news: PropertyMap,
        *,
        preview: bool = False,
        timeout: float = 0,
        ignored: tuple[str, ...] = (),
    ) -> Resource:
        """Check, then update. Raises CallFailed."""
        inputs = self.check(old.urn, news, old.inputs)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            olds=to_struct(old.state),
            old_inputs=to_struct(old.inputs),
            news=to_struct(inputs),
            preview=preview,
            timeout=timeout,
            ignoreChanges=ignored,
        )
        response = self.call("Update", request)
        return Resource(old.urn, old.id, inputs, from_struct(response.properties))

    def read(self, name: str, object_id: str, known: Resource | None = None) -> Resource | None:
        """Read: a refresh of a known resource, or an import."""
        request = provider_pb2.ReadRequest(id=object_id, urn=name)
        if known is not None:
            request.inputs.CopyFrom(to_struct(known.inputs))
            request.properties.CopyFrom(to_struct(known.state))
        response = self.call("Read", request)
        if not response.id:
            return None
        return Resource(
            name, response.id, from_struct(response.inputs), from_struct(response.properties)
        )

    def refresh(self, known: Resource) -> Resource | None:
        """What `pulumi refresh` does."""
        return self.read(known.urn, known.id, known)

    def delete(self, known: Resource, *, timeout: float = 0) -> None:
        """Delete. Raises CallFailed."""
        request = provider_pb2.DeleteRequest(
            id=known.id,
            urn=known.urn,
            properties=to_struct(known.state),
            old_inputs=to_struct(known.inputs),
            timeout=timeout,
        )
        self.call("Delete", request)

    def cancel(self) -> None:
        """What the engine does on Ctrl-C."""
        self.call("Cancel", Empty())


@contextmanager
def running_plugin() -> Generator[Plugin]:
    """Start the plugin with an engine that listens, not configured yet."""
    ear = EngineEar()
    engine = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(ear, engine)
    engine_port = engine.add_insecure_port("127.0.0.1:0")
    engine.start()
    process = subprocess.Popen(
        [PLUGIN, f"127.0.0.1:{engine_port}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "SERLO_PYTHON": sys.executable},
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port.isdigit(), process.stderr and process.stderr.read()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Plugin(process, provider_pb2_grpc.ResourceProviderStub(channel), ear)
    process.kill()
    process.communicate()
    engine.stop(None)
