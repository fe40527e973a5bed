"""The worker in front of a zone: its code, its name, and what it is given."""

from dataclasses import dataclass
from pathlib import Path

from infra.edge.bundle import TABLE_MODULE, bundle, table_module
from infra.edge.compiler import Document, compile_table
from infra.routing.table import RULES
from infra.stack.environment import Environment

MAIN_MODULE = "index.js"
# Of the runtime's behaviour. Newer dates change what old code means: raise it with a test.
COMPATIBILITY_DATE = "2023-07-14"
SECRET_BINDINGS = {
    # What requests to the API are signed with, and what may replace it (docs/guides/).
    "API_SECRET": "cloudflare-worker-secret",
    "API_SECRET_SECOND": "cloudflare-worker-secret-second",
    # What opens the gateway (infra/cluster/origin_auth.py).
    "ORIGIN_SECRET": "origin-secret",
}
"""The worker's secrets: the name it knows them by, and that in the stack file."""

_WORKER = Path(__file__).parents[1] / "worker"


@dataclass(frozen=True)
class Script:
    """A worker script: its code, one module with the routing table built in, and its variables.

    Secrets and a KV namespace are bound to it as well.
    """

    name: str
    code: str
    variables: dict[str, str]


def script_name(environment: Environment) -> str:
    """The script that the routes lead to: ours, or one that others upload."""
    return environment.edge.script or f"serlo-{environment.name}"


def script(environment: Environment) -> Script:
    """Our worker for an environment; `worker_routes.py` says where it runs.

    Raises TableError.
    """
    return Script(
        name=script_name(environment),
        code=worker_code(compile_table(RULES, environment)),
        variables=worker_variables(environment),
    )


def worker_variables(environment: Environment) -> dict[str, str]:
    """Return the variables of our worker: what differs between environments."""
    return {
        "DOMAIN": environment.domain,
        "ENVIRONMENT": environment.name,
        "API_ENDPOINT": f"https://{environment.host('api')}/graphql",
        "FRONTEND_DOMAIN": environment.frontend_domain,
        "ALLOW_AUTH_FROM_LOCALHOST": str(environment.edge.allow_auth_from_localhost).lower(),
    }


def worker_code(table: Document) -> str:
    """Return the worker as one module that executes a compiled table. Raises BundleError."""
    return bundle(MAIN_MODULE, {**worker_modules(), TABLE_MODULE: table_module(table)})


def worker_modules() -> dict[str, str]:
    """Return the texts of the worker's own modules by file name."""
    files = [_WORKER / MAIN_MODULE, *sorted(_WORKER.glob("*.mjs"))]
    return {file.name: file.read_text(encoding="utf-8") for file in files}
