"""Declarations: the catalogue fits together, and one that does not is refused as a whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.environment import Environment
from infra.release import Channel
from infra.resolution import resolve, workloads
from infra.service import (
    Address,
    Amount,
    DeclarationError,
    Health,
    Resources,
    Service,
    check_catalogue,
)
from infra.services import declared

STACKS = Path(__file__).parents[3] / "stacks"

EXAMPLE = Service(
    name="example",
    namespace="api",
    source="serlo/example",
    image="ghcr.io/serlo/example",
    channel=Channel.SEMANTIC,
    port=8000,
    health=Health(path="/health"),
    resources=Resources(requests=Amount("10m", "20Mi"), limits=Amount("20m", "40Mi")),
)

# The environment of the API as Serlo's own infrastructure listed it.
SERVER_ENV = """
ENVIRONMENT GOOGLE_SPREADSHEET_API_ACTIVE_DONORS GOOGLE_SPREADSHEET_API_MOTIVATION
GOOGLE_SPREADSHEET_API_SECRET ROCKET_CHAT_API_USER_ID ROCKET_CHAT_API_AUTH_TOKEN ROCKET_CHAT_URL
MAILCHIMP_API_KEY LOG_LEVEL REDIS_URL SENTRY_DSN SENTRY_RELEASE SERLO_ORG_SECRET SERVER_HYDRA_HOST
SERVER_KRATOS_PUBLIC_HOST SERVER_KRATOS_ADMIN_HOST SERVER_KRATOS_SECRET SERVER_KRATOS_DB_URI
SERVER_SERLO_CLOUDFLARE_WORKER_SECRET SERVER_SWR_QUEUE_DASHBOARD_USERNAME
SERVER_SWR_QUEUE_DASHBOARD_PASSWORD GOOGLE_APPLICATION_CREDENTIALS ENMESHED_SERVER_HOST
ENMESHED_SERVER_SECRET ENMESHED_WEBHOOK_SECRET OPENAI_API_KEY MYSQL_URI
SERVER_SERLO_EDITOR_TESTING_SECRET
"""


def _service(name: str) -> Service:
    return next(service for service in declared() if service.name == name)


def test_the_core_services_are_declared() -> None:
    assert [service.name for service in declared()] == ["database-layer", "frontend", "server"]


def test_the_server_gets_every_variable() -> None:
    known = SERVER_ENV.split()
    assert len(known) == 28
    assert set(_service("server").env) == {*known, "SERLO_ORG_DATABASE_LAYER_HOST"}


def test_the_database_layer_gets_every_variable() -> None:
    expected = "ENV DATABASE_URL DATABASE_MAX_CONNECTIONS SENTRY_DSN METADATA_API_LAST_CHANGES_DATE"
    assert set(_service("database-layer").env) == set(expected.split())


def test_only_the_server_reaches_the_database_layer() -> None:
    assert _service("database-layer").callers == ("server",)
    assert _service("database-layer").host is None


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"callers": ("nobody",)}, "caller 'nobody' is no service"),
        ({"env": {"PEER": Address("nobody")}}, "no service"),
        ({"env": {"PEER": Address("example")}}, "does not name example among its callers"),
        ({"version_of": "nobody"}, "shares the version of 'nobody'"),
        ({"host": "example"}, "does not name 'gateway' as a caller"),
        ({"user": 0}, "any but root"),
        (
            {"resources": Resources(requests=Amount("1", "1Gi"), limits=Amount("2", "2"))},
            "memory with its unit",
        ),
        (
            {"resources": Resources(requests=Amount("3", "1Gi"), limits=Amount("2", "2Gi"))},
            "exceeds its limit",
        ),
    ],
)
def test_a_mistake_in_a_declaration_is_named(change: dict[str, object], mistake: str) -> None:
    with pytest.raises(DeclarationError, match=mistake):
        check_catalogue((replace(EXAMPLE, **change),))  # pyright: ignore[reportArgumentType]


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(DeclarationError) as refused:
        check_catalogue((EXAMPLE, EXAMPLE, replace(EXAMPLE, user=0, host="example")))
    assert len(str(refused.value).splitlines()) == 3


def test_the_stack_file_overrides_sizes_and_settings() -> None:
    environment = Environment.load(STACKS / "Pulumi.production.yaml")
    server = next(w for w in workloads(environment) if w.service.name == "server")
    env = dict(server.env)
    assert server.replicas.min == 2
    assert env["SERVER_HYDRA_HOST"] == "http://hydra-admin.auth:4445"
    assert env["ENMESHED_SERVER_SECRET"] == ""
    assert env["SENTRY_RELEASE"] == "0.52.1"
    assert env["SERLO_ORG_DATABASE_LAYER_HOST"] == "database-layer.api:8080"
    assert server.host == "api.serlo.org"
    assert server.node_pool == "serlo-production-cluster-non-preemptible"


def test_a_secret_belongs_to_those_environments_that_have_it() -> None:
    server = _service("server")
    staging = Environment.load(STACKS / "Pulumi.staging.yaml")
    production = Environment.load(STACKS / "Pulumi.production.yaml")
    assert "enmeshed-server-secret" in staging.secrets
    assert "enmeshed-server-secret" not in production.secrets
    assert "enmeshed-server-secret" in resolve(server, staging).secrets
    assert "enmeshed-server-secret" not in resolve(server, production).secrets
