"""What a rehearsal looks like from outside: workloads, records, routes, answers at the edge."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from k8s import Cluster, JsonObject
from operations.support.cloudflare import CloudflareApi
from operations.support.output import Cell, Page, Table
from rehearsal.supervisor import Endpoints

_COMMIT = re.compile("[0-9a-f]{40}")
_SHORT = 7
"""Characters of a commit, as git shortens it."""
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
class EdgeAnswer:
    """What the edge answered to one request."""

    request: str
    status: int
    rule: str | None
    """The rule of the routing table that answered; another team's worker may not name it."""
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
            return f"{self.service} {_short(self.version or '')}"
        return self.recorded or "the worker"


@dataclass(frozen=True)
class Overview:
    """Everything that `serlo rehearse` shows at its end."""

    workloads: Sequence[Workload]
    records: Sequence[Record]
    routes: Sequence[Route]
    answers: Sequence[EdgeAnswer]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries."""
        return asdict(self)


def look(
    cluster: Cluster, endpoints: Endpoints, zone_id: str, token: str, requests: Sequence[str]
) -> Overview:
    """Read the rehearsal. `requests` are "METHOD URL" lines to send through the edge.

    Raises CommandError, httpx.HTTPError or ApiError when a server does not answer.
    """
    with (
        CloudflareApi(endpoints.cloudflare_api, token) as api,
        httpx.Client(trust_env=False, timeout=30) as edge,
        ThreadPoolExecutor() as pool,
    ):
        answers = [pool.submit(_ask, edge, endpoints.edge, line) for line in requests]
        return Overview(
            workloads=_workloads(cluster),
            records=[
                Record(row["name"], row["type"], row["content"], bool(row["proxied"]))
                for row in api.all(f"/zones/{zone_id}/dns_records")
            ],
            routes=[
                Route(row["pattern"], row.get("script"))
                for row in api.all(f"/zones/{zone_id}/workers/routes")
            ],
            answers=[answer.result() for answer in answers],
        )


def show(overview: Overview, page: Page) -> None:
    """Write an overview on a page, as tables."""
    _titled(page, "Workloads", _workload_table(overview.workloads))
    _titled(page, "DNS records", _record_table(overview.records))
    routes = [
        (route.pattern, route.script or "none: bypasses the worker") for route in overview.routes
    ]
    _titled(page, "Worker routes", [Table(("pattern", "script"), routes, prose={"script"})])
    _titled(page, "Through the edge", _answer_table(overview.answers))


def _titled(page: Page, title: str, forms: Sequence[Table]) -> None:
    page.text(Cell(title, "bold underline"))
    page.table(*forms)
    page.text()


def _workload_table(rows: Sequence[Workload]) -> Sequence[Table]:
    headings = ("namespace", "kind", "workload", "version", "ready")
    return (
        Table(headings, [(w.namespace, w.kind, w.name, w.version, w.state) for w in rows]),
        Table(headings, [(w.namespace, w.kind, w.name, _short(w.version), w.state) for w in rows]),
        Table(
            ("workload", "version", "ready"),
            [(w.name, _short(w.version), w.state) for w in rows],
            notes=[[f"{w.kind} in {w.namespace}"] for w in rows],
        ),
    )


def _record_table(rows: Sequence[Record]) -> Sequence[Table]:
    proxied = ["yes" if row.proxied else "no" for row in rows]
    both = list(zip(rows, proxied, strict=True))
    return (
        Table(
            ("name", "type", "content", "proxied"),
            [(row.name, row.type, row.content, text) for row, text in both],
        ),
        Table(
            ("name", "type", "proxied"),
            [(row.name, row.type, text) for row, text in both],
            notes=[[row.content] for row in rows],
        ),
    )


def _answer_table(rows: Sequence[EdgeAnswer]) -> Sequence[Table]:
    asked = [row.request.replace("https://", "") for row in rows]
    both = list(zip(rows, asked, strict=True))
    return (
        Table(
            ("request", "status", "rule", "answered by"),
            [(text, str(row.status), row.rule or "", row.answered_by) for row, text in both],
        ),
        Table(
            ("request", "status", "rule"),
            [(text, str(row.status), row.rule or "") for row, text in both],
            notes=[[row.answered_by] for row in rows],
        ),
    )


def _short(version: str) -> str:
    return version[:_SHORT] if _COMMIT.fullmatch(version) else version


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


def _ask(edge: httpx.Client, address: str, line: str) -> EdgeAnswer:
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
    return EdgeAnswer(
        line,
        answer.status_code,
        answer.headers.get("x-serlo-rule"),
        body.get("service"),
        body.get("version"),
        body.get("pod"),
        answer.headers.get("location"),
        foreign,
    )
