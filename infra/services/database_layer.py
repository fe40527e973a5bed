"""The database layer: the only code that reads and writes Serlo's MySQL database, in Rust."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, EgressTarget, Probes, Resources, Service
from infra.declaration.values import EnvironmentValue, SecretRef, Setting

service = Service(
    name="database-layer",
    namespace="api",
    source="serlo/serlo.org-database-layer",
    image="eu.gcr.io/serlo-shared/serlo-org-database-layer",
    channel=Channel.SEMANTIC,
    port=8080,
    probes=Probes(readiness_path="/.well-known/health"),
    resources=Resources(requests=Amount("100m", "50Mi"), limits=Amount("200m", "100Mi")),
    # It trusts every client, so only these may reach it.
    allowed_clients=("server", "swr-queue-worker"),
    depends_on=("db-migration",),
    egress=(EgressTarget("the MySQL database", 3306), EgressTarget("Sentry")),
    env={
        # What Sentry tells environments apart by.
        "ENV": EnvironmentValue.ENVIRONMENT,
        "DATABASE_URL": SecretRef("database-layer-database-url"),
        # Per pod: times the most replicas it has to stay below the database's own limit.
        "DATABASE_MAX_CONNECTIONS": Setting(default="25"),
        "SENTRY_DSN": SecretRef("sentry-dsn"),
        # When the metadata API's schema changed last: answers older than that are stale.
        "METADATA_API_LAST_CHANGES_DATE": Setting(),
    },
)
