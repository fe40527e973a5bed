"""What the edge does with a request: zone, record and route, read from the state."""

from dataclasses import dataclass

from rehearsal.cloudflare.dns.resolution import Target, resolve
from rehearsal.cloudflare.storage import Row, Storage
from rehearsal.cloudflare.workers.route_matching import most_specific, parse
from rehearsal.cloudflare.zones.zone import zone_of


@dataclass(frozen=True)
class Decision:
    """What is to be done: run `script` of the route `pattern`, or go to the target."""

    zone: Row | None
    target: Target
    script: str | None = None
    pattern: str | None = None


def decide(storage: Storage, scheme: str, host: str, path_and_query: str) -> Decision:
    """What the edge does with a request."""
    zone = zone_of(storage, host)
    if zone is None:
        return Decision(None, Target("missing", host))
    target = resolve(storage, host)
    if target.kind == "missing" or not target.proxied or zone["paused"]:
        return Decision(zone, target)
    rows = storage.all("SELECT pattern, script FROM routes WHERE zone_id = ?", zone["id"])
    routes = [(parse(str(row["pattern"]), str(zone["name"])), row) for row in rows]
    route = most_specific(routes, scheme, host, path_and_query)
    if route is None:
        return Decision(zone, target)
    script = route["script"]
    return Decision(zone, target, None if script is None else str(script), str(route["pattern"]))
