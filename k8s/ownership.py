"""Whose object, whose field: field managers of server-side apply."""

import hashlib

from k8s import JsonObject
from k8s.annotations import PATCH_FIELD_MANAGER, annotation
from k8s.manifests import FIELD_MANAGER

PREFIX = "pulumi-kubernetes-"
"""How the names begin that the provider chooses."""


def default_field_manager(urn: str) -> str:
    """A field manager for a resource that Pulumi does not know yet, always the same.

    The provider keeps the name that the state has (`__fieldManager`), and chooses one by chance
    where there is none.
    """
    return f"{PREFIX}{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def field_manager(urn: str, inputs: JsonObject, state: JsonObject | None = None) -> str:
    """The field manager to apply with: the annotation's, else the state's, else the default."""
    kept = (state or {}).get(FIELD_MANAGER)
    return annotation(inputs, PATCH_FIELD_MANAGER) or kept or default_field_manager(urn)
