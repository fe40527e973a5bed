"""Dumps production's databases without personal data, each night, for staging and developers."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, CronJob, EgressTarget, Resources, Schedule, Service
from infra.declaration.values import SecretRef, Setting

service = Service(
    name="dbdump",
    namespace="api",
    source="serlo/infra",
    image="ghcr.io/serlo/infra/dbdump",
    channel=Channel.SEMANTIC,
    environments=frozenset({"production"}),
    kind=CronJob(schedule=Schedule("0 0 * * *")),
    resources=Resources(requests=Amount("100m", "128Mi"), limits=Amount("500m", "512Mi")),
    egress=(
        EgressTarget("the MySQL database", 3306),
        EgressTarget("the database of kratos", 5432),
        EgressTarget("Google Cloud Storage"),
    ),
    env={
        "MYSQL_HOST": Setting(),
        # May read only.
        "MYSQL_USER": Setting(default="serlo_readonly"),
        "MYSQL_PASSWORD": SecretRef("mysql-password-readonly"),
        "POSTGRES_HOST": Setting(),
        "POSTGRES_PASSWORD_READONLY": SecretRef("postgres-password-readonly"),
        "BUCKET_URL": Setting(default="gs://anonymous-dump"),
        "BUCKET_SERVICE_ACCOUNT_KEY": SecretRef("dbdump-service-account-key"),
    },
)
