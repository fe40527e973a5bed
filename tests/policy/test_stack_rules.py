"""Each rule about resources together: bad ones fail, the good ones beside them pass."""

import dataclasses
from typing import Any

import pytest

from policy.resources import Resource
from policy.rules import RESOURCE_RULES, STACK_RULES
from tests.policy.conftest import POD, cloudflare, facts, findings, kubernetes

WORKLOAD = kubernetes("Deployment", {"template": POD})
TARGET = {"kind": "Deployment", "name": "server"}


def scaler(fewest: float, most: float) -> Resource:
    spec = {"scaleTargetRef": TARGET, "minReplicas": fewest, "maxReplicas": most}
    return kubernetes("HorizontalPodAutoscaler", spec)


def budget(*, app: str = "server", namespace: str = "api", **spec: Any) -> Resource:
    spec = {"selector": {"matchLabels": {"app": app}}, **spec}
    return kubernetes("PodDisruptionBudget", spec, metadata={"namespace": namespace})


def test_pods_in_numbers_need_a_budget() -> None:
    good = [WORKLOAD, scaler(1, 5), budget(maxUnavailable=1.0)]
    assert findings("disruption-budgets", good) == []
    says = "up to 5 pods run, and no PodDisruptionBudget selects them"
    assert findings("disruption-budgets", good[:2]) == [says]
    elsewhere = [*good[:2], budget(maxUnavailable=1, namespace="auth")]
    assert findings("disruption-budgets", elsewhere) == [says]
    other = [*good[:2], budget(maxUnavailable=1, app="frontend")]
    assert findings("disruption-budgets", other) == [says]
    assert findings("disruption-budgets", [WORKLOAD, scaler(1, 1)]) == []


def test_replicas_count_without_an_autoscaler() -> None:
    def stateful(**spec: Any) -> Resource:
        return kubernetes("StatefulSet", {"template": POD, **spec})

    assert len(findings("disruption-budgets", [stateful(replicas=3.0)])) == 1
    assert findings("disruption-budgets", [stateful(replicas=3), budget(maxUnavailable=1)]) == []
    assert findings("disruption-budgets", [stateful()]) == []


@pytest.mark.parametrize(
    ("spec", "blocks"),
    [
        ({"maxUnavailable": 1}, False),
        ({"maxUnavailable": "50%"}, False),
        ({"maxUnavailable": 0.0}, True),
        ({"maxUnavailable": "0%"}, True),
        ({"minAvailable": 1.0}, False),
        ({"minAvailable": 2.0}, True),
        ({"minAvailable": "100%"}, True),
    ],
)
def test_a_budget_lets_one_pod_go(spec: dict[str, Any], blocks: bool) -> None:
    found = findings("disruption-budgets", [WORKLOAD, scaler(2, 5), budget(**spec)])
    assert bool(found) is blocks


def test_two_budgets_for_one_pod_fail() -> None:
    found = findings(
        "disruption-budgets",
        [WORKLOAD, scaler(2, 5), budget(maxUnavailable=1), budget(maxUnavailable=1)],
    )
    assert found == ["several PodDisruptionBudgets select its pods, so none can be evicted"]


def test_production_is_warned_of_single_pods() -> None:
    assert len(findings("no-single-pods", [WORKLOAD, scaler(1, 5)])) == 1
    assert findings("no-single-pods", [WORKLOAD, scaler(2, 5)]) == []
    assert findings("no-single-pods", [WORKLOAD, scaler(1, 5)], facts("staging")) == []
    assert [rule.name for rule in STACK_RULES if not rule.mandatory] == ["no-single-pods"]
    assert all(rule.mandatory for rule in RESOURCE_RULES)


def test_routes_of_the_zone_lead_to_scripts() -> None:
    script = cloudflare("WorkersScript", scriptName="serlo-production")
    route = cloudflare("WorkersRoute", pattern="*serlo.org/*", script="serlo-production")
    assert findings("routes-have-scripts", [script, route]) == []
    (finding,) = findings("routes-have-scripts", [route])
    assert "*serlo.org/* leads to the script 'serlo-production'" in finding
    others = dataclasses.replace(facts("production"), script="serlo-production")
    assert findings("routes-have-scripts", [route], others) == []
    off = cloudflare("WorkersRoute", pattern="pact.serlo.org/*")
    assert findings("routes-have-scripts", [off]) == []


def test_routes_of_the_gateway_lead_to_services() -> None:
    def route(**backend: Any) -> Resource:
        return kubernetes("HTTPRoute", {"rules": [{"backendRefs": [backend]}]})

    service = kubernetes("Service", {"type": "ClusterIP"})
    assert findings("routes-have-services", [service, route(name="server")]) == []
    assert findings("routes-have-services", [service, route(name="sever")]) == [
        "it leads to the Service 'sever' in 'api'"
    ]
    assert (
        len(findings("routes-have-services", [service, route(name="server", namespace="x")])) == 1
    )
