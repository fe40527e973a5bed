"""The records of a zone. All are proxied: visitors meet Cloudflare, never the cluster itself.

A host has a record where something answers for it, and only there: the worker at the edge, a
service that the environment runs, or a target that another team operates.
"""

from dataclasses import dataclass

from infra.routing.model import LANGUAGES
from infra.stack.environment import Environment

APEX = "apex"
"""What the record of the domain itself is called within the program."""


@dataclass(frozen=True)
class External:
    """A host with something behind it that is not ours, in the environments that have it."""

    host: str
    target: str
    environments: frozenset[str]


@dataclass(frozen=True)
class AtTheWorker:
    """A host that the worker answers for, in these environments; None means all of them."""

    host: str
    environments: frozenset[str] | None = None


AT_THE_WORKER = (
    AtTheWorker("www"),
    *(AtTheWorker(language) for language in LANGUAGES),
    AtTheWorker("start"),
    AtTheWorker("meet"),
    AtTheWorker("labschool"),
    AtTheWorker("embed"),
    # In staging it is an application that is not ours.
    AtTheWorker("lenabi", frozenset({"production", "local"})),
    AtTheWorker("assets", frozenset({"staging", "local"})),
)
"""With a redirect, with the frontend's answer or with one of its own."""

KEPT_BY_HAND = {
    "assets": "the store of files, whose address is not known",
    "pdf": "the server that makes PDF files, whose address is not known",
}
"""Hosts of production's zone with records that were made by hand and stay so, and their targets.

The worker stands in front of them too. No other environment has them: all fetch from production's.
"""

EXTERNALS = (
    External("community", "Rocket.Chat, in the namespace community", frozenset({"production"})),
    External(
        "enmeshed", "the enmeshed connector, in the namespace enmeshed", frozenset({"staging"})
    ),
)
"""Both stand behind the address of our gateway, with HTTPRoutes of their own."""

LEFT_OUT = {
    "mfnf": "had a record but no backend in either environment",
    "asset-proxy": "had a record from 2024-11-05 on, but its backend is not known",
}
"""Hosts that had a record, and why they have none here: `serlo.org` answers nothing for them."""


@dataclass(frozen=True)
class Record:
    """A DNS record: `label` names it within the program, `host` is its full name."""

    label: str
    host: str
    type: str
    content: str
    leads_to: str
    """For people, kept at Cloudflare as the record's comment."""


def externals(environment: Environment) -> tuple[External, ...]:
    """The third-party targets that the environment's zone leads to."""
    return tuple(target for target in EXTERNALS if environment.name in target.environments)


def known_hosts(environment: Environment) -> frozenset[str]:
    """The full name of every host with a record, whether declared or kept by hand."""
    kept = map(environment.host, KEPT_BY_HAND) if environment.is_production else ()
    return frozenset({*(record.host for record in records(environment)), *kept})


def records(environment: Environment) -> tuple[Record, ...]:
    """Every record of the environment's zone."""
    domain = environment.domain
    leads_to: dict[str, str] = {
        at.host: "the worker at the edge"
        for at in AT_THE_WORKER
        if at.environments is None or environment.name in at.environments
    }
    for service in environment.services:
        if service.host is not None:
            leads_to.setdefault(service.host, f"the service {service.name}")
    leads_to |= {target.host: target.target for target in externals(environment)}
    return (
        Record(APEX, domain, "A", environment.gateway.address, "the gateway of the cluster"),
        *(
            Record(label, environment.host(label), "CNAME", domain, target)
            for label, target in leads_to.items()
        ),
    )
