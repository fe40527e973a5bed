"""Whose fields are whose, before and after."""

from typing import Any

from operations.platform.owning import REPLICAS_MANAGER, others_than, ownership

Object = dict[str, Any]

OURS = "pulumi-kubernetes-12345678"


def entry(manager: str, fields: Object, **more: Any) -> Object:
    return {
        **{"manager": manager, "operation": "Update", "apiVersion": "apps/v1"},
        **{"fieldsType": "FieldsV1", "fieldsV1": fields, "time": "2026-01-01T00:00:00Z", **more},
    }


def live(*entries: Object) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"managedFields": entries}}


def test_what_people_and_tools_have_set_becomes_one_entry() -> None:
    image: Object = {"f:image": {}}
    one = entry("kubectl-create", {"f:spec": {"f:paused": {}, "f:template": {}}})
    other = entry("HashiCorp", {"f:spec": {"f:template": image}}, time="2026-02-01T00:00:00Z")
    status = entry("kubectl", {"f:status": {}}, subresource="status")
    controller = entry("kube-controller-manager", {"f:spec": {"f:replicas": {}}})

    after = ownership(live(one, other, status, controller), {"spec": {}}, OURS)

    assert after.taken == ["HashiCorp", "kubectl-create"]
    *left, applied = after.entries
    assert left == [status, controller]
    assert (applied["manager"], applied["operation"]) == (OURS, "Apply")
    assert applied["time"] == "2026-02-01T00:00:00Z"
    # The field itself was owned by the one, something below it by the other.
    assert applied["fieldsV1"] == {"f:spec": {"f:paused": {}, "f:template": {".": {}, **image}}}


def test_the_number_of_pods_is_nobodys_to_reset() -> None:
    fields: Object = {"f:spec": {"f:replicas": {}, "f:paused": {}}}

    undeclared = ownership(live(entry("kubectl", fields)), {"spec": {}}, OURS)
    declared = ownership(live(entry("kubectl", fields)), {"spec": {"replicas": 1}}, OURS)

    kept, applied = undeclared.entries
    assert (kept["manager"], kept["operation"]) == (REPLICAS_MANAGER, "Update")
    assert kept["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert applied["fieldsV1"] == {"f:spec": {"f:paused": {}}}
    [applied] = declared.entries
    assert applied["fieldsV1"] == fields


def test_a_declared_number_of_pods_is_taken_from_who_scaled() -> None:
    scaled = entry("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale")

    after = ownership(live(scaled), {"spec": {"replicas": 1}}, OURS)
    kept = ownership(live(scaled), {"spec": {}}, OURS)

    (applied,) = after.entries
    assert (applied["manager"], applied["fieldsV1"]) == (OURS, scaled["fieldsV1"])
    assert "subresource" not in applied
    assert (list(kept.entries), kept.taken) == ([scaled], ())


def test_twice_is_once() -> None:
    first = ownership(live(entry("kubectl", {"f:spec": {"f:replicas": {}}})), {}, OURS)
    second = ownership(live(*first.entries), {}, OURS)
    assert second.taken == ()
    assert list(second.entries) == list(first.entries)


def test_others_are_told_and_taken_over_by_name_only() -> None:
    there = live(entry("argocd", {"f:spec": {}}), entry("kubectl", {"f:spec": {}}))
    assert others_than(there, OURS) == {"argocd"}
    assert ownership(there, {}, OURS).taken == ["kubectl"]
    assert others_than(there, OURS, ("argo",)) == frozenset()
    assert ownership(there, {}, OURS, ("argo",)).taken == ["argocd", "kubectl"]


def test_an_entry_of_another_version_stays() -> None:
    old = entry("kubectl", {"f:spec": {}}, apiVersion="extensions/v1beta1")
    assert ownership(live(old), {}, OURS).taken == ()
