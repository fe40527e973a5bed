"""What the edge does with a request: zone, record, route and origin, read from the state."""

import ipaddress
from dataclasses import dataclass
from typing import Literal

from rehearsal.cloudflare.storage import Row, Storage
from rehearsal.cloudflare.workers.route_matching import most_specific, parse

# Records that only exist so that a route has something to match point here (RFC 6666).
_DISCARD = ipaddress.ip_network("100::/64")
_MOST_HOPS = 8


@dataclass(frozen=True)
class Target:
    """Where a host name leads.

    `kind` is `origin` (an address: the rehearsal's origin answers for all of them), `foreign` (a
    host outside our zones), `discard` (an address that goes nowhere) or `missing`.
    """

    kind: Literal["origin", "foreign", "discard", "missing"]
    host: str
    proxied: bool = False


@dataclass(frozen=True)
class Decision:
    """What is to be done: run `script` of the route `pattern`, or go to the target."""

    zone: Row | None
    target: Target
    script: str | None = None
    pattern: str | None = None


def zone_of(storage: Storage, host: str) -> Row | None:
    """The zone that a host name belongs to: the one with the longest name."""
    labels = host.split(".")
    names = [".".join(labels[position:]) for position in range(len(labels))]
    marks = ", ".join("?" * len(names))
    return storage.one(
        f"SELECT * FROM zones WHERE name IN ({marks}) ORDER BY length(name) DESC LIMIT 1",  # noqa: S608 (only question marks are put in)
        *names,
    )


def resolve(storage: Storage, host: str) -> Target:
    """Follow the records of a host name; `proxied` is that of the first one."""
    proxied: bool | None = None
    name = host
    for _ in range(_MOST_HOPS):
        zone = zone_of(storage, name)
        if zone is None:
            return Target("foreign", name, proxied=bool(proxied))
        record = _record(storage, str(zone["id"]), name, str(zone["name"]))
        if record is None:
            break
        if proxied is None:
            proxied = bool(record["proxied"])
        content = str(record["content"])
        if record["type"] == "CNAME":
            name = content
            continue
        discarded = record["type"] == "AAAA" and ipaddress.ip_address(content) in _DISCARD
        return Target("discard" if discarded else "origin", name, proxied=proxied)
    return Target("missing", name, proxied=bool(proxied))


def _record(storage: Storage, zone_id: str, host: str, zone: str) -> Row | None:
    # A wildcard answers for names that have no record of their own, the closest one first.
    names = [host]
    parent = host
    while parent != zone:
        parent = parent.partition(".")[2]
        names.append(f"*.{parent}")
    for name in names:
        row = storage.one(
            "SELECT type, content, json_extract(document, '$.proxied') AS proxied FROM dns_records"
            " WHERE zone_id = ? AND name = ? AND type IN ('A', 'AAAA', 'CNAME') ORDER BY type",
            *(zone_id, name),
        )
        if row is not None:
            return row
    return None


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
