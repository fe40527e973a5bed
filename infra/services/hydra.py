"""Hydra: lets other learning software log people in with their Serlo account (OAuth 2, OpenID)."""

from infra.declaration.release import Channel
from infra.declaration.service import (
    GATEWAY,
    Amount,
    EgressTarget,
    Job,
    Port,
    Probes,
    Resources,
    Service,
)
from infra.declaration.values import ConfigFile, Content, SecretRef, Variables

_IMAGE = "docker.io/oryd/hydra"
_PRODUCTION = frozenset({"production"})
_CONFIGURATION = "/etc/config/hydra.json"
_DATABASE: Variables = {"DSN": SecretRef("hydra-db-uri")}

# https://www.ory.sh/docs/hydra/reference/configuration
_content: Content = {
    "serve": {
        # TLS ends at the gateway: requests from its blocks and the cluster come without.
        "public": {
            "port": 4444,
            "tls": {
                "allow_termination_from": ["10.0.0.0/8", "35.191.0.0/16", "130.211.0.0/22"],
            },
        },
        "admin": {"port": 4445},
    },
    "urls": {
        "self": {"issuer": "https://hydra.${domain}/", "public": "https://hydra.${domain}/"},
        "login": "https://${domain}/auth/oauth/login",
        "logout": "https://${domain}/auth/oauth/logout",
        "consent": "https://${domain}/auth/oauth/consent",
    },
    # Each piece of software knows people by other names, so that none can be put together.
    "oidc": {"subject_identifiers": {"supported_types": ["pairwise"]}},
    "log": {"level": "info", "format": "json", "leak_sensitive_values": False},
}

_hydra = Service(
    name="hydra",
    namespace="auth",
    source="ory/hydra",
    image=_IMAGE,
    channel=Channel.SEMANTIC,
    third_party=True,
    environments=_PRODUCTION,
    port=4444,
    service_name="hydra-public",
    # A client of the admin port may log in as anyone.
    ports=(Port(name="admin", port=4445, allowed_clients=("server",)),),
    args=("serve", "all", "--config", _CONFIGURATION),
    probes=Probes(readiness_path="/health/ready", liveness_path="/health/alive"),
    resources=Resources(requests=Amount("20m", "50Mi"), limits=Amount("30m", "75Mi")),
    allowed_clients=(GATEWAY,),
    depends_on=("hydra-migration",),
    egress=(EgressTarget("the database of hydra", 5432),),
    host="hydra",
    response_timeout_seconds=100,
    env={
        **_DATABASE,
        # Encrypts what is in the database: to change it, put the new one before the old.
        "SECRETS_SYSTEM": SecretRef("hydra-system-secret"),
        # Makes the names of people; another one makes strangers of all.
        "OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT": SecretRef("hydra-pairwise-salt"),
    },
    files=(ConfigFile(path=_CONFIGURATION, content=_content),),
)

_migration = Service(
    name="hydra-migration",
    namespace="auth",
    source="ory/hydra",
    image=_IMAGE,
    channel=Channel.SEMANTIC,
    third_party=True,
    environments=_PRODUCTION,
    version_of="hydra",
    kind=Job(),
    args=("migrate", "sql", "--read-from-env", "--yes"),
    resources=Resources(requests=Amount("20m", "50Mi"), limits=Amount("100m", "128Mi")),
    egress=(EgressTarget("the database of hydra", 5432),),
    env=_DATABASE,
)

services = (_hydra, _migration)
