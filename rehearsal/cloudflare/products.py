"""The areas of the API, one module each; `routes()` is the whole table."""

from rehearsal.cloudflare import accounts
from rehearsal.cloudflare.api.calls import Route
from rehearsal.cloudflare.dns import records
from rehearsal.cloudflare.kv import namespaces, values
from rehearsal.cloudflare.rulesets import rulesets
from rehearsal.cloudflare.workers import routes as worker_routes
from rehearsal.cloudflare.workers import scripts, secrets, versions, wrangler
from rehearsal.cloudflare.workers import settings as script_settings
from rehearsal.cloudflare.zones import features, zone
from rehearsal.cloudflare.zones import settings as zone_settings


def routes() -> list[Route]:
    """Every endpoint, in the order in which they are tried."""
    return [
        *accounts.ROUTES,
        *zone.ROUTES,
        *records.ROUTES,
        *zone_settings.ROUTES,
        *features.ROUTES,
        *rulesets.ROUTES,
        *worker_routes.ROUTES,
        *scripts.ROUTES,
        *secrets.ROUTES,
        *script_settings.ROUTES,
        *versions.ROUTES,
        *wrangler.ROUTES,
        *namespaces.ROUTES,
        *values.ROUTES,
    ]
