"""Whose object, whose field: field managers of server-side apply."""

import hashlib

from k8s import JsonObject
from k8s.annotations import PATCH_FIELD_MANAGER, annotation
from k8s.manifests import FIELD_MANAGER


def default_field_manager(urn: str) -> str:
    """The field manager of a resource: always the same for the same resource of the same stack.

    It is the mark by which an object is recognised as ours when the engine died between the
    write and its own note of it.
    """
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def field_manager(urn: str, inputs: JsonObject, state: JsonObject | None = None) -> str:
    """The field manager to apply with: the annotation's, else the state's, else the default."""
    kept = (state or {}).get(FIELD_MANAGER)
    return annotation(inputs, PATCH_FIELD_MANAGER) or kept or default_field_manager(urn)
