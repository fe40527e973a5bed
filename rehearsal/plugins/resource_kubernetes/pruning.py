"""Which part of a live object is ours to compare, and which the cluster filled in."""

import base64
from typing import Any, cast

from rehearsal.kubernetes_api import JsonObject, section
from rehearsal.plugins.properties import PropertyMap, PropertyValue, Secret
from rehearsal.plugins.resource_kubernetes.annotations import AUTONAMED, LAST_APPLIED
from rehearsal.plugins.resource_kubernetes.identity import is_built_in, is_secret

_ABSENT = object()

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


def refreshed(inputs: PropertyValue, live: Any, applied: Any) -> PropertyValue:
    """Inputs brought up to what is live, in their own spelling where nothing has drifted.

    `live` is the live value, `applied` what the server makes of the inputs today (both pruned):
    where the two agree the program's spelling stays ("1000m" for "1"), elsewhere the live value
    takes its place. Answers `_ABSENT` through `refreshed_inputs` for what is gone.
    """
    if isinstance(inputs, Secret):
        inner = refreshed(inputs.value, live, applied)
        return inner if inner is _ABSENT else Secret(inner)
    if live == applied:
        return inputs
    if live is _ABSENT:
        return _ABSENT
    if isinstance(inputs, dict) and isinstance(live, dict):
        wanted = cast(PropertyMap, inputs)
        values = cast(JsonObject, live)
        made = cast(JsonObject, applied) if isinstance(applied, dict) else {}
        found = {
            key: refreshed(value, values.get(key, _ABSENT), made.get(key, _ABSENT))
            for key, value in wanted.items()
        }
        return {key: value for key, value in found.items() if value is not _ABSENT}
    if isinstance(inputs, list) and isinstance(live, list):
        elements, lives = cast(list[PropertyValue], inputs), cast(list[Any], live)
        made_elements = cast(list[Any], applied) if isinstance(applied, list) else []
        if len(elements) == len(lives) == len(made_elements):
            return [
                refreshed(*triple) for triple in zip(elements, lives, made_elements, strict=True)
            ]
    return cast(Any, live)


def refreshed_inputs(inputs: PropertyMap, live: JsonObject, applied: JsonObject) -> PropertyMap:
    """The inputs of a resource after a refresh; see `refreshed`."""
    result = refreshed(inputs, prune(live, _document(inputs)), prune(applied, _document(inputs)))
    if is_secret(live) and "stringData" in inputs:
        result["stringData"] = _refreshed_texts(inputs["stringData"], live.get("data") or {})
    return result


def _document(inputs: PropertyValue) -> Any:
    """Inputs as plain values, the shape to prune by."""
    if isinstance(inputs, Secret):
        return _document(inputs.value)
    if isinstance(inputs, dict):
        return {key: _document(value) for key, value in cast(PropertyMap, inputs).items()}
    if isinstance(inputs, list):
        return [_document(value) for value in cast(list[PropertyValue], inputs)]
    return inputs


def _refreshed_texts(texts: PropertyValue, data: JsonObject) -> PropertyValue:
    """A Secret's stringData; the server moves it into data, where a drift shows."""
    if isinstance(texts, Secret):
        return Secret(_refreshed_texts(texts.value, data))
    result: PropertyMap = {}
    for key, text in cast(PropertyMap, texts).items():
        if key in data:
            value = base64.b64decode(data[key]).decode(errors="replace")
            result[key] = Secret(value) if isinstance(text, Secret) else value
    return result


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
