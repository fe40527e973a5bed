"""Namespaces, and what kind of pods each admits."""

from infra.manifests import GATEWAY_ACCESS_LABEL, PART_OF, Manifest

MANAGER = "serlo-deployer"
"""The field manager of namespaces, in server-side apply."""


def namespace(name: str) -> Manifest:
    """A namespace that admits only pods which follow the strictest of Kubernetes' standards.

    An administrator creates it, with the deployer's rights in it; then Pulumi goes on with it. Both
    write under the same name, else each would find the other's fields in its way.
    """
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "annotations": {"pulumi.com/patchFieldManager": MANAGER},
            "labels": {
                "app.kubernetes.io/name": name,
                "app.kubernetes.io/part-of": PART_OF,
                "app.kubernetes.io/managed-by": "pulumi",
                GATEWAY_ACCESS_LABEL: "true",
                **{
                    f"pod-security.kubernetes.io/{mode}{suffix}": value
                    for mode in ("enforce", "audit", "warn")
                    for suffix, value in (("", "restricted"), ("-version", "latest"))
                },
            },
        },
    }
