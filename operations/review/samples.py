"""Requests that stand for all others: what a review asks before and after a change."""

from operations.review.snapshot import Snapshot
from operations.review.stream import Sample


def samples(snapshot: Snapshot) -> list[Sample]:
    """One request for each public host."""
    hosts = [str(record.properties["name"]) for record in snapshot.of_kind("DnsRecord")]
    found = [Sample("GET", f"https://{host}/") for host in hosts]
    return found + [
        Sample("POST", f"https://{host}/graphql") for host in hosts if host.startswith("api.")
    ]
