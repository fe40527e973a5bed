"""What a checkout declares, as plain data: the one thing a review compares.

A snapshot is taken in a process of its own, since two checkouts have two packages named `infra`:
`python -m operations.declared.snapshot STACK FILE...` prints a JSON object, a snapshot by stack.
The code here reads another checkout's declarations too, so it asks little of them.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from infra.stack.environment import Environment, StackFileError
from operations.commands.render import natural
from operations.declared.recorder import ProgramError, Registration, run_program
from operations.declared.worker_text import readable


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
class Declared:
    """What a review has to know of a service's declaration besides its resources."""

    version_key: str
    channel: str
    source: str
    image: str
    kind: str
    third_party: bool
    namespace: str
    outside: Sequence[str]
    """Whom it talks to that is no service of ours."""


@dataclass(frozen=True)
class NodePool:
    """How many nodes a pool may have, and what one of them has left for pods, as quantities."""

    nodes: int
    cpu: str
    memory: str


@dataclass(frozen=True)
class Routing:
    """What the worker at the edge is given: compiled rules, plain bindings, places of rules."""

    table: Mapping[str, Any]
    variables: Mapping[str, str]
    places: Mapping[str, str]
    labels: Sequence[str]
    """The hosts that have a record, without the domain."""


@dataclass(frozen=True)
class Snapshot:
    """One stack of one checkout.

    `versions` by version key, `lines` where in the stack file each stands; `secrets` are the names
    of those that are needed, with who uses them. `problem` says why there is nothing else.
    """

    stack: str
    versions: Mapping[str, str]
    lines: Mapping[str, int]
    services: Mapping[str, Declared]
    secrets: Mapping[str, Sequence[str]]
    prereleases: Sequence[str]
    resources: Mapping[str, Resource]
    routing: Routing | None = None
    node_pools: Mapping[str, NodePool] = field(default_factory=dict[str, NodePool])
    problem: str | None = None

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Its resources of these kinds, by URN."""
        return [resource for resource in self.resources.values() if resource.kind in kinds]


def broken(stack: str, problem: str) -> Snapshot:
    """A snapshot of a checkout from which nothing can be learned."""
    return Snapshot(stack, {}, {}, {}, {}, (), {}, problem=problem)


def take(stack: str, file: Path) -> Snapshot:
    """What the checkout that `infra` was imported from declares for a stack file."""
    try:
        environment = Environment.load(file)
        program = run_program(file)
    except (StackFileError, ProgramError) as error:
        return broken(stack, str(error))
    return Snapshot(
        stack=stack,
        versions={key: str(release) for key, release in environment.versions.items()},
        lines=_lines(file, environment.versions),
        services={
            service.name: Declared(
                version_key=service.version_key,
                channel=service.channel.value,
                source=service.source,
                image=service.image,
                kind=service.kind.value,
                third_party=service.third_party,
                namespace=service.namespace,
                outside=[other.who for other in service.outside],
            )
            for service in environment.services
        },
        secrets={name: list(users) for name, users in environment.secrets.items()},
        prereleases=sorted(_prereleases(environment)),
        resources={
            entry.urn: _resource(entry)
            # They are registered at the same time, so that their order says nothing.
            for entry in sorted(program.registrations, key=lambda entry: entry.urn)
            if entry.custom and entry.is_declared
        },
        routing=_routing(environment),
        node_pools=_node_pools(environment),
    )


def _node_pools(environment: Environment) -> dict[str, NodePool]:
    try:
        pools = environment.node_pools
    except AttributeError:
        return {}  # older checkouts do not say which there are
    return {
        name: NodePool(pool.nodes, pool.allocatable.cpu, pool.allocatable.memory)
        for name, pool in pools.items()
    }


def _routing(environment: Environment) -> Routing | None:
    try:
        from infra.edge.cloudflare.dns_records import known_hosts  # noqa: PLC0415
        from infra.edge.cloudflare.worker_script import script  # noqa: PLC0415
        from infra.edge.compiler import compile_table  # noqa: PLC0415 (old ones have none)
        from infra.routing.table import RULES  # noqa: PLC0415
    except ImportError:
        return None
    if environment.edge.script is not None:
        return None
    domain = environment.domain
    return Routing(
        table=compile_table(RULES, environment),
        variables=script(environment).variables,
        places={rule.name: str(rule.place) for rule in RULES},
        labels=sorted(
            host.removesuffix(domain).removesuffix(".") for host in known_hosts(environment)
        ),
    )


def _resource(entry: Registration) -> Resource:
    properties = cast(dict[str, Any], natural(entry.properties))
    return Resource(
        urn=entry.urn,
        type=entry.type,
        name=entry.name,
        protect=entry.protect,
        retained=entry.retained,
        properties=readable(entry.type, properties),
        external=entry.existing,
    )


def _lines(file: Path, keys: Mapping[str, object]) -> dict[str, int]:
    """Where each version stands. Read from the text: the file's own reader may be another one."""
    found: dict[str, int] = {}
    within = False
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        key, colon, _ = line.strip().partition(":")
        if line.strip() == "serlo:versions:":
            within = True
        elif within and colon and key.strip("\"'") in keys:
            found.setdefault(key.strip("\"'"), number)
    return found


def _prereleases(environment: Environment) -> list[str]:
    config = cast(dict[str, dict[str, Any]], environment.file.values)["config"]
    return list(cast(dict[str, str], config.get("serlo:prereleases") or {}))


def to_json(snapshots: Mapping[str, Snapshot]) -> str:
    """Snapshots as text for another process."""
    return json.dumps({stack: asdict(snapshot) for stack, snapshot in snapshots.items()})


def from_json(text: str) -> dict[str, Snapshot]:
    """The snapshots that `to_json` wrote."""
    found: dict[str, Snapshot] = {}
    for stack, members in json.loads(text).items():
        members["services"] = {
            name: Declared(**service) for name, service in members["services"].items()
        }
        members["resources"] = {
            urn: Resource(**resource) for urn, resource in members["resources"].items()
        }
        if members["routing"] is not None:
            members["routing"] = Routing(**members["routing"])
        members["node_pools"] = {
            name: NodePool(**pool) for name, pool in members["node_pools"].items()
        }
        found[stack] = Snapshot(**members)
    return found


def main(arguments: Sequence[str]) -> None:
    """Print the snapshots of `STACK FILE` pairs."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    sys.stdout.write(to_json({stack: take(stack, Path(file)) for stack, file in pairs}))


if __name__ == "__main__":
    main(sys.argv[1:])
