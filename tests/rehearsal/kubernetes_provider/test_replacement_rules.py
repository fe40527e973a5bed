"""`k8s.replacement_rules`, by which reviews and adopt judge, held against the official provider."""

import copy
from typing import Any

import pytest

from k8s.planning import plan
from k8s.replacement_rules import refused_paths
from tests.rehearsal.kubernetes_provider.conftest import Json, Project

pytestmark = pytest.mark.xdist_group("kubernetes-provider")

LABELS = {"app": "rules"}
TEMPLATE: Json = {
    "metadata": {"labels": LABELS},
    "spec": {"containers": [{"name": "main", "image": "example/image:1"}]},
}
CLAIM: Json = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
JOB_TEMPLATE: Json = {"spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
RBAC = "rbac.authorization.k8s.io"
SELECTED: Json = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
STATEFUL: Json = {**SELECTED, "serviceName": "rules", "volumeClaimTemplates": [CLAIM]}
JOB: Json = {"template": JOB_TEMPLATE}
ROLE: Json = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}

# API version, kind, what it has beside metadata, and one change: where, and to what.
CHANGES: tuple[tuple[str, str, Json, str, Any], ...] = (
    ("v1", "ConfigMap", {"data": {"a": "1"}}, "data.a", "2"),
    ("v1", "ConfigMap", {"data": {"a": "1"}}, "metadata.labels", LABELS),
    ("v1", "Secret", {"stringData": {"a": "1"}}, "stringData.a", "2"),
    ("v1", "Secret", {"stringData": {"a": "1"}}, "type", "example.org/other"),
    ("v1", "Secret", {"stringData": {"a": "1"}}, "metadata.labels", LABELS),
    ("v1", "Service", {"spec": {"ports": [{"port": 80}]}}, "spec.clusterIP", "None"),
    ("v1", "Service", {"spec": {"ports": [{"port": 80}]}}, "spec.selector", LABELS),
    ("v1", "ResourceQuota", {"spec": {"hard": {"pods": "9"}}}, "spec.scopes", ["BestEffort"]),
    ("v1", "ResourceQuota", {"spec": {"hard": {"pods": "9"}}}, "spec.hard.pods", "8"),
    ("v1", "ServiceAccount", {}, "automountServiceAccountToken", False),
    ("v1", "PersistentVolumeClaim", {"spec": CLAIM["spec"]}, "spec.accessModes", ["ReadWriteMany"]),
    ("v1", "PersistentVolumeClaim", {"spec": CLAIM["spec"]}, "metadata.labels", LABELS),
    ("apps/v1", "Deployment", {"spec": SELECTED}, "spec.selector.matchLabels.more", "label"),
    ("apps/v1", "Deployment", {"spec": SELECTED}, "spec.replicas", 2),
    ("apps/v1", "Deployment", {"spec": SELECTED}, "spec.minReadySeconds", 1),
    ("apps/v1", "StatefulSet", {"spec": STATEFUL}, "spec.serviceName", "other"),
    ("apps/v1", "StatefulSet", {"spec": STATEFUL}, "spec.podManagementPolicy", "Parallel"),
    ("apps/v1", "StatefulSet", {"spec": STATEFUL}, "spec.volumeClaimTemplates", []),
    ("apps/v1", "StatefulSet", {"spec": STATEFUL}, "spec.revisionHistoryLimit", 3),
    ("apps/v1", "StatefulSet", {"spec": STATEFUL}, "spec.replicas", 0),
    ("batch/v1", "Job", {"spec": JOB}, "spec.template.spec.terminationGracePeriodSeconds", 5),
    ("batch/v1", "Job", {"spec": JOB}, "spec.completions", 2),
    ("batch/v1", "Job", {"spec": JOB}, "spec.parallelism", 2),
    ("batch/v1", "Job", {"spec": JOB}, "spec.backoffLimit", 2),
    (f"{RBAC}/v1", "RoleBinding", {"roleRef": ROLE}, "roleRef.name", "edit"),
    (f"{RBAC}/v1", "RoleBinding", {"roleRef": ROLE}, "metadata.labels", LABELS),
    ("scheduling.k8s.io/v1", "PriorityClass", {"value": 5}, "description", "other"),
    ("policy/v1", "PodDisruptionBudget", {"spec": {"maxUnavailable": 1}}, "spec.maxUnavailable", 2),
)


def changed(manifest: Json, path: str, value: Any) -> Json:
    result = copy.deepcopy(manifest)
    *parents, last = path.split(".")
    below = result
    for key in parents:
        below = below.setdefault(key, {})
    below[last] = value
    return result


def test_the_provider_replaces_what_the_rules_say_and_only_that(
    project: Project, namespace: str
) -> None:
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for api_version, kind, rest, path, value in CHANGES:
        # Without a name: the older provider's preview tries a replacement of the same name as a
        # change of what is there, and fails. Nor is anything to wait for pods.
        metadata: Json = {"annotations": {"pulumi.com/skipAwait": "true"}}
        if kind != "PriorityClass":
            metadata["namespace"] = namespace
        name = f"{kind.lower()}-{path.rpartition('.')[2].lower()}"
        before[name] = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
        after[name] = changed(before[name], path, value)
    assert len(before) == len(CHANGES)
    project.declare(*before.items())
    project.up()

    project.declare(*after.items())
    steps = project.steps()
    expected = {name: expected_step(before[name], after[name]) for name in before}
    project.succeed("destroy", "--yes", "--skip-preview")
    assert steps == expected
    assert set(expected.values()) == {"replace", "update"}


def test_a_refused_change_fails_in_the_update(project: Project) -> None:
    api_version, kind = "scheduling.k8s.io/v1", "PriorityClass"
    fields = {"value": 5, "preemptionPolicy": "Never"}
    before: Json = {"apiVersion": api_version, "kind": kind, "metadata": {}, **fields}
    project.declare(("class", before))
    project.up()
    for path, value, reason in (
        ("value", 6, "Forbidden: may not be changed in an update"),
        ("preemptionPolicy", "PreemptLowerPriority", "Invalid value"),
    ):
        assert (path,) in refused_paths(api_version, kind)
        project.declare(("class", changed(before, path, value)))
        output = project.fail()
        assert f"{path}: {reason}" in output, output
    project.succeed("destroy", "--yes", "--skip-preview")


def expected_step(before: Json, after: Json) -> str:
    changes = plan(before, {}, after, ignored=()).changes
    return "replace" if any(change.replaces for change in changes) else "update"
