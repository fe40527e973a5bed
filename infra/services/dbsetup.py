"""Imports the anonymised dump of production's databases into those of staging, each night."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, Kind, Outside, Resources, Schedule, Service
from infra.declaration.values import Secret, Setting

service = Service(
    name="dbsetup",
    namespace="api",
    source="serlo/infra",
    image="ghcr.io/serlo/infra/dbsetup",
    channel=Channel.SEMANTIC,
    only_in=frozenset({"staging"}),
    kind=Kind.CRON_JOB,
    schedule=Schedule("0 2 * * *"),
    # A run that is interrupted starts again.
    pool="preemptible",
    resources=Resources(requests=Amount("100m", "128Mi"), limits=Amount("500m", "512Mi")),
    outside=(
        Outside("the MySQL database", 3306),
        Outside("the database of kratos", 5432),
        Outside("Google Cloud Storage"),
    ),
    env={
        "MYSQL_HOST": Setting(),
        "MYSQL_USER": Setting(default="serlo"),
        "MYSQL_PASSWORD": Secret("mysql-password"),
        "MYSQL_PORT": Setting(default="3306"),
        "POSTGRES_HOST": Setting(),
        "POSTGRES_PASSWORD": Secret("postgres-password"),
        # Where production's dbdump puts the dump, and the account that may read it.
        "GCLOUD_BUCKET_URL": Setting(default="gs://anonymous-dump"),
        "GCLOUD_SERVICE_ACCOUNT_NAME": Setting(),
        "GCLOUD_SERVICE_ACCOUNT_KEY": Secret("dbsetup-service-account-key"),
    },
)
