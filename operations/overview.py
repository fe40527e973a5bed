"""What a rehearsal looks like from outside: workloads, records, routes, answers at the edge."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, cast

import httpx
from rich.console import Console
from rich.table import Table

from rehearsal.kubernetes_api import Cluster
from rehearsal.supervisor import Endpoints

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})


@dataclass(frozen=True)
class Workload:
    """A Deployment as the cluster has it."""

    namespace: str
    name: str
    version: str
    """What follows the repository in the first container's image."""
    ready: int
    desired: int


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
    service: str | None
    version: str | None
    pod: str | None


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
            ("namespace", "workload", "version", "ready"),
            [
                (w.namespace, w.name, w.version, f"{w.ready}/{w.desired}")
                for w in overview.workloads
            ],
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
            ("request", "status", "answered by", "version", "pod"),
            [
                (a.request, str(a.status), a.service or "", a.version or "", a.pod or "")
                for a in overview.answers
            ],
        )
    )


def _workloads(cluster: Cluster) -> list[Workload]:
    rows: list[Workload] = []
    for item in cluster.list("apps/v1", "Deployment"):
        metadata, spec = item["metadata"], item["spec"]
        if metadata["namespace"] in SYSTEM_NAMESPACES:
            continue
        image: str = spec["template"]["spec"]["containers"][0]["image"]
        ready: int = item.get("status", {}).get("readyReplicas", 0)
        rows.append(
            Workload(
                metadata["namespace"], metadata["name"], version_of(image), ready, spec["replicas"]
            )
        )
    return sorted(rows, key=lambda row: (row.namespace, row.name))


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
    if answer.headers.get("content-type", "").startswith("application/json"):
        body = answer.json()
    return Answer(
        line, answer.status_code, body.get("service"), body.get("version"), body.get("pod")
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    return table
