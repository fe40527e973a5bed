"""What the deployer and the reader asked of the API server: its audit log, without any contents."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rehearsal.control_plane.credentials import DEPLOYER_USER, READER_USER

MEGABYTES_AT_MOST = 50
"""Then the log becomes the older one of two. An update of production writes about 2 MB."""


@dataclass(frozen=True)
class Request:
    """A request, and whether it was allowed. Fields that do not apply are empty."""

    user: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    allowed: bool
    time: str
    """When it arrived, as the API server writes it: UTC, ISO 8601."""

    @property
    def is_known_refusal(self) -> bool:
        """Whether it is the request that always fails, for objects without a namespace.

        It looks for the events of such an object in all namespaces, and goes on without them.
        """
        return (self.resource, self.namespace, self.allowed) == ("events", "", False)

    def __str__(self) -> str:
        """Say who asked for what, such as `rehearsal:deployer: list pods in api`."""
        what = ".".join(filter(None, (self.resource, self.group)))
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.user}: {self.verb} {'/'.join(filter(None, (what, self.name)))}{place}"


def policy() -> str:
    """The audit policy: who, what and when of the deployer and the reader. JSON."""
    document = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata", "users": [DEPLOYER_USER, READER_USER]}],
    }
    return json.dumps(document, indent=2) + "\n"


def requests(log: Path) -> Iterator[Request]:
    """The requests for objects in an audit log; a watch may be there twice. Raises OSError."""
    with log.open() as lines:
        for line in lines:
            event = json.loads(line)
            thing = event.get("objectRef")
            if thing is None:
                continue  # which versions and kinds there are
            yield Request(
                event["user"]["username"],
                event["verb"],
                thing.get("apiGroup", ""),
                thing.get("resource", ""),
                thing.get("subresource", ""),
                # The log names a Namespace as its own namespace.
                "" if thing.get("resource") == "namespaces" else thing.get("namespace", ""),
                thing.get("name", ""),
                event.get("responseStatus", {}).get("code") != 403,
                event["requestReceivedTimestamp"],
            )


def refused(log: Path, since: datetime) -> list[str]:
    """The requests since then for which the user has no right, each once; none without a log."""
    start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if not log.is_file():
        return []
    found = (r for r in requests(log) if r.time >= start and not r.allowed)
    return list(dict.fromkeys(str(r) for r in found if not r.is_known_refusal))
