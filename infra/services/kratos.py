"""Kratos: who somebody is. Accounts, passwords, logins by NBP and VIDIS, and mail about them."""

from infra.declaration.release import Channel
from infra.declaration.service import (
    GATEWAY,
    Amount,
    Deployment,
    EgressTarget,
    Hardening,
    Job,
    Port,
    Probes,
    Replicas,
    Resources,
    Service,
)
from infra.declaration.values import Address, ConfigFile, SecretRef, Setting, Variables
from infra.services.files import kratos as files

_FOLDER = files.FOLDER
_IMAGE = "docker.io/oryd/kratos"
_CONFIGURED = ("--config", f"{_FOLDER}/kratos.json")
_DATABASE: Variables = {"DSN": SecretRef("kratos-db-uri")}

_env: Variables = {
    **_DATABASE,
    # Signs the cookies of sessions: a new value logs everybody out.
    "SECRETS_COOKIE": SecretRef("kratos-cookie-secret"),
    # smtp://<user>:<password>@smtp.eu.sparkpostmail.com:2525
    "COURIER_SMTP_CONNECTION_URI": SecretRef("kratos-smtp-connection-uri"),
}
_secret_values: Variables = {
    "API": Address("server", scheme="http"),
    # What the API knows kratos by.
    "API_KEY": SecretRef("kratos-secret"),
    "NEWSLETTER_URL": Setting(),
    "MAILCHIMP_API_KEY": SecretRef("mailchimp-api-key"),
    "NBP_ISSUER": Setting(),
    "NBP_CLIENT_ID": SecretRef("kratos-nbp-client-id"),
    "NBP_CLIENT_SECRET": SecretRef("kratos-nbp-client-secret"),
    "VIDIS_ISSUER": Setting(),
    "VIDIS_CLIENT_ID": SecretRef("kratos-vidis-client-id"),
    "VIDIS_CLIENT_SECRET": SecretRef("kratos-vidis-client-secret"),
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
    target_port=4433,
    port=80,
    service_name="kratos-public",
    # A client of the admin port may change any account.
    ports=(Port(name="admin", target_port=4434, port=80, allowed_clients=("server",)),),
    args=("serve", *_CONFIGURED, "--config", f"{_FOLDER}/secrets.json"),
    probes=Probes(readiness_path="/health/ready", liveness_path="/health/alive"),
    resources=Resources(requests=Amount("75m", "150Mi"), limits=Amount("100m", "175Mi")),
    allowed_clients=(GATEWAY, "server"),
    depends_on=("kratos-migration",),
    egress=(EgressTarget("the database of kratos", 5432), EgressTarget("NBP, VIDIS, Mailchimp")),
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
    kind=Deployment(replicas=Replicas(1, 1), strategy="Recreate"),
    exempt={Hardening.PROBES: "It listens on nothing, and ends by itself when it cannot go on."},
    depends_on=("kratos-migration",),
    egress=(
        EgressTarget("the database of kratos", 5432),
        EgressTarget("SparkPost, which sends mail", 2525),
    ),
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
    kind=Job(),
    args=("migrate", "sql", "--read-from-env", "--yes"),
    resources=Resources(requests=Amount("75m", "150Mi"), limits=Amount("100m", "175Mi")),
    egress=(EgressTarget("the database of kratos", 5432),),
    env=_DATABASE,
)

services = (_kratos, _courier, _migration)
