"""Namespaces, and which pods each admits. An administrator makes them, Pulumi looks them up."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from infra.cluster.manifest import ADMINISTRATOR, GATEWAY_ACCESS_LABEL, Manifest, manifest

Labels = Mapping[str, str]


def namespace(name: str, *, enforce: bool) -> Manifest:
    """A namespace that admits only pods which follow the strictest of Kubernetes' standards.

    Without `enforce` the API server admits other pods too, but warns and writes an audit record.
    """
    modes = ("enforce", "audit", "warn") if enforce else ("audit", "warn")
    return manifest(
        "v1",
        "Namespace",
        name,
        labels={
            **ADMINISTRATOR,
            GATEWAY_ACCESS_LABEL: "true",
            **{
                f"pod-security.kubernetes.io/{mode}{suffix}": value
                for mode in modes
                for suffix, value in (("", "restricted"), ("-version", "latest"))
            },
        },
    )


def labels(thing: Mapping[str, Any]) -> Labels:
    """The labels of an object; empty if it has none."""
    return cast(Labels, thing["metadata"].get("labels") or {})


def differences(declared: Labels, found: Labels) -> Iterator[tuple[str, str, str]]:
    """The labels that are not as declared: which, what was found, and what is declared."""
    for label, value in declared.items():
        if found.get(label) != value:
            yield label, found.get(label, "nothing"), value
