"""An existing object in the words of the program, as the state to begin with.

`pulumi import` would read it through the provider, which takes everything for declared that is
there: each default that Kubernetes fills in would look like something to be removed, and the
defaults in a StatefulSet's volume claims like a reason to replace it.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from k8s.manifests import (
    FIELD_MANAGER,
    INITIAL_API_VERSION,
    INPUTS,
    without_noise,
)
from k8s.properties import SECRET, SIGNATURE_KEY
from k8s.pruning import importable_inputs
from k8s.quantities import is_quantity_path, same_quantity
from operations.platform.owning import PEOPLE_AND_TOOLS

Object = dict[str, Any]
Path = tuple[str | int, ...]

_ANY = "*"

# What Kubernetes fills in, beyond what the plugin knows: no difference if it is not declared.
_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "apiVersion": ("v1",),
    "completionMode": ("NonIndexed",),
    "completions": (1,),
    "defaultMode": (420,),
    "failureThreshold": (3,),
    "group": ("", "gateway.networking.k8s.io"),
    "kind": ("PersistentVolumeClaim", "Service", "Gateway"),
    "manualSelector": (False,),
    "parallelism": (1,),
    "periodSeconds": (10,),
    "podReplacementPolicy": ("TerminatingOrFailed",),
    "scheme": ("HTTP",),
    "serviceAccount": (_ANY,),  # an old name of serviceAccountName
    "status": (_ANY,),
    "successThreshold": (1,),
    "suspend": (False,),
    "timeoutSeconds": (1,),
    "volumeMode": ("Filesystem",),
    "weight": (1,),
}

_KEYS = ("name", "key", "mountPath", "containerPort", "port", "type")
"""What tells the elements of a list apart."""


def inputs_of(live: Object, declared: Object, more: tuple[str, ...] = ()) -> Object:
    """What somebody would have declared to get the object: the program's words where they fit.

    Beside what is declared, this is what people and tools have set, which an update removes; not
    what controllers have, nor defaults. `more`: the beginnings of further managers' names.
    """
    entries = cast(list[Object], live["metadata"].get("managedFields") or [])
    owned = [
        cast(Object, entry.get("fieldsV1") or {})
        for entry in entries
        if entry["manager"].startswith((*PEOPLE_AND_TOOLS, *more)) and not entry.get("subresource")
    ]
    # An object from before there was such a record belongs to people as a whole.
    described = _described(live, importable_inputs(live), declared, (), owned if entries else None)
    if "replicas" not in declared.get("spec", {}) and "spec" in described:
        # Left to the autoscaler, and until then to owning.REPLICAS_MANAGER.
        described["spec"].pop("replicas", None)
    return described


def outputs_of(live: Object, declared: Object, inputs: Object, manager: str) -> Object:
    """The outputs that a provider would keep, in the form of the official one."""
    return {
        **hide_literals(without_noise(live), declared),
        INPUTS: inputs,
        INITIAL_API_VERSION: live["apiVersion"],
        FIELD_MANAGER: manager,
    }


def hide_literals(document: Any, declared: Any) -> Any:
    """A copy in which each variable with a literal that is not declared so is a Pulumi secret.

    Who set variables before there were Secrets wrote passwords there as well.
    """
    if isinstance(document, list):
        elements = cast(list[Any], document)
        others = cast(list[Any], declared) if isinstance(declared, list) else []
        partners = _partners(elements, others)
        return [
            hide_literals(one, None if partner is None else others[partner])
            for one, partner in zip(elements, partners, strict=True)
        ]
    if not isinstance(document, dict):
        return document
    known = cast(Object, declared) if isinstance(declared, dict) else {}
    fields = cast(Object, document)
    hidden = {key: hide_literals(value, known.get(key)) for key, value in fields.items()}
    for variable in cast(list[Object], hidden.get("env") or []):
        wanted = {one["name"]: one.get("value") for one in known.get("env") or ()}
        if "value" in variable and wanted.get(variable["name"]) != variable["value"]:
            plain = json.dumps(variable["value"])
            variable["value"] = {SIGNATURE_KEY: SECRET, "plaintext": plain}
    return hidden


def _described(live: Any, base: Any, wanted: Any, path: Path, owned: list[Object] | None) -> Any:
    """`base` is `live` without defaults; `owned`: the fields of people and tools from here on."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        fields = cast(Object, live)
        return _described_fields(fields, base, cast(Object, wanted), path, owned)
    if isinstance(live, list) and isinstance(wanted, list):
        elements = cast(list[Any], live)
        return _described_elements(elements, base, cast(list[Any], wanted), path, owned)
    same = is_quantity_path(path) and same_quantity(live, wanted)
    return cast(object, wanted if same else live)


def _described_fields(
    live: Object, base: Any, wanted: Object, path: Path, owned: list[Object] | None
) -> Object:
    kept = cast(Object, base) if isinstance(base, dict) else {}
    described: Object = {}
    for key, value in wanted.items():
        if key in live:
            below = None if owned is None else _below(owned, f"f:{key}")
            described[key] = _described(
                live[key], kept.get(key, live[key]), value, (*path, key), below
            )
        elif value in (None, False, "", 0, [], {}):
            described[key] = value  # the server does not keep what says nothing
    for key, value in kept.items():
        below = None if owned is None else _below(owned, f"f:{key}")
        if key not in wanted and below != [] and not _is_default(key, value):
            found = _described(live[key], value, _nothing_of(value), (*path, key), below)
            if found not in ({}, []) or value in ({}, []):
                described[key] = found
    return described


def _described_elements(
    live: list[Any], base: Any, wanted: list[Any], path: Path, owned: list[Object] | None
) -> list[Any]:
    kept = cast(list[Any], base) if isinstance(base, list) else live
    described: list[Any] = []
    left = list(range(len(live)))
    for position, (value, index) in enumerate(zip(wanted, _partners(wanted, live), strict=True)):
        if index is None:
            continue
        left.remove(index)
        below = None if owned is None else _of_element(owned, live[index])
        described.append(_described(live[index], kept[index], value, (*path, position), below))
    for index in left:
        below = None if owned is None else _of_element(owned, live[index])
        if below != []:
            nothing = _nothing_of(kept[index])
            described.append(_described(live[index], kept[index], nothing, (*path, index), below))
    return described


def _partners(elements: list[Any], others: list[Any]) -> list[int | None]:
    """For each element the place of the one that is meant among others.

    That with the same name, if these tell apart; else the one at the same place.
    """
    for key in _KEYS:
        if _tells_apart(key, elements) and _tells_apart(key, others):
            places = {one[key]: place for place, one in enumerate(others)}
            return [places.get(one[key]) for one in elements]
    return [place if place < len(others) else None for place in range(len(elements))]


def _tells_apart(key: str, elements: list[Any]) -> bool:
    values: list[Any] = []
    for element in elements:
        if not isinstance(element, dict) or key not in element:
            return False
        values.append(cast(Object, element)[key])
    return all(isinstance(v, (str, int)) for v in values) and len(set(values)) == len(values)


def _is_default(key: str, value: Any) -> bool:
    values = _DEFAULTS.get(key, ())
    return _ANY in values or value in values


def _nothing_of(value: Any) -> Any:
    """What is declared of something that is not."""
    if isinstance(value, dict):
        return cast(Object, {})
    return cast(list[Any], []) if isinstance(value, list) else None


_WHOLE: Object = {}
"""In a record of owned fields: this and all below."""


def _below(owned: list[Object], key: str) -> list[Object]:
    """What is owned below a field: nothing (not owned), or from the field on."""
    return [
        fields.get(key, _WHOLE)
        for fields in owned
        if key in fields or fields == _WHOLE  # a field without fields is owned as a whole
    ]


def _of_element(owned: list[Object], element: Any) -> list[Object]:
    """As `_below`, of an element of a list, which is named by some of its fields or its value."""
    found: list[Object] = []
    for fields in owned:
        if fields == _WHOLE:
            found.append(_WHOLE)
        for name, below in fields.items():
            kind, _, text = name.partition(":")
            if kind == "k" and isinstance(element, dict):
                keys, said = cast(Object, json.loads(text)), cast(Object, element)
                if all(said.get(key) == value for key, value in keys.items()):
                    found.append(below)
            elif kind == "v" and json.loads(text) == element:
                found.append(below)
    return found
