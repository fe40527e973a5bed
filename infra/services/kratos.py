"""Kratos: who somebody is. Accounts, passwords, logins by NBP and VIDIS, and mail about them."""

from infra.declaration.release import Channel
from infra.declaration.service import (
    GATEWAY,
    Amount,
    Hardening,
    Kind,
    Outside,
    Port,
    Probes,
    Replicas,
    Resources,
    Service,
)
from infra.declaration.values import Address, ConfigFile, Secret, Setting, Variables
from infra.services.files import kratos as files

_FOLDER = files.FOLDER
_IMAGE = "docker.io/oryd/kratos"
_CONFIGURED = ("--config", f"{_FOLDER}/kratos.json")
_DATABASE: Variables = {"DSN": Secret("kratos-db-uri")}

_env: Variables = {
    **_DATABASE,
    # Signs the cookies of sessions: a new value logs everybody out.
    "SECRETS_COOKIE": Secret("kratos-cookie-secret"),
    # smtp://<user>:<password>@smtp.eu.sparkpostmail.com:2525
    "COURIER_SMTP_CONNECTION_URI": Secret("kratos-smtp-connection-uri"),
}
_secret_values: Variables = {
    "API": Address("server", scheme="http"),
    # What the API knows kratos by.
    "API_KEY": Secret("kratos-secret"),
    "NEWSLETTER_URL": Setting(),
    "MAILCHIMP_API_KEY": Secret("mailchimp-api-key"),
    "NBP_ISSUER": Setting(),
    "NBP_CLIENT_ID": Secret("kratos-nbp-client-id"),
    "NBP_CLIENT_SECRET": Secret("kratos-nbp-client-secret"),
    "VIDIS_ISSUER": Setting(),
    "VIDIS_CLIENT_ID": Secret("kratos-vidis-client-id"),
    "VIDIS_CLIENT_SECRET": Secret("kratos-vidis-client-secret"),
}
_files = (
    ConfigFile(path=f"{_FOLDER}/kratos.json", content=files.CONFIGURATION),
    ConfigFile(path=f"{_FOLDER}/identity.schema.json", content=files.IDENTITY_SCHEMA),
)
_server_files = (
    *_files,
    ConfigFile(
        path=f"{_FOLDER}/secrets.json", content=files.SECRET_CONFIGURATION, values=_secret_values
    ),
    ConfigFile(path=f"{_FOLDER}/report.jsonnet", content=files.REPORT),
    ConfigFile(path=f"{_FOLDER}/newsletter.jsonnet", content=files.NEWSLETTER),
    ConfigFile(path=f"{_FOLDER}/provider.jsonnet", content=files.PROVIDER),
)

_kratos = Service(
    name="kratos",
    namespace="auth",
    source="ory/kratos",
    image=_IMAGE,
    channel=Channel.SEMANTIC,
    third_party=True,
    port=4433,
    service_port=80,
    called="kratos-public",
    # A client of the admin port may change any account.
    ports=(Port(name="admin", port=4434, service_port=80, callers=("server",)),),
    args=("serve", *_CONFIGURED, "--config", f"{_FOLDER}/secrets.json"),
    probes=Probes(readiness_path="/health/ready", liveness_path="/health/alive"),
    resources=Resources(requests=Amount("75m", "150Mi"), limits=Amount("100m", "175Mi")),
    callers=(GATEWAY, "server"),
    needs=("kratos-migration",),
    outside=(Outside("the database of kratos", 5432), Outside("NBP, VIDIS, Mailchimp")),
    host="kratos",
    env=_env,
    files=_server_files,
)

_courier = Service(
    name="kratos-courier",
    namespace="auth",
    source="ory/kratos",
    image=_IMAGE,
    channel=Channel.SEMANTIC,
    third_party=True,
    version_of="kratos",
    args=("courier", "watch", *_CONFIGURED),
    resources=Resources(requests=Amount("20m", "64Mi"), limits=Amount("50m", "128Mi")),
    # Two at once might send a mail twice.
    replicas=Replicas(1, 1),
    recreate=True,
    exempt={Hardening.PROBES: "It listens on nothing, and ends by itself when it cannot go on."},
    needs=("kratos-migration",),
    outside=(Outside("the database of kratos", 5432), Outside("SparkPost, which sends mail", 2525)),
    env=_env,
    files=_files,
)

_migration = Service(
    name="kratos-migration",
    namespace="auth",
    source="ory/kratos",
    image=_IMAGE,
    channel=Channel.SEMANTIC,
    third_party=True,
    version_of="kratos",
    kind=Kind.JOB,
    args=("migrate", "sql", "--read-from-env", "--yes"),
    resources=Resources(requests=Amount("75m", "150Mi"), limits=Amount("100m", "175Mi")),
    outside=(Outside("the database of kratos", 5432),),
    env=_DATABASE,
)

services = (_kratos, _courier, _migration)
