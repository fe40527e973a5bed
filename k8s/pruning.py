"""Which part of a live object is ours to compare, and which the cluster filled in."""

from typing import Any, cast

from k8s import JsonObject, section
from k8s.annotations import AUTONAMED, LAST_APPLIED
from k8s.identity import is_built_in

# What tells the elements of a list apart, most telling first.
_ELEMENT_KEYS = ("name", "key", "mountPath", "containerPort", "port", "type", "ip", "uid")


def prune(live: Any, like: Any) -> Any:
    """The live values of the fields that `like` has; elements of lists are found by their names.

    A field that is gone from the live object is missing from the result.
    """
    if isinstance(live, dict) and isinstance(like, dict):
        values = cast(JsonObject, live)
        return {
            key: prune(values[key], wanted)
            for key, wanted in cast(JsonObject, like).items()
            if key in values
        }
    if isinstance(live, list) and isinstance(like, list):
        elements, wanted_elements = cast(list[Any], live), cast(list[Any], like)
        key = _telling_key(elements, wanted_elements)
        if key is None:
            pairs = zip(elements, wanted_elements, strict=False)
            pruned = [prune(element, wanted) for element, wanted in pairs]
            return pruned + elements[len(wanted_elements) :]
        by_name = {element[key]: element for element in elements}
        return [
            prune(by_name[wanted[key]], wanted)
            for wanted in wanted_elements
            if wanted[key] in by_name
        ]
    return cast(Any, live)


def _telling_key(first: list[Any], second: list[Any]) -> str | None:
    """A key that every element of both lists has, and that is unique within each."""
    if not first or not second:
        return None
    for key in _ELEMENT_KEYS:
        if all(_is_keyed(elements, key) for elements in (first, second)):
            return key
    return None


def _is_keyed(elements: list[Any], key: str) -> bool:
    values: list[Any] = []
    for element in elements:
        if not isinstance(element, dict) or key not in element:
            return False
        values.append(cast(JsonObject, element)[key])
    return all(isinstance(v, (str, int)) for v in values) and len(set(values)) == len(values)


_SERVER_METADATA = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
        "ownerReferences",
    }
)
_SERVER_ANNOTATIONS = frozenset({"deployment.kubernetes.io/revision", LAST_APPLIED, AUTONAMED})
_SERVER_LABELS = frozenset({"kubernetes.io/metadata.name"})

# Fields of a spec that the server allocates or keeps for itself, by kind.
_SERVER_SPEC: dict[str, frozenset[str]] = {
    "Service": frozenset({"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}),
    "Namespace": frozenset({"finalizers"}),
    "PersistentVolumeClaim": frozenset({"volumeName"}),
    "PersistentVolume": frozenset({"claimRef"}),
    "Pod": frozenset({"nodeName", "priority", "tolerations", "preemptionPolicy"}),
}

# Defaults of Kubernetes' own kinds: an imported object need not spell them out.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "progressDeadlineSeconds": (600,),
    "revisionHistoryLimit": (10,),
    "strategy": (
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    ),
    "restartPolicy": ("Always",),
    "dnsPolicy": ("ClusterFirst",),
    "schedulerName": ("default-scheduler",),
    "terminationGracePeriodSeconds": (30,),
    "securityContext": ({},),
    "resources": ({},),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "imagePullPolicy": ("IfNotPresent", "Always"),
    "protocol": ("TCP",),
    "sessionAffinity": ("None",),
    "internalTrafficPolicy": ("Cluster",),
    "enableServiceLinks": (True,),
    "podManagementPolicy": ("OrderedReady",),
    "creationTimestamp": (None,),
}


def importable_inputs(live: JsonObject) -> JsonObject:
    """The inputs that a program would have written for a live object, without what the server set.

    Used when nothing but the object is known: `pulumi import` and the `import_` option.
    """
    inputs: JsonObject = {key: value for key, value in live.items() if key != "status"}
    metadata: JsonObject = {
        key: value for key, value in live["metadata"].items() if key not in _SERVER_METADATA
    }
    for key, ignored in (("annotations", _SERVER_ANNOTATIONS), ("labels", _SERVER_LABELS)):
        kept = {k: v for k, v in section(metadata, key).items() if k not in ignored}
        metadata.pop(key, None)
        if kept:
            metadata[key] = kept
    inputs["metadata"] = metadata
    if isinstance(inputs.get("spec"), dict):
        ignored = _SERVER_SPEC.get(str(live.get("kind")), frozenset())
        # A headless Service says so with a clusterIP of "None": that is the program's doing.
        spec: JsonObject = {
            key: value
            for key, value in inputs.pop("spec").items()
            if key not in ignored or (key == "clusterIP" and value == "None")
        }
        if is_built_in(str(live.get("apiVersion"))):
            spec = _without_defaults(spec)
        if spec:
            inputs["spec"] = spec
    return inputs


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_defaults(element)
            for key, element in cast(JsonObject, value).items()
            if not (key in _DEFAULTS and element in _DEFAULTS[key])
        }
    if isinstance(value, list):
        return [_without_defaults(element) for element in cast(list[Any], value)]
    return value
