"""Check: are the inputs an object at all, and which name and namespace does it get?"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from rehearsal.plugins.properties import PropertyMap, Secret, Unknown
from rehearsal.plugins.resource_kubernetes.annotations import AUTONAMED
from rehearsal.plugins.resource_kubernetes.identity import (
    CLUSTER_SCOPED,
    Token,
    group_of,
    is_built_in,
    is_secret,
)
from rehearsal.plugins.resource_kubernetes.manifests import hide_secret_contents, without_nulls

_HEXADECIMAL = "0123456789abcdef"


@dataclass(frozen=True)
class Autonaming:
    """How the engine wants unnamed resources named (`pulumi:autonaming` in the project)."""

    proposed: str | None = None
    disabled: bool = False


@dataclass
class Checked:
    """The inputs to go on with, and what is wrong with them: (property path, reason)."""

    inputs: PropertyMap
    failures: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def check(
    news: PropertyMap,
    olds: Callable[[], PropertyMap],
    *,
    token: Token,
    name: str,
    seed: bytes,
    autonaming: Autonaming,
    default_namespace: str,
    namespaced: Callable[[str, str], bool | None],
) -> Checked:
    """Complete and validate the inputs of a resource.

    `olds` gives the inputs of the last update (empty for a new resource), `name` is the resource's
    name in the program, `namespaced` says of an apiVersion and kind whether its objects live in
    a namespace (None when that cannot be known).
    """
    inputs: PropertyMap = without_nulls(news)
    checked = Checked(inputs)
    inputs.setdefault("apiVersion", token.api_version)
    inputs.setdefault("kind", token.kind)
    for key in ("apiVersion", "kind"):
        if not isinstance(inputs[key], (str, Unknown)):
            checked.failures.append((key, f"expected a string, found {inputs[key]!r}"))
    metadata = inputs.setdefault("metadata", {})
    if isinstance(metadata, (Unknown, Secret)):
        # Nothing can be put into what is not known, or must not be looked into.
        return checked
    if not isinstance(metadata, dict):
        checked.failures.append(("metadata", f"expected an object, found {metadata!r}"))
        return checked
    inputs["metadata"] = metadata = dict(cast(PropertyMap, metadata))
    if checked.failures:
        return checked
    _check_name(checked, metadata, olds=olds, name=name, seed=seed, autonaming=autonaming)
    _fill_namespace(inputs, metadata, default_namespace, namespaced)
    if is_secret(inputs):
        hide_secret_contents(inputs)
    return checked


def _check_name(
    checked: Checked,
    metadata: PropertyMap,
    *,
    olds: Callable[[], PropertyMap],
    name: str,
    seed: bytes,
    autonaming: Autonaming,
) -> None:
    given = metadata.get("name")
    if isinstance(given, Secret):
        given = given.value
    if isinstance(given, str) and given:
        return
    if isinstance(given, Unknown):
        return
    if given not in (None, ""):
        checked.failures.append(("metadata.name", f"expected a string, found {given!r}"))
        return
    if metadata.get("generateName"):
        checked.failures.append(
            (
                "metadata.generateName",
                "generateName cannot be used with server-side apply: leave the name out to have "
                "one generated, or set metadata.name",
            )
        )
        return
    old_name = _autoname_of(olds())
    if old_name is None and autonaming.disabled:
        checked.failures.append(
            ("metadata.name", "autonaming is disabled for this resource: set metadata.name")
        )
        return
    metadata["name"] = old_name or autonaming.proposed or _random_name(name, seed)
    annotations: Any = metadata.get("annotations", {})
    if isinstance(annotations, dict):
        metadata["annotations"] = {**cast(PropertyMap, annotations), AUTONAMED: "true"}


def _autoname_of(olds: PropertyMap) -> str | None:
    metadata: Any = olds.get("metadata")
    if not isinstance(metadata, dict):
        return None
    known = cast(PropertyMap, metadata)
    annotations: Any = known.get("annotations")
    name = known.get("name")
    autonamed = isinstance(annotations, dict) and cast(PropertyMap, annotations).get(AUTONAMED)
    return str(name) if autonamed == "true" and isinstance(name, str) else None


def _random_name(name: str, seed: bytes) -> str:
    """`<name>-<8 hexadecimal digits>`; the same for the same seed, as the engine's plans need."""
    source = random.Random(seed) if seed else random.SystemRandom()  # noqa: S311 - not a secret
    return f"{name.lower()}-{''.join(source.choice(_HEXADECIMAL) for _ in range(8))}"


def _fill_namespace(
    inputs: PropertyMap,
    metadata: PropertyMap,
    default_namespace: str,
    namespaced: Callable[[str, str], bool | None],
) -> None:
    if metadata.get("namespace") not in (None, ""):
        return
    api_version, kind = inputs["apiVersion"], inputs["kind"]
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return
    if is_built_in(api_version):
        belongs = (group_of(api_version), kind) not in CLUSTER_SCOPED
    else:
        # Of a custom resource whose definition is yet to come, assume that it is namespaced.
        belongs = namespaced(api_version, kind) is not False
    if belongs:
        metadata["namespace"] = default_namespace
    else:
        metadata.pop("namespace", None)
