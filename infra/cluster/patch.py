"""Merges what the vocabulary of services has no word for into the spec of what runs a service."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from infra.declaration.service import Patch

PATCH_ANNOTATION = "serlo.org/patch"
"""The annotation that holds the reason for a patch, so that reviews and the cluster show it."""

_Spec = TypeVar("_Spec", bound=Mapping[str, Any])


def annotations(patch: Patch | None) -> dict[str, str] | None:
    """Return the annotation of an object with a patch, None for one without."""
    return None if patch is None else {PATCH_ANNOTATION: patch.reason}


def patched(spec: _Spec, patch: Patch | None) -> _Spec:
    """Return the spec with the patch merged into it, as kubectl's strategic merge does.

    Members of mappings are merged, lists of named things by name; other lists and values are
    replaced, and None removes a member.
    """
    return spec if patch is None else cast(_Spec, _merged(spec, patch.spec))


def _merged(base: Any, patch: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        old, new = cast(Mapping[str, Any], base), cast(Mapping[str, Any], patch)
        merged = {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
        return {key: value for key, value in merged.items() if value is not None}
    old_by_name, new_by_name = _by_name(base), _by_name(patch)
    if old_by_name is not None and new_by_name is not None:
        return list(_merged(old_by_name, new_by_name).values())
    return patch


def _by_name(value: Any) -> dict[str, Any] | None:
    """The members of a list of named things, None for anything else."""
    if not isinstance(value, list):
        return None
    members = cast(list[Any], value)
    if not all(isinstance(member, Mapping) and "name" in member for member in members):
        return None
    return {member["name"]: member for member in members}
