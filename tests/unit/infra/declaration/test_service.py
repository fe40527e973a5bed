"""Declarations: the catalogue fits together, and one that does not is refused as a whole."""

from dataclasses import replace

import pytest

from infra.declaration.checks import DeclarationError, check_catalogue
from infra.declaration.service import (
    GATEWAY,
    Amount,
    Container,
    Deployment,
    Hardening,
    Job,
    Patch,
    Replicas,
    Resources,
    Service,
    StatefulSet,
    Storage,
)
from infra.declaration.values import Address, ConfigFile, SecretFile, SecretRef
from infra.services import declared
from infra.stack.environment import Environment
from infra.workloads import resolve, workloads
from tests.stack_files import stack_file
from tests.unit.infra.catalogue import service

EXAMPLE = service("example")
RUN = service("run", kind=Job(), port=None, probes=None)
TWIN = Container(name="example", image="ghcr.io/serlo/twin", resources=EXAMPLE.resources)
SECRET_OF_STAGING = SecretRef("token", environments=frozenset({"staging"}))


def _words(text: str) -> list[str]:
    return text.split()


# The containers' environments as Serlo's own infrastructure listed them.
SERVER_ENV = _words("""
ENVIRONMENT GOOGLE_SPREADSHEET_API_ACTIVE_DONORS GOOGLE_SPREADSHEET_API_MOTIVATION
GOOGLE_SPREADSHEET_API_SECRET ROCKET_CHAT_API_USER_ID ROCKET_CHAT_API_AUTH_TOKEN ROCKET_CHAT_URL
MAILCHIMP_API_KEY LOG_LEVEL REDIS_URL SENTRY_DSN SENTRY_RELEASE SERLO_ORG_SECRET SERVER_HYDRA_HOST
SERVER_KRATOS_PUBLIC_HOST SERVER_KRATOS_ADMIN_HOST SERVER_KRATOS_SECRET SERVER_KRATOS_DB_URI
SERVER_SERLO_CLOUDFLARE_WORKER_SECRET SERVER_SWR_QUEUE_DASHBOARD_USERNAME
SERVER_SWR_QUEUE_DASHBOARD_PASSWORD GOOGLE_APPLICATION_CREDENTIALS ENMESHED_SERVER_HOST
ENMESHED_SERVER_SECRET ENMESHED_WEBHOOK_SECRET OPENAI_API_KEY MYSQL_URI
SERVER_SERLO_EDITOR_TESTING_SECRET
""")
WORKER_ENV = [
    *SERVER_ENV[:13],
    *("MYSQL_URI", "SWR_QUEUE_WORKER_CONCURRENCY", "SWR_QUEUE_WORKER_DELAY"),
    "CHECK_STALLED_JOBS_DELAY",
]
ENVIRONMENTS: dict[str, list[str]] = {
    "server": [*SERVER_ENV, "SERLO_ORG_DATABASE_LAYER_HOST"],
    "swr-queue-worker": [*WORKER_ENV, "SERLO_ORG_DATABASE_LAYER_HOST"],
    "database-layer": _words("""
        ENV DATABASE_URL DATABASE_MAX_CONNECTIONS SENTRY_DSN METADATA_API_LAST_CHANGES_DATE
    """),
    "db-migration": _words("""
        ENVIRONMENT MYSQL_URI REDIS_URL SLACK_CHANNEL SLACK_TOKEN OPENAI_API_KEY
    """),
    "dbsetup": _words("""
        MYSQL_HOST MYSQL_USER MYSQL_PASSWORD MYSQL_PORT POSTGRES_HOST POSTGRES_PASSWORD
        GCLOUD_BUCKET_URL GCLOUD_SERVICE_ACCOUNT_NAME GCLOUD_SERVICE_ACCOUNT_KEY
    """),
    "dbdump": _words("""
        MYSQL_HOST MYSQL_USER MYSQL_PASSWORD POSTGRES_HOST POSTGRES_PASSWORD_READONLY BUCKET_URL
        BUCKET_SERVICE_ACCOUNT_KEY
    """),
}


def _service(name: str) -> Service:
    return next(service for service in declared() if service.name == name)


def _environment(stack: str) -> Environment:
    return Environment.load(stack_file(stack))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_service_gets_every_variable_it_always_had(name: str) -> None:
    assert sorted(_service(name).env) == sorted(ENVIRONMENTS[name])


def test_the_facts_list_as_many_variables() -> None:
    assert (len(SERVER_ENV), len(WORKER_ENV)) == (28, 17)


def test_only_the_api_and_its_worker_reach_the_database_layer() -> None:
    assert _service("database-layer").allowed_clients == ("server", "swr-queue-worker")
    assert _service("database-layer").host is None


def test_admin_ports_are_for_the_api_alone() -> None:
    for name in ("kratos", "hydra"):
        port = _service(name).service_port("admin")
        assert port is not None
        assert port.allowed_clients == ("server",)


@pytest.mark.parametrize(
    ("stack", "absent"),
    [
        (
            "local",
            "dbdump dbsetup editor-renderer hydra hydra-migration legacy-editor-renderer serlo-org"
            " session-gc varnish",
        ),
        ("staging", "dbdump hydra hydra-migration"),
        ("production", "dbsetup"),
    ],
)
def test_an_environment_has_the_services_meant_for_it(stack: str, absent: str) -> None:
    present = {service.name for service in _environment(stack).services}
    assert {service.name for service in declared()} - present == set(absent.split())


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"allowed_clients": ("absent",)}, "client 'absent' is no service"),
        ({"env": {"PEER": Address("absent")}}, "no service"),
        ({"env": {"PEER": Address("example")}}, "does not name example among its allowed_clients"),
        ({"env": {"PEER": Address("example", port="admin")}}, "example has no port admin"),
        ({"env": {"PEER": Address("run")}}, "run has no port to listen on"),
        ({"version_of": "absent"}, "shares the version of 'absent'"),
        ({"host": "example"}, "does not allow 'gateway' as a client"),
        ({"catch_all": True}, "does not allow 'gateway' as a client"),
        ({"run_as_user": 0}, "any user except root"),
        ({"depends_on": ("absent",)}, "depends on 'absent', which is no service"),
        ({"depends_on": ("example",)}, "these depend on each other: example"),
        ({"port": None, "allowed_clients": ("run",)}, "allows clients but has no port"),
        ({"probes": None}, "says nothing about its health"),
        (
            {"kind": StatefulSet(storage=Storage("/data", "10"))},
            "expected a size such as 10Gi",
        ),
        ({"kind": Job()}, "listens on a port but runs to an end"),
        ({"kind": Deployment(strategy="Recreate")}, "must not run twice at once"),
        ({"sidecars": (TWIN,)}, "two containers are named example"),
        ({"exempt": {Hardening.PROBES: "because"}}, "without a reason that explains it"),
        ({"patch": Patch(spec={}, reason="because")}, "a patch without a reason that explains it"),
        (
            {"files": (ConfigFile(path="/etc/x", content="${WHO}"),)},
            "refers to \\${WHO}, which has no value",
        ),
        (
            {"files": (SecretFile("etc/x", SecretRef("x")),)},
            "etc/x is no absolute path",
        ),
        (
            {"files": (SecretFile("/x", SecretRef("x")), ConfigFile(path="/x", content=""))},
            "two files of example are mounted at /x",
        ),
        (
            {"files": (ConfigFile(path="/x", content="${T}", values={"T": SECRET_OF_STAGING}),)},
            "token has to exist wherever the file does",
        ),
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
        check_catalogue((replace(EXAMPLE, **change), RUN))  # pyright: ignore[reportArgumentType]


def test_two_services_cannot_have_one_address() -> None:
    other = service("other", service_name="example")
    with pytest.raises(DeclarationError, match="two Kubernetes Services are called api/example"):
        check_catalogue((EXAMPLE, other))


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(DeclarationError) as refused:
        check_catalogue(
            (EXAMPLE, replace(EXAMPLE, name="other", run_as_user=0, host="example"), RUN, RUN)
        )
    assert len(str(refused.value).splitlines()) == 3


def test_the_stack_file_overrides_sizes_and_settings() -> None:
    environment = _environment("production")
    server = next(w for w in workloads(environment) if w.service.name == "server")
    env = dict(server.env)
    assert server.replicas.min == 2
    assert env["SERVER_HYDRA_HOST"] == "http://hydra-admin.auth:4445"
    assert env["SERVER_KRATOS_PUBLIC_HOST"] == "http://kratos-public.auth"
    assert env["SERVER_KRATOS_ADMIN_HOST"] == "http://kratos-admin.auth"
    assert env["REDIS_URL"] == "redis://redis-master.api:6379"
    assert env["ENMESHED_SERVER_SECRET"] == ""
    assert env["SENTRY_RELEASE"] == "0.52.1"
    assert env["SERLO_ORG_DATABASE_LAYER_HOST"] == "database-layer.api:8080"
    assert server.host == "api.serlo.org"
    assert server.node_pool == "serlo-production-cluster-non-preemptible"


def test_the_address_of_a_service_that_is_not_there_is_empty() -> None:
    server = resolve(_service("server"), _environment("staging"))
    assert dict(server.env)["SERVER_HYDRA_HOST"] == ""


def test_a_service_comes_after_those_that_it_needs() -> None:
    names = [workload.service.name for workload in workloads(_environment("production"))]
    for workload in workloads(_environment("production")):
        for needed in workload.depends_on:
            assert names.index(needed) < names.index(workload.service.name)


def test_a_secret_belongs_to_those_environments_that_have_it() -> None:
    server = _service("server")
    staging, production = _environment("staging"), _environment("production")
    assert "enmeshed-server-secret" in staging.secrets
    assert "enmeshed-server-secret" not in production.secrets
    assert "enmeshed-server-secret" in resolve(server, staging).secrets
    assert "enmeshed-server-secret" not in resolve(server, production).secrets


def test_a_service_that_must_not_run_twice_at_once_never_does() -> None:
    for declaration in declared():
        if declaration.single and declaration.serves:
            assert declaration.replicas == Replicas(1, 1)
            assert GATEWAY not in declaration.all_allowed_clients
