"""The worker in front of a zone: its code, its name, what it is given, and where it runs."""

from dataclasses import dataclass
from pathlib import Path

from infra.environment import Environment

MAIN_MODULE = "index.js"
# Of the runtime's behaviour. Newer dates change what old code means: raise it with a test.
COMPATIBILITY_DATE = "2023-07-14"
SECRET = "cloudflare-worker-secret"  # noqa: S105 the name, not the value

_WORKER = Path(__file__).parent / "worker" / MAIN_MODULE


@dataclass(frozen=True)
class Script:
    """A worker script. `variables` are its plain bindings; a store and a secret join them."""

    name: str
    code: str
    variables: dict[str, str]
    route: str


def script(environment: Environment) -> Script:
    """The worker of an environment, which answers for every host of its zone."""
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
        route=f"*{environment.domain}/*",
    )
