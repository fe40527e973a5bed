"""The `pulumi.com/…` annotations by which a program speaks to the provider."""

from k8s import JsonObject, section

AUTONAMED = "pulumi.com/autonamed"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def annotation(obj: JsonObject, name: str) -> str | None:
    """The value of an annotation, if it is there and known."""
    value = section(obj, "metadata", "annotations").get(name)
    return value if isinstance(value, str) else None


def is_true(obj: JsonObject, name: str) -> bool:
    """Whether an annotation is "true"."""
    return annotation(obj, name) == "true"
