"""The worker in front of a zone: its code, its name, and what it is given."""

from dataclasses import dataclass
from pathlib import Path

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

_WORKER = Path(__file__).parent / "worker" / MAIN_MODULE


@dataclass(frozen=True)
class Script:
    """A worker script. `variables` are its plain bindings; a store and secrets join them."""

    name: str
    code: str
    variables: dict[str, str]


def script(environment: Environment) -> Script:
    """The worker of an environment; where it runs is said in `infra/edge/routes.py`."""
    return Script(
        name=f"serlo-{environment.name}",
        code=_WORKER.read_text(encoding="utf-8"),
        variables={
            "DOMAIN": environment.domain,
            "ENVIRONMENT": environment.name,
            "API_ENDPOINT": f"https://{environment.host('api')}/graphql",
            "FRONTEND_DOMAIN": environment.frontend_domain,
            "ALLOW_AUTH_FROM_LOCALHOST": str(environment.edge.allow_auth_from_localhost).lower(),
        },
    )
