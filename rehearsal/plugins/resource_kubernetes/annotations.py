"""The `pulumi.com/…` annotations by which a program speaks to the provider."""

from rehearsal.kubernetes_api import JsonObject, Propagation, section

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_FORCE_VARIABLE = "PULUMI_K8S_ENABLE_PATCH_FORCE"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

PROPAGATION_POLICIES: dict[str, Propagation] = {
    "background": "Background",
    "foreground": "Foreground",
    "orphan": "Orphan",
}


def annotation(obj: JsonObject, name: str) -> str | None:
    """The value of an annotation, if it is there and known."""
    value = section(obj, "metadata", "annotations").get(name)
    return value if isinstance(value, str) else None


def is_true(obj: JsonObject, name: str) -> bool:
    """Whether an annotation is "true"."""
    return annotation(obj, name) == "true"


def forces(obj: JsonObject, default: bool) -> bool:
    """Whether to take fields over from other managers: the annotation, else the default."""
    asked = annotation(obj, PATCH_FORCE)
    return default if asked is None else asked == "true"


def timeout_seconds(obj: JsonObject, custom_timeout: float, default: float) -> float:
    """How long to wait, in seconds: the resource option, else the annotation, else the default."""
    if custom_timeout > 0:
        return custom_timeout
    try:
        return float(annotation(obj, TIMEOUT_SECONDS) or default)
    except ValueError:
        return default
