"""Labels and names of our objects, and the metadata of each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only for its types: commands that read labels must not wait for the SDK.
    import pulumi_kubernetes as kubernetes

PART_OF = "serlo"
ADMINISTRATOR = {"app.kubernetes.io/managed-by": "administrator"}
"""The label of what `serlo access` prints for an administrator; Pulumi does not manage it."""
NAME_LABEL = "app.kubernetes.io/name"
VERSION_LABEL = "app.kubernetes.io/version"
GATEWAY_ACCESS_LABEL = "serlo.org/gateway-access"

GATEWAY_NAMESPACE = "gateway"
GATEWAY_NAME = "serlo"
GATEWAY_LISTENER = "https"


def common_labels(name: str) -> dict[str, str]:
    """Return the labels of one of our objects, by its own name or that of its service."""
    return {
        NAME_LABEL: name,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": "pulumi",
    }


def metadata(
    name: str,
    *,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> kubernetes.meta.v1.ObjectMetaArgsDict:
    """Return the metadata of an object; `labels` override those that all our objects carry."""
    made: kubernetes.meta.v1.ObjectMetaArgsDict = {"name": name}
    if namespace is not None:
        made["namespace"] = namespace
    made["labels"] = {**common_labels(name), **(labels or {})}
    if annotations is not None:
        made["annotations"] = dict(annotations)
    return made
