"""What a resource is: its kind by type token, its object by ID, its name in messages."""

from dataclasses import dataclass

from rehearsal.kubernetes_api import JsonObject

PACKAGE = "kubernetes"
CUSTOM_RESOURCE_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")

# Kinds of Kubernetes itself that live in no namespace, so that Check need not ask the server.
CLUSTER_SCOPED: frozenset[tuple[str, str]] = frozenset(
    (group, kind)
    for group, kinds in {
        "": "Namespace Node PersistentVolume ComponentStatus",
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration "
            "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
            "ValidatingWebhookConfiguration"
        ),
        "apiextensions.k8s.io": "CustomResourceDefinition",
        "apiregistration.k8s.io": "APIService",
        "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
        "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
        "networking.k8s.io": "IngressClass IPAddress ServiceCIDR",
        "node.k8s.io": "RuntimeClass",
        "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
        "resource.k8s.io": "DeviceClass ResourceSlice",
        "scheduling.k8s.io": "PriorityClass",
        "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
    }.items()
    for kind in kinds.split()
)

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


@dataclass(frozen=True)
class Token:
    """A type token such as `kubernetes:apps/v1:Deployment`."""

    api_version: str
    kind: str

    @property
    def is_list(self) -> bool:
        """Whether it is a List kind, which the API server does not store."""
        return self.kind.endswith("List") and len(self.kind) > len("List")

    @property
    def is_patch(self) -> bool:
        """Whether it is a Patch resource: someone else's object, of which we set some fields."""
        # JobPatch and the like; a custom resource may well be called Patch.
        built_in = group_of(self.api_version) in _BUILT_IN_GROUPS
        return built_in and self.kind.endswith("Patch") and self.kind != "Patch"


def type_of(urn: str) -> str:
    """The type token in a URN, without the types of its parents."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource name in a URN; it may itself contain `::`."""
    return urn.split("::", 3)[3]


def parse_type(token: str) -> Token:
    """The apiVersion and kind behind a type token. Raises ValueError for other packages' tokens."""
    package, _, rest = token.partition(":")
    module, _, kind = rest.partition(":")
    if package != PACKAGE or "/" not in module or not kind:
        raise ValueError(f"{token!r} is not a type of the Kubernetes provider")
    group, version = module.rsplit("/", 1)
    return Token(version if group in ("core", "") else f"{group}/{version}", kind)


def group_of(api_version: str) -> str:
    """The API group of an apiVersion; empty for the core group."""
    return api_version.rpartition("/")[0]


def is_built_in(api_version: str) -> bool:
    """Whether a group belongs to Kubernetes itself, so that the server normalises its objects."""
    return group_of(api_version) in _BUILT_IN_GROUPS


def split_id(object_id: str) -> tuple[str | None, str]:
    """Namespace (or None) and name of an ID `namespace/name` or `name`."""
    namespace, slash, name = object_id.rpartition("/")
    return (namespace if slash else None), name


def id_of(obj: JsonObject) -> str:
    """The ID of an object: `namespace/name`, or `name` outside namespaces."""
    metadata: JsonObject = obj["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def describe(obj: JsonObject) -> str:
    """How messages name an object: `Deployment api/server`."""
    metadata: JsonObject = obj.get("metadata") or {}
    namespace, name = metadata.get("namespace"), metadata.get("name")
    return f"{obj.get('kind')} {namespace}/{name}" if namespace else f"{obj.get('kind')} {name}"


def is_crd(obj: JsonObject) -> bool:
    """Whether an object is a CustomResourceDefinition."""
    return (group_of(str(obj.get("apiVersion"))), obj.get("kind")) == CUSTOM_RESOURCE_DEFINITION


def is_secret(obj: JsonObject) -> bool:
    """Whether an object is a core Secret."""
    return obj.get("apiVersion") == "v1" and obj.get("kind") == "Secret"
