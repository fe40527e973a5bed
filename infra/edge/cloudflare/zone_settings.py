"""How Cloudflare treats a zone: encryption, protocols, what is promised to browsers.

Identifiers and values are Cloudflare's own. Every setting here may be edited on its Free plan.
"""

from dataclasses import dataclass

from infra.stack.environment import Environment

_DAY = 86400

HSTS_SECONDS = {"local": _DAY, "staging": 30 * _DAY, "production": _DAY}
"""How long browsers keep to HTTPS, which nothing can take back sooner.

Staging leads: the top-level domain .dev demands HTTPS of browsers anyway. Production starts with a
day, to be raised in steps. Subdomains are left out, and so is the browsers' preload list: hosts
that are not ours may be in the zone.
"""


@dataclass(frozen=True)
class ZoneSetting:
    """A setting of a zone, its value, and why it is so."""

    id: str
    value: object
    why: str


def zone_settings(environment: Environment) -> tuple[ZoneSetting, ...]:
    """Every setting that we care about; the others stay as they are at Cloudflare."""
    transport = {
        "enabled": True,
        "max_age": HSTS_SECONDS[environment.name],
        "include_subdomains": False,
        "preload": False,
        "nosniff": True,
    }
    return (
        ZoneSetting("ssl", "strict", "the gateway's certificate is checked at each connection"),
        ZoneSetting("min_tls_version", "1.2", "older versions are broken"),
        ZoneSetting("tls_1_3", "on", "fewer round trips"),
        ZoneSetting("0rtt", "off", "early data can be replayed, mutations included"),
        ZoneSetting(
            "always_use_https",
            "off",
            "the worker sends visitors to HTTPS; Cloudflare would do so before it and take the "
            "plain answer from /auth/frontend-redirect-uris.json, which clients ask for by HTTP",
        ),
        ZoneSetting("automatic_https_rewrites", "on", "old content links to http://"),
        ZoneSetting("security_header", {"strict_transport_security": transport}, "HSTS"),
        ZoneSetting("http3", "on", "quicker on mobile networks"),
        ZoneSetting("websockets", "on", "the chat needs them"),
        ZoneSetting("rocket_loader", "off", "it reorders scripts, which breaks Next.js"),
    )
