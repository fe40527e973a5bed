"""Kubernetes objects as plain data, ready to be registered, printed or judged.

Keys are Kubernetes' own. No object is defaulted or typed here: the API server judges every field,
in each rehearsal.
"""

from collections.abc import Mapping

Manifest = dict[str, object]
"""A Kubernetes object: apiVersion, kind, metadata and the rest."""

PART_OF = "serlo"
ADMINISTRATOR = {"app.kubernetes.io/managed-by": "administrator"}
"""The label of what `serlo access` prints for an administrator; Pulumi does not manage it."""
NAME_LABEL = "app.kubernetes.io/name"
VERSION_LABEL = "app.kubernetes.io/version"
GATEWAY_ACCESS_LABEL = "serlo.org/gateway-access"

GATEWAY_NAMESPACE = "gateway"
GATEWAY_NAME = "serlo"
GATEWAY_LISTENER = "https"


def manifest(
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **rest: object,
) -> Manifest:
    """An object with the labels all of ours carry; `rest` is spec, data and the like."""
    metadata: Manifest = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = {
        NAME_LABEL: name,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": "pulumi",
        **(labels or {}),
    }
    if annotations is not None:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
