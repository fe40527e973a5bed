"""What a dry run of all that a program declares finds, before anything is touched."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.recorder import Registration
from k8s import Cluster, NotFound
from operations.rehearsed.dry_run import DryRun, Verdict

Object = dict[str, Any]

_MISSPELT = ("comand", "imagePulPolicy")
MANAGER = "pulumi-kubernetes-12345678"


def registration(kind: str, namespace: str, spec: Object, api: str = "v1") -> Registration:
    labels = {"app.kubernetes.io/name": "app"}
    metadata = {"name": "app", "namespace": namespace, "labels": labels}
    token = f"kubernetes:{api if '/' in api else f'core/{api}'}:{kind}"
    return Registration(
        urn=f"urn:pulumi:local::serlo::{token}::app",
        type=token,
        name="app",
        properties={"apiVersion": api, "kind": kind, "metadata": metadata, **spec},
        parent="",
        provider="",
        custom=True,
        protect=False,
        dependencies=(),
    )


def deployment(namespace: str, replicas: int, **container: Any) -> Registration:
    labels = {"app.kubernetes.io/name": "app"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "app", "image": "registry.test/app:1", **container}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return registration("Deployment", namespace, {"spec": spec}, "apps/v1")


def job(namespace: str, image: str) -> Registration:
    pod = {"containers": [{"name": "app", "image": image}], "restartPolicy": "Never"}
    return registration("Job", namespace, {"spec": {"template": {"spec": pod}}}, "batch/v1")


def known(declared: Registration) -> Object:
    return {"urn": declared.urn, "outputs": {"__fieldManager": MANAGER}}


@pytest.fixture
def judge(cluster: Cluster, tmp_path: Path) -> Iterator[Any]:
    dry_run = DryRun(cluster, tmp_path / "accepted.json")

    def ask(declared: Iterable[Registration], state: Iterable[Object] = ()) -> Verdict:
        verdict = dry_run.judge(list(declared), list(state))
        dry_run.remember(verdict)
        return verdict

    yield ask


def test_all_that_is_refused_is_told_at_once_and_nothing_is_made(
    cluster: Cluster, namespace: str, judge: Any
) -> None:
    verdict = judge(
        [
            deployment(namespace, 1, **dict.fromkeys(_MISSPELT, "Always")),
            registration(
                "HTTPRoute",
                namespace,
                {"spec": {"hostname": ["a.test"]}},
                "gateway.networking.k8s.io/v1",
            ),
            registration("Service", namespace, {"spec": {"ports": [{"port": 99999}]}}),
            registration("ServiceAccount", namespace, {}),
        ]
    )

    one, other, port = verdict.refused
    fields = [f'unknown field "spec.template.spec.containers[0].{n}"' for n in _MISSPELT]
    assert one == f"Deployment {namespace}/app: {', '.join(fields)}"
    assert other == f'HTTPRoute {namespace}/app: unknown field "spec.hostname"'
    assert port.startswith(f"Service {namespace}/app: ")
    assert "spec.ports[0].port: Invalid value: 99999" in port
    with pytest.raises(NotFound):
        cluster.get("v1", "ServiceAccount", "app", namespace)


def test_a_conflict_is_told_by_field_and_owner(
    cluster: Cluster, namespace: str, judge: Any
) -> None:
    declared = deployment(namespace, 1)
    cluster.apply(dict(declared.properties), field_manager=MANAGER)
    scale = f"{cluster.path('apps/v1', 'Deployment', namespace, 'app')}/scale"
    cluster.request(
        "PATCH",
        scale,
        body={"spec": {"replicas": 2}},
        query={"fieldManager": "kubectl"},
        content_type="application/merge-patch+json",
    )

    verdict = judge([declared], [known(declared)])

    assert verdict.refused == []
    (conflict,) = verdict.conflicts
    assert conflict.startswith(
        f'Deployment {namespace}/app: .spec.replicas: conflict with "kubectl"'
    )
    assert 'subresource "scale"' in conflict
    assert cluster.get("apps/v1", "Deployment", "app", namespace)["spec"]["replicas"] == 2


def test_the_provider_has_no_conflict_with_itself(
    cluster: Cluster, namespace: str, judge: Any
) -> None:
    """From 4.29 on it creates objects under another name than it updates them."""
    declared = deployment(namespace, 2)
    before = dict(deployment(namespace, 1).properties)
    cluster.create(before, field_manager="pulumi-kubernetes")

    verdict = judge([declared], [known(declared)])

    assert (verdict.refused, verdict.conflicts) == ([], [])


def test_what_an_interrupted_run_left_is_no_conflict(
    cluster: Cluster, namespace: str, judge: Any
) -> None:
    cluster.apply(dict(deployment(namespace, 1).properties), field_manager="another")

    verdict = judge([deployment(namespace, 2)])

    assert (verdict.refused, verdict.conflicts) == ([], [])


def test_what_will_be_replaced_is_not_refused(cluster: Cluster, namespace: str, judge: Any) -> None:
    declared = job(namespace, "registry.test/app:1")
    cluster.apply(dict(declared.properties), field_manager=MANAGER)

    verdict = judge([job(namespace, "registry.test/app:2")], [known(declared)])

    assert (verdict.refused, verdict.conflicts) == ([], [])


def test_what_was_accepted_is_tried_again_only_when_it_has_changed(
    cluster: Cluster, namespace: str, judge: Any
) -> None:
    declared = deployment(namespace, 1)
    cluster.apply(dict(declared.properties), field_manager=MANAGER)
    assert judge([declared], [known(declared)]).conflicts == []
    cluster.apply(dict(deployment(namespace, 3).properties), field_manager="by-hand", force=True)

    unchanged = judge([declared], [known(declared)])
    changed = judge([deployment(namespace, 2)], [known(declared)])

    assert unchanged.conflicts == []
    assert len(changed.conflicts) == 1
