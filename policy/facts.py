"""What the rules know of an environment beyond the resources: its stack file, already checked."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import infra
from infra.edge.cloudflare.dns_records import records
from infra.stack.environment import Environment

_CHECKOUT = Path(infra.__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """An environment's own names.

    `hosts` are those that its zone has records for. `prereleases` holds the image tags for which
    the stack file gives a reason to run a pre-release. `script` is a worker that others publish,
    if the stack file names one.
    """

    environment: str
    is_production: bool
    domain: str
    zone: str
    account: str
    hosts: frozenset[str]
    prereleases: frozenset[str]
    script: str | None = None


@cache
def facts_of(stack: str) -> Facts:
    """The facts in the stack file of the project that is run. Raises StackFileError.

    Pulumi runs a pack in the program's folder, which tells nothing. A rehearsal's project is named
    in the environment; by hand, it is this checkout's.
    """
    project = Path(os.environ.get("PULUMI_OPTION_CWD") or _CHECKOUT)
    return read_facts(project / "stacks" / f"Pulumi.{stack}.yaml")


def read_facts(stack_file: Path) -> Facts:
    """The facts in a stack file; raises StackFileError."""
    environment = Environment.load(stack_file)
    return Facts(
        environment=environment.name,
        is_production=environment.is_production,
        domain=environment.domain,
        zone=environment.cloudflare.zone_id,
        account=environment.cloudflare.account_id,
        hosts=frozenset({record.host for record in records(environment)} | {environment.domain}),
        prereleases=frozenset(environment.versions[name].tag for name in _reasoned(environment)),
        script=environment.edge.script,
    )


def _reasoned(environment: Environment) -> frozenset[str]:
    config = environment.file.values.get("config")
    given = config.get("serlo:prereleases") if isinstance(config, dict) else None
    return frozenset(given) if isinstance(given, dict) else frozenset()
