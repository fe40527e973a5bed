"""What a rehearsal looks like from outside: workloads, records, routes, answers at the edge."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, cast

import httpx
from rich.console import Console
from rich.table import Table

from k8s import Cluster, JsonObject
from rehearsal.supervisor import Endpoints

_COMMIT = 12
"""As many characters of a version are shown where space is short."""
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})


@dataclass(frozen=True)
class Workload:
    """What makes pods, as the cluster has it: Deployment, StatefulSet, Job or CronJob."""

    namespace: str
    kind: str
    name: str
    version: str
    """What follows the repository in the first container's image."""
    ready: int
    """Pods that are ready or, of a Job, have run to their end; of a CronJob, those at work."""
    desired: int
    """How many there should be; of a CronJob none, since it is not its hour."""
    schedule: str | None = None
    """Cron expression of a CronJob."""

    @property
    def state(self) -> str:
        """How far it is, for people."""
        if self.schedule is not None:
            return self.schedule
        return f"{self.ready}/{self.desired}" + (" done" if self.kind == "Job" else "")


@dataclass(frozen=True)
class Record:
    """A DNS record as the Cloudflare API answers it."""

    name: str
    type: str
    content: str
    proxied: bool


@dataclass(frozen=True)
class Route:
    """A worker route as the Cloudflare API answers it; no script means: bypass the worker."""

    pattern: str
    script: str | None


@dataclass(frozen=True)
class Answer:
    """What the edge answered to one request."""

    request: str
    status: int
    rule: str | None
    """The rule of the routing table that answered; a worker of others may not name it."""
    service: str | None
    version: str | None
    pod: str | None
    location: str | None
    """Where a redirect leads."""
    recorded: str | None
    """The host outside the rehearsal in whose place the edge answered."""

    @property
    def answered_by(self) -> str:
        """Who that was, for people."""
        if self.location is not None:
            return f"to {self.location.removeprefix('https://')}"
        if self.service is not None:
            return f"{self.service} {(self.version or '')[:_COMMIT]}"
        return self.recorded or "the worker"


@dataclass(frozen=True)
class Overview:
    """Everything that `serlo rehearse` shows at its end."""

    workloads: Sequence[Workload]
    records: Sequence[Record]
    routes: Sequence[Route]
    answers: Sequence[Answer]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries."""
        return asdict(self)


def look(
    cluster: Cluster, endpoints: Endpoints, zone_id: str, token: str, requests: Sequence[str]
) -> Overview:
    """Read the rehearsal. `requests` are "METHOD URL" lines to send through the edge.

    Raises httpx.HTTPError or ApiError when a server of the rehearsal does not answer.
    """
    with (
        httpx.Client(
            base_url=endpoints.cloudflare_api,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ) as api,
        httpx.Client(trust_env=False, timeout=30) as edge,
        ThreadPoolExecutor() as pool,
    ):
        answers = [pool.submit(_ask, edge, endpoints.edge, line) for line in requests]
        return Overview(
            workloads=_workloads(cluster),
            records=[
                Record(row["name"], row["type"], row["content"], bool(row["proxied"]))
                for row in _all(api, f"/zones/{zone_id}/dns_records")
            ],
            routes=[
                Route(row["pattern"], row.get("script"))
                for row in _all(api, f"/zones/{zone_id}/workers/routes")
            ],
            answers=[answer.result() for answer in answers],
        )


def show(overview: Overview, console: Console) -> None:
    """Print an overview as tables."""
    console.print(
        _table(
            "Workloads",
            ("namespace", "kind", "workload", "version", "ready"),
            [(w.namespace, w.kind, w.name, w.version, w.state) for w in overview.workloads],
        )
    )
    console.print(
        _table(
            "DNS records",
            ("name", "type", "content", "proxied"),
            [(r.name, r.type, r.content, "yes" if r.proxied else "no") for r in overview.records],
        )
    )
    console.print(
        _table(
            "Worker routes",
            ("pattern", "script"),
            [
                (route.pattern, route.script or "none: bypasses the worker")
                for route in overview.routes
            ],
        )
    )
    console.print(
        _table(
            "Through the edge",
            ("request", "status", "rule", "answered by"),
            [
                (a.request.replace("https://", ""), str(a.status), a.rule or "", a.answered_by)
                for a in overview.answers
            ],
            whole=True,
        )
    )


_KINDS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
)


def _workloads(cluster: Cluster) -> list[Workload]:
    rows = [
        _workload(kind, item)
        for api_version, kind in _KINDS
        for item in cluster.list(api_version, kind)
        # What a CronJob started belongs to it.
        if item["metadata"]["namespace"] not in SYSTEM_NAMESPACES
        and not item["metadata"].get("ownerReferences")
    ]
    return sorted(rows, key=lambda row: (row.namespace, row.name, row.kind))


def _workload(kind: str, item: JsonObject) -> Workload:
    metadata, spec, status = item["metadata"], item["spec"], item.get("status", {})
    runs = spec["jobTemplate"]["spec"] if kind == "CronJob" else spec
    match kind:
        case "Job":
            ready, desired = status.get("succeeded", 0), spec.get("completions", 1)
        case "CronJob":
            ready, desired = len(status.get("active", [])), 0
        case _:
            ready, desired = status.get("readyReplicas", 0), spec["replicas"]
    return Workload(
        metadata["namespace"],
        kind,
        metadata["name"],
        version_of(runs["template"]["spec"]["containers"][0]["image"]),
        ready,
        desired,
        spec["schedule"] if kind == "CronJob" else None,
    )


def version_of(image: str) -> str:
    """Return the tag of an image reference, with the digest's first 12 digits if there is one."""
    reference, _, digest = image.partition("@")
    tag = reference.rpartition(":")[2] if ":" in reference.rpartition("/")[2] else ""
    return "@".join(part for part in (tag, digest[:19]) if part)


def _all(api: httpx.Client, path: str) -> list[dict[str, Any]]:
    answer = api.get(path, params={"per_page": 5000})
    answer.raise_for_status()
    return cast(list[dict[str, Any]], answer.json()["result"])


def _ask(edge: httpx.Client, address: str, line: str) -> Answer:
    method, url = line.split(" ", 1)
    target = httpx.URL(url)
    answer = edge.request(
        method,
        f"{address}{target.raw_path.decode()}",
        headers={"Host": target.host, "X-Forwarded-Proto": target.scheme},
    )
    body: dict[str, Any] = {}
    foreign = answer.headers.get("x-rehearsal-foreign")
    if foreign is None and answer.headers.get("content-type", "") == "application/json":
        body = answer.json()
    return Answer(
        line,
        answer.status_code,
        answer.headers.get("x-serlo-rule"),
        body.get("service"),
        body.get("version"),
        body.get("pod"),
        answer.headers.get("location"),
        foreign,
    )


def _table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: bool = False
) -> Table:
    """A table; `whole`: nothing of a text that is too long is left out."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold" if whole else "ellipsis")
    for row in rows:
        table.add_row(*row)
    return table
