"""Objects that an administrator applies, as plain manifests with Kubernetes' own field names.

`serlo access` prints them as YAML. They are no resources of Pulumi's, so the SDK's types do not
apply to them; everything that the program creates is made by classes of pulumi_kubernetes.
"""

from collections.abc import Mapping

from infra.cluster.metadata import ADMINISTRATOR, metadata

Manifest = dict[str, object]
"""A Kubernetes object: apiVersion, kind, metadata and the rest."""


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
    """Return an object labelled as the administrator's; `rest` is spec, rules and the like."""
    labels = {**ADMINISTRATOR, **(labels or {})}
    described = metadata(name, namespace=namespace, labels=labels, annotations=annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": {**described}, **rest}
