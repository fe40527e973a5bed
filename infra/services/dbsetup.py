"""Imports the anonymised dump of production's databases into those of staging, each night."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, CronJob, EgressTarget, Resources, Schedule, Service
from infra.declaration.values import SecretRef, Setting

service = Service(
    name="dbsetup",
    namespace="api",
    source="serlo/infra",
    image="ghcr.io/serlo/infra/dbsetup",
    channel=Channel.SEMANTIC,
    environments=frozenset({"staging"}),
    kind=CronJob(schedule=Schedule("0 2 * * *")),
    # A run that is interrupted starts again.
    node_pool="preemptible",
    resources=Resources(requests=Amount("100m", "128Mi"), limits=Amount("500m", "512Mi")),
    egress=(
        EgressTarget("the MySQL database", 3306),
        EgressTarget("the database of kratos", 5432),
        EgressTarget("Google Cloud Storage"),
    ),
    env={
        "MYSQL_HOST": Setting(),
        "MYSQL_USER": Setting(default="serlo"),
        "MYSQL_PASSWORD": SecretRef("mysql-password"),
        "MYSQL_PORT": Setting(default="3306"),
        "POSTGRES_HOST": Setting(),
        "POSTGRES_PASSWORD": SecretRef("postgres-password"),
        # Where production's dbdump puts the dump, and the account that may read it.
        "GCLOUD_BUCKET_URL": Setting(default="gs://anonymous-dump"),
        "GCLOUD_SERVICE_ACCOUNT_NAME": Setting(),
        "GCLOUD_SERVICE_ACCOUNT_KEY": SecretRef("dbsetup-service-account-key"),
    },
)
