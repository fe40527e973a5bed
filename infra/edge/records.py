"""The records of a zone. All are proxied: visitors meet Cloudflare, never the cluster itself.

A host has a record where something answers for it, and only there: the worker at the edge, a
service of ours that the environment runs, or a target that others operate.
"""

from dataclasses import dataclass

from infra.environment import Environment

APEX = "apex"
"""What the record of the domain itself is called within the program."""


@dataclass(frozen=True)
class External:
    """A host with something behind it that is not ours, in the environments that have it."""

    host: str
    target: str
    only_in: frozenset[str]


AT_THE_WORKER: tuple[str, ...] = ("www", "de", "en", "es", "fr", "hi", "ta")
"""Hosts that the worker answers for, be it with a redirect or with the frontend's answer."""

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
    """The targets of others that the environment's zone leads to."""
    return tuple(target for target in EXTERNALS if environment.name in target.only_in)


def records(environment: Environment) -> tuple[Record, ...]:
    """Every record of the environment's zone."""
    domain = environment.domain
    leads_to: dict[str, str] = dict.fromkeys(AT_THE_WORKER, "the worker at the edge")
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
