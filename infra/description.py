"""Collects what `infra.describe` prints about a stack. `pulumi up` does not import this."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from infra.edge.bundle import TABLE_MODULE, sections
from infra.edge.cloudflare.dns_records import KEPT_BY_HAND, known_hosts, records
from infra.edge.cloudflare.worker_routes import routes
from infra.edge.cloudflare.worker_script import SECRET_BINDINGS, script, script_name
from infra.edge.compiler import compile_table
from infra.recorder import ProgramError, run_program
from infra.routing.table import RULES
from infra.stack.environment import Environment, StackFileError

Document = dict[str, Any]


class DescriptionError(Exception):
    """The stack file or the program refuses; the text says why and what to do."""


def description(stack_file: Path) -> Document:
    """Everything that is declared for a stack, as plain JSON. Raises DescriptionError."""
    try:
        environment = Environment.load(stack_file)
        program = run_program(stack_file)
    except (StackFileError, ProgramError) as error:
        raise DescriptionError(str(error)) from None
    return {
        "problem": None,
        "environment": environment.name,
        "domain": environment.domain,
        "versions": {
            key: {
                "version": str(release),
                "line": environment.file.position(("config", "serlo:versions", key))[0],
            }
            for key, release in environment.versions.items()
        },
        "prereleases": sorted(_prereleases(environment)),
        "services": {
            service.name: {
                "version_key": service.version_key,
                "channel": service.channel.value,
                "source": service.source,
                "image": service.image,
                "kind": type(service.kind).__name__,
                "third_party": service.third_party,
                "namespace": service.namespace,
                "outside": [other.who for other in service.egress],
            }
            for service in environment.services
        },
        "secrets": {name: list(users) for name, users in environment.secrets.items()},
        "node_pools": {
            name: {
                "nodes": pool.nodes,
                "cpu": pool.allocatable.cpu,
                "memory": pool.allocatable.memory,
            }
            for name, pool in environment.node_pools.items()
        },
        **_zone(environment),
        "worker": _worker(environment),
        # They are registered at the same time, so that their order says nothing.
        "resources": [
            asdict(entry) for entry in sorted(program.registrations, key=lambda entry: entry.urn)
        ],
        "warnings": list(program.warnings),
    }


def _zone(environment: Environment) -> Document:
    """The zone's hosts, records and routes, with what is kept by hand."""
    kept = KEPT_BY_HAND if environment.is_production else {}
    return {
        "hosts": sorted(known_hosts(environment)),
        "records": [asdict(record) for record in records(environment)],
        "records_kept_by_hand": {environment.host(label): to for label, to in kept.items()},
        "routes": [asdict(route) for route in routes(environment, script_name(environment))],
    }


def _worker(environment: Environment) -> Document | None:
    """The worker at the edge: its code, its bindings, its table; None if others publish it."""
    if environment.edge.script is not None:
        return None
    worker = script(environment)
    modules = {name: text for name, text in sections(worker.code).items() if name != TABLE_MODULE}
    return {
        "name": worker.name,
        "modules": modules,
        "variables": worker.variables,
        "secrets": {
            name: key for name, key in SECRET_BINDINGS.items() if key in environment.secrets
        },
        "table": compile_table(RULES, environment),
        "places": {rule.name: str(rule.place) for rule in RULES},
    }


def _prereleases(environment: Environment) -> Mapping[str, str]:
    config = cast(dict[str, Document], environment.file.values)["config"]
    return config.get("serlo:prereleases") or {}
