"""Migrations of the MySQL database. They run to their end, once per version, before whatever uses
the database rolls; in staging also each night, after the dump of production was imported.
"""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, EgressTarget, Job, Resources, Schedule, Service
from infra.declaration.values import Address, EnvironmentValue, SecretRef, Setting

service = Service(
    name="db-migration",
    namespace="api",
    source="serlo/api.serlo.org",
    image="ghcr.io/serlo/api.serlo.org/db-migration",
    channel=Channel.SEMANTIC,
    kind=Job(schedule=Schedule("0 3 * * *", environments=frozenset({"staging"}))),
    depends_on=("redis",),
    resources=Resources(requests=Amount("50m", "128Mi"), limits=Amount("500m", "512Mi")),
    egress=(EgressTarget("the MySQL database", 3306), EgressTarget("Slack, OpenAI")),
    env={
        "ENVIRONMENT": EnvironmentValue.ENVIRONMENT,
        "MYSQL_URI": SecretRef("mysql-uri"),
        # What a migration changes in the database is forgotten in the API's cache.
        "REDIS_URL": Address("redis", scheme="redis"),
        # Where a migration reports what it did.
        "SLACK_CHANNEL": Setting(),
        "SLACK_TOKEN": SecretRef("slack-token"),
        "OPENAI_API_KEY": SecretRef("openai-api-key"),
    },
)
