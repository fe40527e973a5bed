"""The records of a zone. All are proxied: visitors meet Cloudflare, never the cluster itself."""

from dataclasses import dataclass

from infra.environment import Environment

# Hosts that lead to the zone's apex, in the order in which Serlo lists them. Some have nothing of
# ours behind them (mfnf, asset-proxy; enmeshed and community depend on the environment).
_ALIASES = (
    *("www", "de", "fr", "hi", "en", "es", "ta"),
    *("api", "community", "hydra", "kratos", "mfnf", "enmeshed", "asset-proxy"),
)


@dataclass(frozen=True)
class Record:
    """A DNS record: `label` names it within the program, `host` is its full name."""

    label: str
    host: str
    type: str
    content: str


def records(environment: Environment) -> tuple[Record, ...]:
    """Every record of the environment's zone."""
    domain = environment.domain
    public = (service.host for service in environment.services if service.host is not None)
    aliases = dict.fromkeys((*_ALIASES, *public))
    return (
        Record("apex", domain, "A", environment.gateway.address),
        *(Record(alias, environment.host(alias), "CNAME", domain) for alias in aliases),
    )
