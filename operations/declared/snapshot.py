"""What a checkout declares for a stack, read from the JSON that its `infra.describe` prints."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, cast

from infra.describe import VERSION, describe
from infra.recorder import Registration
from operations.declared.program import opened
from operations.declared.rendering import natural

TABLE = "the routing table"
"""The name of the worker's property that holds its rules."""

Document = dict[str, Any]
_T = TypeVar("_T")


class DescriptionFormatError(Exception):
    """A text is no description that this checkout can read; the message says why."""


@dataclass(frozen=True)
class Resource:
    """A resource that the program declares; secrets are redacted in `properties`.

    `external`: an administrator changes it, not Pulumi.
    """

    urn: str
    type: str
    name: str
    protect: bool
    retained: bool
    properties: Mapping[str, Any]
    external: bool = False

    @property
    def is_kubernetes(self) -> bool:
        """Whether it is an object in the cluster."""
        return self.type.startswith("kubernetes:")

    @property
    def kind(self) -> str:
        """`Deployment`, `DnsRecord`: the last part of the type."""
        return self.type.rpartition(":")[2]

    @property
    def label(self) -> str:
        """What people call it: `Deployment api/server`, `DnsRecord de`."""
        if self.type.startswith("pulumi:providers:"):
            return f"provider {self.name}"
        if not self.is_kubernetes:
            return f"{self.kind} {self.name}"
        metadata = self.properties["metadata"]
        place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
        return f"{self.kind} {place}{metadata['name']}"


@dataclass(frozen=True)
class DeclaredService:
    """What a review has to know of a service's declaration besides its resources."""

    version_key: str
    channel: str
    source: str
    image: str
    kind: str
    third_party: bool
    namespace: str
    outside: Sequence[str]
    """What it calls outside our services."""


@dataclass(frozen=True)
class NodePool:
    """How many nodes a pool may have, and what one of them has left for pods, as quantities."""

    nodes: int
    cpu: str
    memory: str


@dataclass(frozen=True)
class Record:
    """A DNS record of the zone: `host` is its full name, `leads_to` is for people."""

    label: str
    host: str
    type: str
    content: str
    leads_to: str


@dataclass(frozen=True)
class Route:
    """Requests that a worker answers: without a `script`, they go past it."""

    label: str
    pattern: str
    script: str | None


@dataclass(frozen=True)
class Worker:
    """The worker at the edge: compiled rules, plain bindings, secret bindings, places of rules.

    `secrets` maps the bindings to the names of the secrets that they hold.
    """

    name: str
    modules: Mapping[str, str]
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    table: Mapping[str, Any]
    places: Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """One stack of one checkout.

    `versions` by version key, `lines` where in the stack file each stands; `secrets` are the names
    of those that are needed, with who uses them. `hosts` are the full names with a record, `worker`
    is None if others publish it. `registrations` is all that the program registers, `resources`
    what of that is declared, redacted. `problem` says why there is nothing else.
    """

    stack: str
    domain: str = ""
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    services: Mapping[str, DeclaredService] = field(default_factory=dict[str, DeclaredService])
    secrets: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    prereleases: Sequence[str] = ()
    node_pools: Mapping[str, NodePool] = field(default_factory=dict[str, NodePool])
    hosts: Sequence[str] = ()
    records: Sequence[Record] = ()
    kept_by_hand: Mapping[str, str] = field(default_factory=dict[str, str])
    routes: Sequence[Route] = ()
    worker: Worker | None = None
    registrations: Sequence[Registration] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    problem: str | None = None

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Its resources of these kinds, by URN."""
        return [resource for resource in self.resources.values() if resource.kind in kinds]

    @property
    def labels(self) -> list[str]:
        """The hosts that have a record, without the domain."""
        return sorted(host.removesuffix(self.domain).removesuffix(".") for host in self.hosts)


def broken(stack: str, problem: str) -> Snapshot:
    """A snapshot of a checkout that could not be described."""
    return Snapshot(stack, problem=problem)


def take(stack: str, file: Path) -> Snapshot:
    """What this checkout declares for a stack file."""
    return _snapshot(stack, describe(stack, file))


def from_json(text: str) -> dict[str, Snapshot]:
    """The snapshots in what `infra.describe` printed, by stack.

    Raises DescriptionFormatError.
    """
    try:
        document = json.loads(text)
        version = document["version"]
    except (ValueError, KeyError, TypeError):
        raise DescriptionFormatError("its infra.describe prints no description") from None
    if version != VERSION:
        raise DescriptionFormatError(
            f"its infra.describe writes version {version}, and this checkout reads {VERSION}: "
            "review it in the newer checkout"
        )
    try:
        return {stack: _snapshot(stack, of) for stack, of in document["stacks"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise DescriptionFormatError(f"its description is not complete: {error!r}") from None


def _snapshot(stack: str, document: Document) -> Snapshot:
    if document["problem"] is not None:
        return broken(stack, document["problem"])
    worker = document["worker"] and _known(Worker, document["worker"])
    registrations = opened(_known(Registration, entry) for entry in document["resources"])
    return Snapshot(
        stack=stack,
        domain=document["domain"],
        versions={key: of["version"] for key, of in document["versions"].items()},
        lines={key: of["line"] for key, of in document["versions"].items()},
        services={name: _known(DeclaredService, of) for name, of in document["services"].items()},
        secrets=document["secrets"],
        prereleases=document["prereleases"],
        node_pools={name: _known(NodePool, of) for name, of in document["node_pools"].items()},
        hosts=document["hosts"],
        records=[_known(Record, record) for record in document["records"]],
        kept_by_hand=document["records_kept_by_hand"],
        routes=[_known(Route, route) for route in document["routes"]],
        worker=worker,
        registrations=registrations,
        resources={
            entry.urn: _resource(entry, worker)
            for entry in registrations
            if entry.custom and entry.is_declared
        },
    )


def _known(class_: type[_T], members: Document) -> _T:
    """An object of a dataclass; members that a newer checkout adds are left out."""
    names = {one.name for one in fields(cast(Any, class_))}
    return class_(**{name: value for name, value in members.items() if name in names})


def _resource(entry: Registration, worker: Worker | None) -> Resource:
    properties = cast(Document, natural(entry.properties))
    if worker is not None and entry.type.endswith(":WorkersScript"):
        # As text and rules, not as the module that is uploaded.
        properties.pop("content", None)
        properties |= {"modules": worker.modules, TABLE: worker.table}
    return Resource(
        urn=entry.urn,
        type=entry.type,
        name=entry.name,
        protect=entry.protect,
        retained=entry.retained,
        properties=properties,
        external=entry.existing,
    )
