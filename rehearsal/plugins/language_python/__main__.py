"""`pulumi-language-python [flags] ENGINE_ADDRESS`, as Pulumi's CLI starts it."""

from rehearsal.plugins.serving import die_quietly, engine_address, serve
from rehearsal.plugins.stubs import without_sdk


def main() -> None:
    """Serve until the engine is gone."""
    die_quietly()
    without_sdk()
    from pulumi.runtime.proto.language_pb2_grpc import (  # noqa: PLC0415
        add_LanguageRuntimeServicer_to_server,
    )

    from rehearsal.plugins.language_python.host import LanguageHost  # noqa: PLC0415

    host = LanguageHost(engine_address() or "")
    serve(lambda server: add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
