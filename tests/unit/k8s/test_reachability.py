"""The reader of NetworkPolicies follows the rules in Kubernetes' own documentation."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s.reachability import Network, Outside, Peer, Pod, PolicyError, pods
from k8s.selectors import SelectorError, selects

Json = dict[str, Any]

WEB = Pod(namespace="shop", labels={"app": "web"}, address="10.0.0.1", ports={"http": 8080})
DATABASE = Pod(namespace="shop", labels={"app": "db"}, address="10.0.0.2", ports={"sql": 5432})
VISITOR = Pod(namespace="other", labels={"app": "web"}, address="10.0.0.3")
EVERYBODY = (WEB, DATABASE, VISITOR, Outside("203.0.113.7"))


def policy(selector: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    chosen = {} if selector is None else {"matchLabels": selector}
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": "some", "namespace": "shop"},
        "spec": {"podSelector": chosen, **spec},
    }


def labels(**wanted: str) -> dict[str, Any]:
    return {"matchLabels": wanted}


def network(*policies: dict[str, Any]) -> Network:
    namespaces = [
        {"kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}}
        for name in ("shop", "other")
    ]
    return Network([*namespaces, *policies])


def test_without_policies_everything_is_open() -> None:
    for source in EVERYBODY:
        assert network().may_reach(source, DATABASE, 5432)


def test_a_policy_closes_what_it_selects_in_its_own_namespace_only() -> None:
    closed = network(policy({"app": "db"}))
    assert not closed.may_reach(WEB, DATABASE, 5432)
    assert closed.may_reach(WEB, VISITOR, 1)
    # Without types and egress rules, ingress alone is meant.
    assert closed.may_reach(DATABASE, WEB, 8080)
    elsewhere = policy({"app": "web"}, policyTypes=["Ingress"])
    assert network(elsewhere).may_reach(DATABASE, VISITOR, 1)


_CLOSED: list[tuple[Json, set[str]]] = [
    ({}, {"Ingress"}),
    ({"egress": []}, {"Ingress"}),
    ({"egress": [{"ports": [{"port": 1}]}]}, {"Ingress", "Egress"}),
    ({"policyTypes": ["Egress"]}, {"Egress"}),
    ({"policyTypes": ["Ingress", "Egress"]}, {"Ingress", "Egress"}),
    ({"policyTypes": ["Ingress"], "egress": [{}]}, {"Ingress"}),
]


@pytest.mark.parametrize(("spec", "closed"), _CLOSED)
def test_directions(spec: dict[str, Any], closed: set[str]) -> None:
    one = network(policy({"app": "web"}, **spec))
    assert one.lets_in(VISITOR, WEB, 8080) == ("Ingress" not in closed)
    assert one.lets_out(WEB, VISITOR, 8080) == ("Egress" not in closed)


def test_both_ends_have_to_agree() -> None:
    accepting = policy({"app": "db"}, ingress=[{}])
    silent = policy({"app": "web"}, policyTypes=["Egress"])
    assert network(accepting).may_reach(WEB, DATABASE, 5432)
    assert not network(accepting, silent).may_reach(WEB, DATABASE, 5432)
    assert network(accepting, silent).lets_in(WEB, DATABASE, 5432)


def test_an_empty_rule_allows_everything_and_no_rule_nothing() -> None:
    empty_rules: list[Json] = [{}, {"from": [], "ports": []}, {"from": None}]
    for empty in empty_rules:
        assert network(policy(ingress=[empty])).may_reach(VISITOR, DATABASE, 1)
    assert not network(policy(ingress=[])).may_reach(VISITOR, DATABASE, 1)


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        ({"podSelector": {}}, {WEB.address}),
        ({"podSelector": labels(app="web")}, {WEB.address}),
        ({"podSelector": labels(app="other")}, set[str]()),
        ({"namespaceSelector": {}}, {WEB.address, VISITOR.address}),
        ({"namespaceSelector": labels(team="other")}, {VISITOR.address}),
        ({"namespaceSelector": labels(**{"kubernetes.io/metadata.name": "other"})}, {"10.0.0.3"}),
        (
            {"namespaceSelector": labels(team="shop"), "podSelector": labels(app="web")},
            {WEB.address},
        ),
        ({"namespaceSelector": {}, "podSelector": labels(app="db")}, set[str]()),
        ({"ipBlock": {"cidr": "203.0.113.0/24"}}, {"203.0.113.7"}),
        ({"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.0/28"]}}, set[str]()),
        # Networks differ on whether blocks hold for pods; the reader takes the wider view.
        ({"ipBlock": {"cidr": "10.0.0.0/31"}}, {WEB.address}),
    ],
)
def test_peers(peer: dict[str, Any], allowed: set[str]) -> None:
    one = network(policy({"app": "db"}, ingress=[{"from": [peer]}]))
    sources = [source for source in EVERYBODY if source is not DATABASE]
    assert {s.address for s in sources if one.may_reach(s, DATABASE, 5432)} == allowed


def test_two_peers_add_up_where_two_selectors_in_one_narrow_down() -> None:
    both = {"namespaceSelector": labels(team="shop"), "podSelector": labels(app="web")}
    apart = [{"namespaceSelector": labels(team="other")}, {"podSelector": labels(app="web")}]
    assert not network(policy(ingress=[{"from": [both]}])).may_reach(VISITOR, DATABASE, 1)
    assert network(policy(ingress=[{"from": apart}])).may_reach(VISITOR, DATABASE, 1)


@pytest.mark.parametrize(
    ("ports", "open_ports"),
    [
        ([{"port": 5432}], {("TCP", 5432)}),
        ([{"port": 5432, "protocol": "UDP"}], {("UDP", 5432)}),
        ([{"port": 5431, "endPort": 5433}], {("TCP", 5431), ("TCP", 5432), ("TCP", 5433)}),
        ([{"port": "sql"}], {("TCP", 5432)}),
        ([{"port": "http"}], set[tuple[str, int]]()),
        ([{"protocol": "UDP"}], {("UDP", port) for port in range(5430, 5436)}),
    ],
)
def test_ports(ports: list[dict[str, Any]], open_ports: set[tuple[str, int]]) -> None:
    asked = [(protocol, port) for protocol in ("TCP", "UDP") for port in range(5430, 5436)]
    for one, to in (
        (policy({"app": "db"}, ingress=[{"ports": ports}]), WEB),
        # The names of ports are those of the pod that is reached, in both directions.
        (policy({"app": "web"}, policyTypes=["Egress"], egress=[{"ports": ports}]), WEB),
    ):
        found = {(p, n) for p, n in asked if network(one).may_reach(to, DATABASE, n, p)}
        assert found == open_ports


def test_an_address_outside_has_no_named_ports() -> None:
    one = network(policy(policyTypes=["Egress"], egress=[{"ports": [{"port": "http"}]}]))
    assert not one.may_reach(WEB, Outside("203.0.113.7"), 8080)


@pytest.mark.parametrize(
    ("operator", "values", "fits"),
    [
        ("In", ["web"], True),
        ("In", ["db"], False),
        ("NotIn", ["db"], True),
        ("NotIn", ["web"], False),
        ("Exists", None, True),
        ("DoesNotExist", None, False),
    ],
)
def test_expressions(operator: str, values: list[str] | None, fits: bool) -> None:
    expression = {"key": "app", "operator": operator, "values": values}
    assert selects({"matchExpressions": [expression]}, {"app": "web"}) == fits
    # A label that is missing is in no list, and so not in any.
    missing = {"In": False, "NotIn": True, "Exists": False, "DoesNotExist": True}
    assert selects({"matchExpressions": [expression]}, {}) == missing[operator]


@pytest.mark.parametrize(
    "peer", [{}, {"podSelecter": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]
)
def test_what_it_cannot_read_is_an_error_not_an_answer(peer: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        network(policy(ingress=[{"from": [peer]}])).may_reach(WEB, DATABASE, 1)
    with pytest.raises(SelectorError):
        selects({"matchLabel": {}}, {})
    with pytest.raises(SelectorError):
        selects({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, {})


def test_pods_of_every_kind_of_workload_are_found() -> None:
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 80}]}, {}]},
    }
    plain = {"template": template}
    objects = [
        {"kind": kind, "metadata": {"name": "x", "namespace": "shop"}, "spec": spec}
        for kind, spec in (
            *(("Deployment", plain), ("StatefulSet", plain), ("Job", plain)),
            *(("CronJob", {"jobTemplate": {"spec": plain}}), ("Service", {})),
        )
    ]
    found = pods(objects)
    assert set(found) == {f"shop/{k}/x" for k in ("Deployment", "StatefulSet", "Job", "CronJob")}
    assert all(pod.ports == {"http": 80} for pod in found.values())
    assert len({pod.address for pod in found.values()}) == 4


# What holds for any policies.


def _span(first: int, more: int) -> Json:
    return {"port": first, "endPort": first + more}


def _one_port(port: int) -> Json:
    return {"port": port}


def _rule(peers: list[Json], ports: list[Json]) -> Json:
    return {"from": peers, "ports": ports}


def _for_database(rules: list[Json]) -> Json:
    return policy({"app": "db"}, ingress=rules)


_peers: st.SearchStrategy[Json] = st.sampled_from(
    [
        *({"podSelector": labels(app=app)} for app in ("web", "db")),
        *({"namespaceSelector": labels(team=team)} for team in ("shop", "other")),
        {"podSelector": labels(app="web"), "namespaceSelector": labels(team="other")},
        *({"ipBlock": {"cidr": cidr}} for cidr in ("0.0.0.0/0", "10.0.0.0/31")),
    ]
)
_ports: st.SearchStrategy[Json] = st.one_of(
    st.builds(_one_port, st.integers(1, 9)),
    st.builds(_span, st.integers(1, 9), st.integers(0, 9)),
)
_rules = st.builds(_rule, st.lists(_peers, max_size=3), st.lists(_ports, max_size=3))
_policies = st.lists(st.builds(_for_database, st.lists(_rules, max_size=3)), min_size=1, max_size=4)
_sources = st.sampled_from([source for source in EVERYBODY if source is not DATABASE])


@given(_policies, _sources, st.integers(1, 20))
def test_policies_add_up(policies: list[Json], source: Peer, port: int) -> None:
    together = network(*policies).may_reach(source, DATABASE, port)
    apart = [network(one).may_reach(source, DATABASE, port) for one in policies]
    assert together == any(apart)


@given(_policies, _sources, st.integers(1, 20))
def test_rules_add_up(policies: list[Json], source: Peer, port: int) -> None:
    rules = [rule for one in policies for rule in one["spec"]["ingress"]]
    in_one = network(policy({"app": "db"}, ingress=rules))
    together = network(*policies).may_reach(source, DATABASE, port)
    assert in_one.may_reach(source, DATABASE, port) == together


@given(st.integers(1, 100), st.integers(0, 100), st.integers(1, 250))
def test_a_range_of_ports_is_all_ports_in_it(first: int, more: int, port: int) -> None:
    ports = [{"port": first, "endPort": first + more}]
    one = network(policy(ingress=[{"ports": ports}]))
    assert one.may_reach(WEB, DATABASE, port) == (port in range(first, first + more + 1))


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1))
def test_a_block_is_all_addresses_in_it(base: int, length: int, asked: int) -> None:
    size = 2 ** (32 - length)
    first = base - base % size
    cidr = f"{ipaddress.IPv4Address(first)}/{length}"
    one = network(policy(ingress=[{"from": [{"ipBlock": {"cidr": cidr}}]}]))
    source = Outside(str(ipaddress.IPv4Address(asked)))
    assert one.may_reach(source, DATABASE, 1) == (first <= asked < first + size)
