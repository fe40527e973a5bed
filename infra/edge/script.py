"""The worker in front of a zone: its code, its name, and what it is given."""

from dataclasses import dataclass
from pathlib import Path

from infra.edge.compilation import chunks, compile_table
from infra.edge.table import RULES
from infra.environment import Environment

MAIN_MODULE = "index.js"
# Of the runtime's behaviour. Newer dates change what old code means: raise it with a test.
COMPATIBILITY_DATE = "2023-07-14"
SECRET_BINDINGS = {
    # What requests to the API are signed with, and what may replace it (docs/runbooks/).
    "API_SECRET": "cloudflare-worker-secret",
    "API_SECRET_SECOND": "cloudflare-worker-secret-second",
    # What opens the gateway (infra/manifests/admission.py).
    "ORIGIN_SECRET": "origin-secret",
}
"""The worker's secrets: the name it knows them by, and that in the stack file."""

_WORKER = Path(__file__).parent / "worker"


@dataclass(frozen=True)
class Script:
    """A worker script: its main module, the modules that one imports, and its plain bindings.

    `variables` say what differs between environments, `table` is the routing table in pieces. A
    store and secrets join them.
    """

    name: str
    code: str
    modules: dict[str, str]
    variables: dict[str, str]
    table: dict[str, str]


def script_name(environment: Environment) -> str:
    """The script that the routes lead to: ours, or one that others upload."""
    return environment.edge.script or f"serlo-{environment.name}"


def script(environment: Environment) -> Script:
    """Our worker for an environment; where it runs is said in `infra/edge/routes.py`.

    Raises TableError.
    """
    return Script(
        name=script_name(environment),
        code=(_WORKER / MAIN_MODULE).read_text(encoding="utf-8"),
        modules={
            file.name: file.read_text(encoding="utf-8") for file in sorted(_WORKER.glob("*.mjs"))
        },
        variables={
            "DOMAIN": environment.domain,
            "ENVIRONMENT": environment.name,
            "API_ENDPOINT": f"https://{environment.host('api')}/graphql",
            "FRONTEND_DOMAIN": environment.frontend_domain,
            "ALLOW_AUTH_FROM_LOCALHOST": str(environment.edge.allow_auth_from_localhost).lower(),
        },
        table=chunks(compile_table(RULES, environment)),
    )
