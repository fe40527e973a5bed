"""A small Kubernetes API client: synchronous, thread-safe, for any kind the API server knows."""

from rehearsal.kubernetes_api.cluster import Cluster, WatchEvent
from rehearsal.kubernetes_api.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    UnknownKind,
    Unreachable,
)
from rehearsal.kubernetes_api.kubeconfig import Access, KubeconfigError, read_kubeconfig
from rehearsal.kubernetes_api.objects import JsonObject

__all__ = [
    "Access",
    "AlreadyExists",
    "ApiError",
    "Cluster",
    "Conflict",
    "Gone",
    "Invalid",
    "JsonObject",
    "KubeconfigError",
    "NotFound",
    "UnknownKind",
    "Unreachable",
    "WatchEvent",
    "read_kubeconfig",
]
