"""Where a host name leads, by the records of its zone."""

import ipaddress
from dataclasses import dataclass
from typing import Literal

from rehearsal.cloudflare.storage import Row, Storage
from rehearsal.cloudflare.zones.zone import zone_of

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
