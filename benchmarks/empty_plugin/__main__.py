"""Every object is created, unchanged and deleted at once, and nobody is asked."""

from typing import Any

import grpc
from google.protobuf import empty_pb2

from rehearsal.plugins.serving import die_quietly, serve
from rehearsal.plugins.stubs import without_sdk

die_quietly()
without_sdk()
from pulumi.runtime.proto import (  # noqa: E402 - after without_sdk
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

VERSION = "4.34.2"


class EmptyProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers as a provider would that finds everything done."""

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=True, accept_outputs=True
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    def Check(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        same = request.news in (request.olds, request.old_inputs)
        changes = (
            provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        )
        return provider_pb2.DiffResponse(changes=changes)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        identifier = "" if request.preview else request.urn.rpartition("::")[2]
        return provider_pb2.CreateResponse(id=identifier, properties=request.properties)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.UpdateResponse(properties=request.news)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102
        return empty_pb2.Empty()


def register(server: grpc.Server) -> None:
    """Add the provider to a server."""
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(EmptyProvider(), server)


serve(register)
