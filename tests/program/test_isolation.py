"""Who may talk to whom, by the meaning of all policies together: what is declared, nothing else."""

import copy
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from infra.cluster.metadata import NAME_LABEL
from infra.declaration.service import GATEWAY, Service
from infra.declaration.service import EgressTarget as ServiceOutside
from infra.stack.environment import Environment
from infra.workloads import workloads
from k8s.reachability import Network, Outside, Peer, Pod, pods
from operations.declared.rendering import kubernetes_objects
from tests.stack_files import STACKS, stack_file

from .conftest import program_of

Json = dict[str, Any]
Door = tuple[int, str]

PROBES = ("35.191.0.1", "35.191.255.254", "130.211.0.1", "130.211.3.254")
"""Addresses from which Google's load balancers reach pods."""
NOT_QUITE_PROBES = ("35.190.255.255", "35.192.0.0", "130.210.255.255", "130.211.4.0")
INTERNET = ("93.184.215.14", "1.1.1.1")
OURS = ("10.200.0.5", "172.16.0.9", "172.31.255.1", "192.168.1.1")
"""Where our databases may be."""
FORBIDDEN = ("169.254.169.254", "169.254.20.11", "100.64.0.1", "240.0.0.1")
"""The metadata server, a neighbour of the cache for names, and what else is no Internet."""
DNS_CACHE = "169.254.20.10"
DATABASES = {3306, 5432}
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Scene:
    """A stack's policies, and everybody who might want to talk."""

    objects: Sequence[Json]
    services: dict[str, Service]
    ours: dict[str, Pod]
    """Pods in our namespaces: those of each workload, and a stranger in each namespace."""
    others: dict[str, Peer]
    doors: Sequence[Door]

    def service_of(self, peer: Peer) -> Service | None:
        """The service whose pod this is; None for strangers, impostors and addresses."""
        if isinstance(peer, Outside):
            return None
        service = self.services.get(peer.labels.get(NAME_LABEL, ""))
        return service if service is not None and service.namespace == peer.namespace else None

    def pods_of(self, name: str) -> list[Pod]:
        return [p for p in self.ours.values() if (s := self.service_of(p)) and s.name == name]


@cache
def scene(stack: str) -> Scene:
    objects = kubernetes_objects(program_of(stack).registrations)
    environment = Environment.load(stack_file(stack))
    services = {workload.service.name: workload.service for workload in workloads(environment)}
    found = pods(objects)
    assert {pod.labels[NAME_LABEL] for pod in found.values()} == set(services)
    namespaces = [thing["metadata"]["name"] for thing in objects if thing["kind"] == "Namespace"]
    strangers = {
        f"stranger in {name}": Pod(namespace=name, labels={"app": "x"}, address=f"10.1.0.{number}")
        for number, name in enumerate(namespaces)
    }
    impostors = {
        f"impostor of {name}": Pod(namespace="default", labels=pod.labels, address="10.2.0.1")
        for name, pod in found.items()
    }
    system = {
        f"{app} in {namespace}": Pod(
            namespace=namespace, labels={"k8s-app": app}, address="10.3.0.1"
        )
        for app in ("kube-dns", "node-local-dns", "metrics-server")
        for namespace in ("kube-system", "default")
    }
    foreign: dict[str, Peer] = {
        f"somebody in {name}": Pod(namespace=name, labels={"app": "x"}, address="10.4.0.1")
        for name in ("enmeshed", "community")
    }
    addresses = (*PROBES, *NOT_QUITE_PROBES, *INTERNET, *OURS, *FORBIDDEN, DNS_CACHE)
    ports = [port for service in services.values() for port in service.service_ports]
    numbers = {
        *(number for port in ports for number in (port.target_port, port.port)),
        *(outside.port for service in services.values() for outside in service.egress),
        *(1, 53, 80, 443, HIGHEST_PORT, *DATABASES),
    }
    return Scene(
        objects=objects,
        services=services,
        ours={**found, **strangers},
        others={
            **impostors,
            **system,
            **foreign,
            **{address: Outside(address) for address in addresses},
        },
        doors=[*((number, "TCP") for number in sorted(numbers)), (53, "UDP"), (443, "UDP")],
    )


def may_leave(at: Scene, source: Pod, target: Peer, door: Door) -> bool:
    """What is declared about connections that our pods open."""
    port, protocol = door
    if port == 53 and _answers_names(target):
        return True
    caller, callee = at.service_of(source), at.service_of(target)
    if caller is None or protocol != "TCP":
        return False
    if callee is not None and caller.name in _callers(callee, port):
        return True
    return any(one.port == port and _is(one, target) for one in caller.egress)


def _is(outside: ServiceOutside, target: Peer) -> bool:
    """Whether that is whom a declaration means by somebody outside."""
    if outside.namespace is not None:
        return isinstance(target, Pod) and target.namespace == outside.namespace
    address = ipaddress.IPv4Address(target.address)
    if outside.port in DATABASES:
        blocks = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
        return any(address in ipaddress.IPv4Network(block) for block in blocks)
    return address.is_global


def may_enter(at: Scene, source: Peer, target: Pod, door: Door) -> bool:
    """What is declared about connections that our pods accept."""
    port, protocol = door
    caller, callee = at.service_of(source), at.service_of(target)
    if callee is None or protocol != "TCP":
        return False
    if isinstance(source, Outside):
        return GATEWAY in _callers(callee, port) and source.address in PROBES
    return caller is not None and caller.name in _callers(callee, port)


def _callers(callee: Service, port: int) -> set[str]:
    return {
        client
        for offered in callee.service_ports
        if offered.target_port == port
        for client in offered.allowed_clients
    }


def _answers_names(target: Peer) -> bool:
    if isinstance(target, Outside):
        return target.address == DNS_CACHE
    is_dns = target.labels.get("k8s-app") in {"kube-dns", "node-local-dns"}
    return is_dns and target.namespace == "kube-system"


def mistakes(at: Scene, network: Network, subjects: Sequence[str]) -> Iterator[str]:
    """Every answer about our pods that is not the declared one."""
    for name in subjects:
        pod = at.ours[name]
        for other, peer in {**at.ours, **at.others}.items():
            for door in at.doors:
                if network.lets_out(pod, peer, *door) != may_leave(at, pod, peer, door):
                    yield f"{name} is wrongly let out, or not, to {other} at {door}"
                if network.lets_in(peer, pod, *door) != may_enter(at, peer, pod, door):
                    yield f"{name} wrongly lets in, or not, {other} at {door}"


@pytest.mark.parametrize("stack", STACKS)
def test_exactly_the_declared_edges_are_open(stack: str) -> None:
    at = scene(stack)
    assert list(mistakes(at, Network(at.objects), list(at.ours))) == []


@pytest.mark.parametrize("stack", STACKS)
def test_between_services_only_declared_callers_get_through(stack: str) -> None:
    at = scene(stack)
    network = Network(at.objects)
    pairs = [(a, b) for a in at.services.values() for b in at.services.values()]
    for caller, callee in pairs:
        for source in at.pods_of(caller.name):
            for target in at.pods_of(callee.name):
                for port, protocol in at.doors:
                    declared = protocol == "TCP" and caller.name in _callers(callee, port)
                    answer = network.may_reach(source, target, port, protocol)
                    assert answer == declared, f"{caller.name} -> {callee.name}:{port}/{protocol}"


@pytest.mark.parametrize("stack", STACKS)
def test_the_database_layer_and_the_api_are_reached_by_few(stack: str) -> None:
    at = scene(stack)
    network = Network(at.objects)

    def who_reaches(name: str) -> set[str]:
        (target,) = at.pods_of(name)
        return {
            service.name if (service := at.service_of(peer)) else label
            for label, peer in {**at.ours, **at.others}.items()
            if any(network.may_reach(peer, target, *door) for door in at.doors)
        }

    declared = set(at.services)
    assert who_reaches("database-layer") == {"server", "swr-queue-worker"} & declared
    assert who_reaches("server") - declared == set(PROBES)
    assert who_reaches("server") & declared == at.services["server"].all_allowed_clients & declared


@pytest.mark.parametrize("stack", STACKS)
def test_every_namespace_is_closed_and_admits_only_restricted_pods(stack: str) -> None:
    objects = scene(stack).objects
    namespaces = {t["metadata"]["name"]: t for t in objects if t["kind"] == "Namespace"}
    assert {thing["metadata"]["namespace"] for thing in objects if _is_policy(thing)} == set(
        namespaces
    )
    for namespace in namespaces.values():
        labels = namespace["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def _is_policy(thing: Json) -> bool:
    return thing["kind"] == "NetworkPolicy"


# Every way to lose a policy, or to make one too wide or too narrow, has to show.

GONE = object()
ANY_ADDRESS = {"cidr": "0.0.0.0/0"}
Edit = tuple[tuple[str | int, ...], object]


def edits(spec: Json) -> Iterator[Edit]:
    """Places in a policy, each with what it is replaced by to no good."""
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        rules: list[Json] = spec.get(direction) or []
        if direction.capitalize() in spec["policyTypes"]:
            yield (direction,), [*rules, {}]
        for number, rule in enumerate(rules):
            at = (direction, number)
            yield at, GONE
            yield (*at, peers), []
            yield (*at, "ports"), []
            for index in range(len(rule["ports"])):
                yield (*at, "ports", index, "endPort"), HIGHEST_PORT
            for index, peer in enumerate(rule[peers]):
                for key in peer:
                    yield (*at, peers, index, key), ANY_ADDRESS if key == "ipBlock" else {}


def edited(policy: Json, edit: Edit) -> Json:
    (*way, last), value = edit
    mutant = copy.deepcopy(policy)
    place: Any = mutant["spec"]
    for step in way:
        place = place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return mutant


def test_no_policy_can_be_dropped_or_changed_unnoticed() -> None:
    at = scene("staging")
    unnoticed: list[str] = []
    tried = 0
    for policy in filter(_is_policy, at.objects):
        namespace = policy["metadata"]["namespace"]
        wanted: Json = policy["spec"]["podSelector"].get("matchLabels", {})
        subjects = [
            name
            for name, pod in at.ours.items()
            if pod.namespace == namespace and wanted.items() <= pod.labels.items()
        ]
        # What selects every pod shows in one that nothing else selects.
        subjects.sort(key=lambda name: not name.startswith("stranger"))
        without = [thing for thing in at.objects if thing is not policy]
        mutants = [((), without)]
        mutants += [(edit, [*without, edited(policy, edit)]) for edit in edits(policy["spec"])]
        for edit, objects in mutants:
            tried += 1
            if next(mistakes(at, Network(objects), subjects), None) is None:
                unnoticed.append(f"{namespace}/{policy['metadata']['name']}: {edit}")
    assert unnoticed == []
    assert tried > 50
