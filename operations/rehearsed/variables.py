"""The variables with which other programs see a rehearsal."""

import json

from operations.rehearsed.project import DerivedProject


def variables_of(project: DerivedProject) -> dict[str, str]:
    """Everything that is set. Raises FileNotFoundError when the rehearsal is down."""
    (zone,) = json.loads((project.rehearsal / "cloudflare" / "zones.json").read_text())
    token = (project.rehearsal / "cloudflare" / "token").read_text().strip()
    endpoints = project.endpoints()
    return project.variables() | {
        "SERLO_EDGE": endpoints.edge,
        "CLOUDFLARE_ACCOUNT_ID": zone["account"],
        "CLOUDFLARE_API_BASE_URL": endpoints.cloudflare_api,
        "CLOUDFLARE_API_TOKEN": token,
        # Nothing leaves the machine: no news of releases, no statistics, no reports.
        "WRANGLER_HIDE_BANNER": "true",
        "WRANGLER_SEND_ERROR_REPORTS": "false",
        "WRANGLER_SEND_METRICS": "false",
    }
