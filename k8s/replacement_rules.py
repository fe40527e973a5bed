"""Which changes replace an object: it is deleted, then made again.

Data: group and kind, and the paths below which nothing can change. `*` stands for any element.
The lists follow the official provider, also where Kubernetes has since come to accept a change in
place (a Job's parallelism, a StatefulSet's revision history). Beyond them they name what the API
server refuses to change.
"""

from k8s.identity import group_of

Path = tuple[str | int, ...]

IDENTITY: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"))

_CONTAINER_FIELDS = (
    "args command env envFrom imagePullPolicy lifecycle livenessProbe name ports readinessProbe "
    "resizePolicy resources restartPolicy securityContext startupProbe stdin stdinOnce "
    "terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)
_POD_FIELDS = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases "
    "hostIPC hostNetwork hostPID hostUsers hostname imagePullSecrets nodeName nodeSelector os "
    "overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources "
    "restartPolicy runtimeClassName schedulerName securityContext serviceAccount "
    "serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain "
    "terminationGracePeriodSeconds topologySpreadConstraints volumes"
)
_VOLUME_SOURCES = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker "
    "gcePersistentDisk glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume "
    "quobyte rbd scaleIO storageos vsphereVolume"
)
_STATEFUL_SET_FIELDS = (
    "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"
)
_JOB_FIELDS = (
    "backoffLimitPerIndex completionMode completions managedBy manualSelector parallelism "
    "podFailurePolicy selector successPolicy template"
)
# Not the size that is asked for: a volume can grow in place.
_CLAIM_FIELDS = "accessModes selector storageClassName volumeName"


def _below(prefix: str, names: str) -> tuple[Path, ...]:
    return tuple((*prefix.split("."), name) for name in names.split())


_ROLE_REFERENCE: tuple[Path, ...] = (("roleRef",),)

RULES: dict[tuple[str, str], tuple[Path, ...]] = {
    ("", "PersistentVolume"): _below("spec", _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): _below("spec", _CLAIM_FIELDS),
    ("", "Pod"): (
        *_below("spec", _POD_FIELDS),
        *_below("spec.containers.*", _CONTAINER_FIELDS),
        *_below("spec.initContainers.*", _CONTAINER_FIELDS),
    ),
    ("", "ResourceQuota"): (("spec", "scopes"), ("spec", "scopeSelector")),
    ("", "Service"): (("spec", "clusterIP"),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        ("spec", "group"),
        ("spec", "scope"),
        ("spec", "names", "plural"),
        ("spec", "names", "kind"),
    ),
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "ReplicaSet"): (("spec", "selector"),),
    ("apps", "StatefulSet"): _below("spec", _STATEFUL_SET_FIELDS),
    ("batch", "Job"): _below("spec", _JOB_FIELDS),
    ("certificates.k8s.io", "CertificateSigningRequest"): (("spec",),),
    ("discovery.k8s.io", "EndpointSlice"): (("addressType",),),
    ("networking.k8s.io", "IngressClass"): (("spec", "controller"),),
    ("node.k8s.io", "RuntimeClass"): (("handler",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _ROLE_REFERENCE,
    ("rbac.authorization.k8s.io", "RoleBinding"): _ROLE_REFERENCE,
    ("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
    ("storage.k8s.io", "StorageClass"): (
        ("parameters",),
        ("provisioner",),
        ("reclaimPolicy",),
        ("volumeBindingMode",),
    ),
    ("storage.k8s.io", "VolumeAttributesClass"): (("driverName",), ("parameters",)),
    ("gateway.networking.k8s.io", "GatewayClass"): (("spec", "controllerName"),),
}

SECRET_CONTENTS: tuple[Path, ...] = (("type",), ("data",), ("stringData",))
CONFIG_MAP_CONTENTS: tuple[Path, ...] = (("data",), ("binaryData",))


def replacement_paths(
    api_version: str,
    kind: str,
    *,
    immutable: bool,
    config_map_mutable: bool,
    secret_mutable: bool,
) -> tuple[Path, ...]:
    """The paths whose change replaces an object of this kind.

    The contents of ConfigMaps and Secrets count unless the provider has been told that they may
    be changed in place (`enableConfigMapMutable`, `enableSecretMutable`); those of an `immutable`
    one always do.
    """
    group = group_of(api_version)
    paths = IDENTITY + RULES.get((group, kind), ())
    if (group, kind) == ("", "Secret"):
        contents = SECRET_CONTENTS if immutable or not secret_mutable else (("type",),)
        return paths + contents
    if (group, kind) == ("", "ConfigMap") and (immutable or not config_map_mutable):
        return paths + CONFIG_MAP_CONTENTS
    return paths
