"""Knowledge of Kubernetes: a small API client, and what objects and their fields mean."""

import importlib
from typing import TYPE_CHECKING, Any

from k8s.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    UnknownKind,
    Unreachable,
)
from k8s.objects import JsonObject, JsonObjects, items, section

if TYPE_CHECKING:
    from k8s.cluster import Cluster, WatchEvent
    from k8s.kubeconfig import Access, KubeconfigError, read_kubeconfig

# httpx and YAML take long to import. They come with the client, so a module that only reads objects
# does without.
_LATE = {
    "Access": "kubeconfig",
    "Cluster": "cluster",
    "KubeconfigError": "kubeconfig",
    "WatchEvent": "cluster",
    "read_kubeconfig": "kubeconfig",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATE[name]}"), name)


__all__ = [
    "Access",
    "AlreadyExists",
    "ApiError",
    "Cluster",
    "Conflict",
    "Gone",
    "Invalid",
    "JsonObject",
    "JsonObjects",
    "KubeconfigError",
    "NotFound",
    "UnknownKind",
    "Unreachable",
    "WatchEvent",
    "items",
    "read_kubeconfig",
    "section",
]
