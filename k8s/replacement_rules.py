"""Which changes replace an object: it is deleted, then made again.

Data, for the kinds that this repository declares: group and kind, and the paths below which a
change replaces. The lists are those of the official provider, also where Kubernetes has since come
to accept a change in place (a Job's parallelism, a StatefulSet's revision history).
"""

from k8s.identity import group_of

Path = tuple[str | int, ...]

IDENTITY: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"))

_STATEFUL_SET_FIELDS = (
    "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"
)
_JOB_FIELDS = (
    "backoffLimitPerIndex completionMode completions managedBy manualSelector parallelism "
    "podFailurePolicy selector successPolicy template"
)
# Not the requested size: a volume can grow in place.
_CLAIM_FIELDS = "accessModes selector storageClassName volumeName"


def _below(prefix: str, names: str) -> tuple[Path, ...]:
    return tuple((*prefix.split("."), name) for name in names.split())


RULES: dict[tuple[str, str], tuple[Path, ...]] = {
    ("", "ConfigMap"): (("data",), ("binaryData",)),
    ("", "PersistentVolumeClaim"): _below("spec", _CLAIM_FIELDS),
    ("", "ResourceQuota"): (("spec", "scopes"), ("spec", "scopeSelector")),
    ("", "Secret"): (("type",), ("data",), ("stringData",)),
    ("", "Service"): (("spec", "clusterIP"),),
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "StatefulSet"): _below("spec", _STATEFUL_SET_FIELDS),
    ("batch", "Job"): _below("spec", _JOB_FIELDS),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
}

REFUSED: dict[tuple[str, str], tuple[Path, ...]] = {
    ("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
}
"""Paths that the provider updates in place, and that the API server refuses to change."""


def replacement_paths(api_version: str, kind: str) -> tuple[Path, ...]:
    """The paths whose change replaces an object of this kind."""
    return IDENTITY + RULES.get((group_of(api_version), kind), ())


def refused_paths(api_version: str, kind: str) -> tuple[Path, ...]:
    """The paths whose change makes an update of an object of this kind fail."""
    return REFUSED.get((group_of(api_version), kind), ())
