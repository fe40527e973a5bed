"""Dumps production's databases without personal data, each night, for staging and developers."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, Kind, Outside, Resources, Schedule, Service
from infra.declaration.values import Secret, Setting

service = Service(
    name="dbdump",
    namespace="api",
    source="serlo/infra",
    image="ghcr.io/serlo/infra/dbdump",
    channel=Channel.SEMANTIC,
    only_in=frozenset({"production"}),
    kind=Kind.CRON_JOB,
    schedule=Schedule("0 0 * * *"),
    resources=Resources(requests=Amount("100m", "128Mi"), limits=Amount("500m", "512Mi")),
    outside=(
        Outside("the MySQL database", 3306),
        Outside("the database of kratos", 5432),
        Outside("Google Cloud Storage"),
    ),
    env={
        "MYSQL_HOST": Setting(),
        # May read only.
        "MYSQL_USER": Setting(default="serlo_readonly"),
        "MYSQL_PASSWORD": Secret("mysql-password-readonly"),
        "POSTGRES_HOST": Setting(),
        "POSTGRES_PASSWORD_READONLY": Secret("postgres-password-readonly"),
        "BUCKET_URL": Setting(default="gs://anonymous-dump"),
        "BUCKET_SERVICE_ACCOUNT_KEY": Secret("dbdump-service-account-key"),
    },
)
