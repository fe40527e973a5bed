"""Three services and an optional one, so that tests of stack files do not follow the platform."""

from infra.declaration.release import Channel
from infra.declaration.service import (
    Amount,
    CronJob,
    Deployment,
    Probes,
    Replicas,
    Resources,
    Schedule,
    Service,
)
from infra.declaration.values import EnvironmentValue, SecretRef, Setting

_RESOURCES = Resources(requests=Amount("10m", "20Mi"), limits=Amount("20m", "40Mi"))


def service(name: str, **more: object) -> Service:
    """A service in which only the name matters."""
    plain: dict[str, object] = {
        "name": name,
        "namespace": "api",
        "source": f"serlo/{name}",
        "image": f"ghcr.io/serlo/{name}",
        "channel": Channel.SEMANTIC,
        "port": 8000,
        "probes": Probes(readiness_path="/health"),
        "resources": _RESOURCES,
    }
    return Service(**{**plain, **more})  # pyright: ignore[reportArgumentType]


DATABASE_LAYER = service(
    "database-layer",
    env={
        "ENV": EnvironmentValue.ENVIRONMENT,
        "DATABASE_MAX_CONNECTIONS": Setting(default="25"),
        "METADATA_API_LAST_CHANGES_DATE": Setting(),
    },
)
FRONTEND = service("frontend", channel=Channel.CONTINUOUS)
SERVER = service(
    "server",
    env={
        "ROCKET_CHAT_URL": Setting(default="https://community.serlo.org/"),
        "LOG_LEVEL": Setting(default="INFO"),
        "REDIS_URL": Setting(default="redis://redis-master:6379"),
        "SERVER_HYDRA_HOST": Setting(),
        "SERVER_KRATOS_PUBLIC_HOST": Setting(default="http://kratos-public.auth"),
        "SERVER_KRATOS_ADMIN_HOST": Setting(default="http://kratos-admin.auth"),
        "ENMESHED_SERVER_HOST": Setting(),
        "MYSQL_URI": SecretRef("mysql-uri"),
        "SENTRY_DSN": SecretRef("sentry-dsn"),
        "ENMESHED_SERVER_SECRET": SecretRef(
            "enmeshed-server-secret", environments=frozenset({"staging"})
        ),
    },
)
WORKER = service(
    "worker", version_of="server", kind=Deployment(replicas=Replicas(1, 1), strategy="Recreate")
)
OLD = service("old", feature="legacy", env={"OLD_SETTING": Setting()})
NIGHTLY = service(
    "nightly",
    environments=frozenset({"local"}),
    kind=CronJob(schedule=Schedule("0 0 * * *")),
    port=None,
    probes=None,
)

SERVICES = (DATABASE_LAYER, FRONTEND, NIGHTLY, OLD, SERVER, WORKER)
