"""`pulumi-resource-cloudflare [flags] ENGINE_ADDRESS`, as Pulumi's CLI starts it."""

from rehearsal.plugins.serving import Engine, die_quietly, engine_address, serve
from rehearsal.plugins.stubs import without_sdk


def main() -> None:
    """Serve until the engine is gone."""
    die_quietly()
    without_sdk()
    from pulumi.runtime.proto.provider_pb2_grpc import (  # noqa: PLC0415
        add_ResourceProviderServicer_to_server,
    )

    from rehearsal.plugins.resource_cloudflare.provider import CloudflareProvider  # noqa: PLC0415

    provider = CloudflareProvider(Engine(engine_address()))
    serve(lambda server: add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
