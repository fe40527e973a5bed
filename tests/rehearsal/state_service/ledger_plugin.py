"""A provider plugin for `ledger:index:Entry`: the world is a file with a line for each act.

Lines are `create NAME`, `update NAME`, `delete NAME`; acts take LEDGER_DELAY seconds. An entry
that a program does not know of is not created twice: what has a name is found by its name.
"""

# ruff: noqa: ARG002 - the signatures are gRPC's

import os
import time
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.plugins.serving import serve

LEDGER = Path(os.environ["LEDGER"])
DELAY = float(os.environ.get("LEDGER_DELAY", "0"))


def act(what: str, request: Any) -> str:
    """Do it, then write it down, in one write."""
    time.sleep(DELAY)
    name = request.urn.rpartition("::")[2]
    descriptor = os.open(LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{what} {name}\n".encode())
    os.close(descriptor)
    return name


def gone() -> set[str]:
    """The names that somebody deleted behind Pulumi's back."""
    path = LEDGER.with_suffix(".gone")
    return set(path.read_text().split()) if path.exists() else set()


class Ledger(provider_pb2_grpc.ResourceProviderServicer):
    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=True, accept_outputs=True
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        if request.old_inputs == request.news:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        new = request.news.fields["kind"] != request.old_inputs.fields["kind"]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            replaces=["kind"] if new else [],
            diffs=["kind" if new else "value"],
            deleteBeforeReplace="first" in request.urn,
        )

    def Create(self, request: Any, context: Any) -> Any:
        name = "" if request.preview else act("create", request)
        return provider_pb2.CreateResponse(id=name, properties=request.properties)

    def Update(self, request: Any, context: Any) -> Any:
        if not request.preview:
            act("update", request)
        return provider_pb2.UpdateResponse(properties=request.news)

    def Read(self, request: Any, context: Any) -> Any:
        if request.id in gone():
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Delete(self, request: Any, context: Any) -> Any:
        act("delete", request)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def register(server: grpc.Server) -> None:
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Ledger(), server)


serve(register)
