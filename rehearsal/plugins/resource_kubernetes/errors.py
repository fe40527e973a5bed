"""What the person at the terminal is told: the object, the API server's own words, the remedy."""

from rehearsal.kubernetes_api import ApiError, Conflict, Invalid, JsonObject
from rehearsal.plugins.resource_kubernetes.annotations import PATCH_FORCE, PATCH_FORCE_VARIABLE
from rehearsal.plugins.resource_kubernetes.identity import describe
from rehearsal.plugins.resource_kubernetes.ownership import conflicts_of, managers_of

# How the API server says that a field cannot be changed on an object that exists.
_IMMUTABLE = ("field is immutable", "updates to ", "may not be changed")


def api_failure(obj: JsonObject, error: ApiError) -> str:
    """An API error with the name of the object it is about."""
    if isinstance(error, Conflict) and (conflicts := conflicts_of(error)):
        fields = "\n".join(f"  {found.field}: owned by {found.manager}" for found in conflicts)
        return (
            f"{describe(obj)}: fields are owned by another manager:\n{fields}\n"
            f"Remove them from the program, or take them over: in this run only with "
            f"{PATCH_FORCE_VARIABLE}=true, for good with the annotation "
            f'{PATCH_FORCE}: "true".\nThe API server says: {error.message}'
        )
    if isinstance(error, Invalid) and any(word in error.message for word in _IMMUTABLE):
        return (
            f"{describe(obj)}: {error.message}\nIf the object may be deleted and created anew, say "
            "so with the resource option replace_on_changes."
        )
    return f"{describe(obj)}: {error.message}"


def already_exists(live: JsonObject) -> str:
    """An object that somebody else made stands where ours should be created."""
    return (
        f"{describe(live)} already exists and was not created by this resource (its field "
        f"managers: {managers_of(live)}). Import it with the import option, or delete it."
    )


def not_ready(obj: JsonObject, reason: str, problems: tuple[str, ...]) -> list[str]:
    """The reasons why an object that exists is not ready, the main one first."""
    first = f"{describe(obj)} is not ready: {reason}"
    return [first, *problems]
