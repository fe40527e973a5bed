"""The areas of the API, one module each; `routes()` is the whole table."""

from rehearsal.cloudflare.api import (
    accounts,
    dns_records,
    kv_namespaces,
    kv_values,
    rulesets,
    script_secrets,
    script_settings,
    script_versions,
    scripts,
    worker_routes,
    wrangler_paths,
    zone_features,
    zone_settings,
    zones,
)
from rehearsal.cloudflare.calls import Route


def routes() -> list[Route]:
    """Every endpoint, in the order in which they are tried."""
    return [
        *accounts.ROUTES,
        *zones.ROUTES,
        *dns_records.ROUTES,
        *zone_settings.ROUTES,
        *zone_features.ROUTES,
        *rulesets.ROUTES,
        *worker_routes.ROUTES,
        *scripts.ROUTES,
        *script_secrets.ROUTES,
        *script_settings.ROUTES,
        *script_versions.ROUTES,
        *wrangler_paths.ROUTES,
        *kv_namespaces.ROUTES,
        *kv_values.ROUTES,
    ]
