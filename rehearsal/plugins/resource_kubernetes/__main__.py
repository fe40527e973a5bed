"""`python -m rehearsal.plugins.resource_kubernetes`: the plugin process."""

from rehearsal.plugins.serving import Engine, die_quietly, engine_address, serve
from rehearsal.plugins.stubs import without_sdk


def main() -> None:
    """Serve the provider until the engine is done with it."""
    die_quietly()
    without_sdk()
    # Only now: this imports the stubs.
    from pulumi.runtime.proto import provider_pb2_grpc  # noqa: PLC0415

    from rehearsal.plugins.resource_kubernetes.provider import KubernetesProvider  # noqa: PLC0415

    provider = KubernetesProvider(Engine(engine_address()))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
