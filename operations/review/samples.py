"""Requests that stand for all others: what a review asks before and after a change."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infra.edge.checks.redirect_chains import samples as of_rule
from infra.edge.simulator.request import EdgeRequest
from operations.declared.snapshot import Snapshot, Worker
from operations.rehearsed.load import Sample

_MOST_HOSTS = 2
"""Of the hosts that a rule concerns: all languages are treated alike."""
_AUDIENCES = ({"user-agent": "Mobi"}, {"cookie": "authenticated=1"})
"""What tells mobile visitors, and those who are logged in, from the others."""


def visits(worker: Worker, labels: Sequence[str]) -> Iterator[EdgeRequest]:
    """Requests of which every rule gets some, each request once.

    `labels` are the hosts of the zone, without its domain.
    """
    seen: set[tuple[str, str, tuple[tuple[str, str], ...]]] = set()
    domain = worker.variables["DOMAIN"]
    for rule in worker.table["rules"]:
        hosts: dict[str, None] = {}
        for visit in of_rule(rule, labels, domain):
            hosts.setdefault(visit.host)
            key = (visit.method, visit.url, tuple(sorted(visit.headers.items())))
            if len(hosts) <= _MOST_HOSTS and key not in seen:
                seen.add(key)
                yield visit
                if rule["then"]["do"] == "split":
                    yield from (replace(visit, headers=headers) for headers in _AUDIENCES)


def samples(snapshot: Snapshot) -> list[Sample]:
    """One request for each public host, and one to the API."""
    hosts = [str(record.properties["name"]) for record in snapshot.of_kind("DnsRecord")]
    found = [Sample("GET", f"https://{host}/") for host in hosts]
    return found + [
        Sample("POST", f"https://{host}/graphql") for host in hosts if host.startswith("api.")
    ]
