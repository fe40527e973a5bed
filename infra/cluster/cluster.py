"""The cluster, and the proof that it is the right one, prepared by its administrator."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from infra.cluster.isolated_namespace import Compartment
from infra.cluster.manifest import GATEWAY_NAMESPACE
from infra.cluster.namespaces import Labels, differences, labels, namespace
from infra.cluster.priority_classes import priority_classes
from infra.cluster.rbac import SYSTEM_NAMESPACE, prepared, prepared_namespaces
from infra.cluster.registration import ExistingObject, KubernetesObject
from infra.cluster.workload import PROGRESS_DEADLINE_SECONDS
from infra.stack.environment import Environment
from infra.workloads import Workload

# Without a limit of ours the provider waits ten minutes, also for what Kubernetes has given up.
_ROLLOUT = PROGRESS_DEADLINE_SECONDS + 60
# Simulated pods are ready at once or never.
_REHEARSED_ROLLOUT = 90


class Cluster(pulumi.ComponentResource):
    """Access to the environment's cluster, given only after it was checked.

    `provider` acts on the cluster; `confirmed` is an output that fails for a wrong cluster, and for
    namespaces that are missing or not labelled as declared, so that others can wait for the proof.
    `namespaces` holds the walls of every namespace, by its name.
    """

    provider: Provider
    confirmed: pulumi.Output[bool]
    namespaces: Mapping[str, Compartment]
    rollout_seconds: int
    """How long an update waits for pods to become ready."""

    def __init__(self, environment: Environment, workloads: Sequence[Workload]) -> None:
        super().__init__("serlo:index:Cluster", "cluster")
        self.rollout_seconds = _REHEARSED_ROLLOUT if environment.is_rehearsal else _ROLLOUT
        keys = environment.cluster
        reader = Provider(
            "cluster-identity",
            kubeconfig=keys.kubeconfig,
            context=keys.context,
            # Not the UID: asking another cluster who it is replaces nothing.
            cluster_identifier=environment.name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        opts = pulumi.ResourceOptions(parent=self, provider=reader)
        identity = ExistingObject(SYSTEM_NAMESPACE, opts, after=None)
        known = identity.metadata.apply(lambda metadata: confirm(environment, metadata["uid"]))
        names = {workload.service.namespace for workload in workloads} | {GATEWAY_NAMESPACE}
        declared = {
            name: namespace(name, enforce=keys.pod_security == "enforce") for name in sorted(names)
        }
        # Looked up in no other cluster, and only if it is there: a lookup that finds nothing ends
        # the program before it can say what to do.
        role = ExistingObject(prepared(declared), opts, after=known)
        there = role.metadata.apply(lambda role: check_names(environment, declared, role))
        found = {
            name: ExistingObject(manifest, opts, after=there).metadata
            for name, manifest in declared.items()
        }
        wanted = {name: labels(manifest) for name, manifest in declared.items()}
        self.confirmed = pulumi.Output.all(**found).apply(
            lambda found: check_labels(
                environment, wanted, {name: labels({"metadata": m}) for name, m in found.items()}
            )
        )
        self.provider = Provider(
            "cluster",
            kubeconfig=self.confirmed.apply(lambda _: keys.kubeconfig),
            context=keys.context,
            cluster_identifier=keys.uid,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.namespaces = self._guard(declared, workloads)
        self.register_outputs({})

    def _guard(
        self, names: Iterable[str], workloads: Sequence[Workload]
    ) -> Mapping[str, Compartment]:
        opts = pulumi.ResourceOptions(parent=self, provider=self.provider)
        # Pods that name a class are refused until it is there.
        classes = [
            KubernetesObject(name, manifest, opts) for name, manifest in priority_classes().items()
        ]
        opts = pulumi.ResourceOptions(parent=self, providers=[self.provider], depends_on=classes)
        return {name: Compartment(name, workloads, opts) for name in names}


def confirm(environment: Environment, uid: str) -> bool:
    """Whether `uid` is that of the environment's kube-system; raises pulumi.RunError if not."""
    if uid == environment.cluster.uid:
        return True
    line, column = environment.file.position(("config", "serlo:cluster", "uid"))
    raise pulumi.RunError(
        f"This is not the cluster of {environment.name}: its namespace kube-system has the UID "
        f"{uid}, but {environment.file.label}:{line}:{column} names {environment.cluster.uid}. "
        f"Nothing was changed. Check the context {environment.cluster.context!r} of "
        f"{environment.cluster.kubeconfig}, or the stack that is selected."
    )


def check_names(environment: Environment, names: Iterable[str], role: Mapping[str, Any]) -> bool:
    """Whether an administrator has made these namespaces; raises pulumi.RunError if not.

    `role` is the metadata of the deployer's role, which names each of them.
    """
    missing = sorted(set(names) - prepared_namespaces(role))
    if not missing:
        return True
    raise pulumi.RunError(
        f"Namespaces are missing: {', '.join(missing)}. Nothing was changed.\n"
        "An administrator makes them; name everybody who deploys or reads:\n"
        f"  serlo access {environment.name} --user … --reader … | "
        "kubectl apply --server-side --filename=-"
    )


def check_labels(
    environment: Environment, wanted: Mapping[str, Labels], found: Mapping[str, Labels]
) -> bool:
    """Whether namespaces carry the labels that are declared; raises pulumi.RunError if not."""
    wrong = [
        f"  namespace {name}: label {label}: found {there}, wanted {value}"
        for name, declared in wanted.items()
        for label, there, value in differences(declared, found[name])
    ]
    if not wrong:
        return True
    raise pulumi.RunError(
        "Namespaces are not labelled as declared. Nothing was changed.\n"
        + "\n".join(wrong)
        + "\nLabels of namespaces are an administrator's to change:\n"
        f"  serlo access {environment.name} | kubectl apply --server-side --filename=-"
    )
