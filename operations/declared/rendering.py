"""Resources as people read them: objects as YAML, Cloudflare's resources as JSON, redacted."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import yaml

from infra.recorder import Program, Registration
from k8s.properties import UNKNOWN, Secret

REDACTED = "[secret]"
_NOT_KNOWN = "[known after the update]"

# Keys that come first, in this order; the others follow by alphabet.
_FIRST = ("apiVersion", "kind", "metadata", "name", "namespace", "type", "labels", "image")
_KINDS = (
    *("Namespace", "ServiceAccount", "Secret", "Deployment", "HorizontalPodAutoscaler"),
    *("PodDisruptionBudget", "Service", "Gateway", "HTTPRoute"),
)


def text_of(program: Program) -> str:
    """The whole stream of documents that `serlo render` prints."""
    return "".join(f"---\n{document}" for document in _documents(program.registrations))


def kubernetes_text(program: Program) -> str:
    """The documents of a program's Kubernetes objects, as kubectl reads them."""
    return "".join(f"---\n{_yaml(thing)}" for thing in kubernetes_objects(program.registrations))


def kubernetes_objects(registrations: Iterable[Registration]) -> list[dict[str, Any]]:
    """Every Kubernetes object that a program declares, redacted, namespaces first."""
    objects = [
        _kubernetes(entry.properties)
        for entry in registrations
        if entry.type.startswith("kubernetes:") and entry.is_declared
    ]
    return sorted(objects, key=_reading_order)


def cloudflare_resources(registrations: Iterable[Registration]) -> list[dict[str, Any]]:
    """Every Cloudflare resource that a program manages, redacted: type, name and properties."""
    found = [entry for entry in registrations if entry.type.startswith("cloudflare:")]
    return [
        {"type": entry.type, "name": entry.name, "properties": natural(entry.properties)}
        for entry in sorted(found, key=lambda entry: (entry.type, entry.name))
    ]


def _documents(registrations: Iterable[Registration]) -> Iterator[str]:
    entries = list(registrations)
    for thing in kubernetes_objects(entries):
        yield _yaml(thing)
    for resource in cloudflare_resources(entries):
        yield json.dumps(resource, indent=2, ensure_ascii=False) + "\n"


def _yaml(thing: Mapping[str, Any]) -> str:
    return yaml.dump(thing, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes repeated values out instead of referring to the first, and files as they are."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 the name is PyYAML's
        return True


def _text(_dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Whole files are shown line by line.
    style = "|" if "\n" in text else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _kubernetes(properties: Mapping[str, Any]) -> dict[str, Any]:
    thing = cast(dict[str, Any], natural(properties))
    if thing["kind"] == "Secret":
        # What stands below `data` has to be base64, which a redacted value is not.
        thing["stringData"] = thing.pop("data")
    return thing


def _reading_order(thing: Mapping[str, Any]) -> tuple[bool, str, str, int, str, str]:
    metadata = thing["metadata"]
    kind = thing["kind"]
    service = metadata["labels"]["app.kubernetes.io/name"]
    rank = _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
    namespace = metadata.get("namespace", "")
    return (kind != "Namespace", namespace, service, rank, metadata["name"], kind)


def natural(value: Any) -> Any:
    """The value as people write it: keys in reading order, nothing secret, nothing unknown."""
    if isinstance(value, Secret):
        # The SDK conceals the `data` of a Kubernetes Secret whole. Its keys are for everybody.
        is_data = isinstance(value.value, Mapping)
        return dict.fromkeys(sorted(value.value), REDACTED) if is_data else REDACTED
    if value is UNKNOWN:
        return _NOT_KNOWN
    if isinstance(value, Mapping):
        members = cast(Mapping[str, Any], value)
        order = sorted(members, key=lambda key: (_rank(key), key))
        return {key: natural(members[key]) for key in order}
    if isinstance(value, list):
        return [natural(element) for element in cast(list[Any], value)]
    return value


def _rank(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST)
