"""What a resource is: its kind by type token, its object by ID, its name in messages."""

from k8s import JsonObject

_BUILT_IN_GROUPS: frozenset[str] = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)


def group_of(api_version: str) -> str:
    """The API group of an apiVersion; empty for the core group."""
    return api_version.rpartition("/")[0]


def is_built_in(api_version: str) -> bool:
    """Whether a group belongs to Kubernetes itself, so that the server normalises its objects."""
    return group_of(api_version) in _BUILT_IN_GROUPS


def is_secret(obj: JsonObject) -> bool:
    """Whether an object is a core Secret."""
    return obj.get("apiVersion") == "v1" and obj.get("kind") == "Secret"
