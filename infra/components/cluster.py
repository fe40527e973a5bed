"""The cluster, and the proof that it is the right one."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes import Provider

from infra.components.compartment import Compartment
from infra.components.registration import KubernetesNamespace, KubernetesObject
from infra.environment import Environment
from infra.manifests import GATEWAY_NAMESPACE
from infra.manifests.priority import priority_classes
from infra.manifests.workload import PROGRESS_DEADLINE_SECONDS
from infra.resolution import Workload

# Without a limit of ours the provider waits ten minutes, also for what Kubernetes has given up.
_ROLLOUT = PROGRESS_DEADLINE_SECONDS + 60
# Simulated pods are ready at once or never.
_REHEARSED_ROLLOUT = 90


class Cluster(pulumi.ComponentResource):
    """Access to the environment's cluster, given only after its identity was checked.

    `provider` acts on the cluster; `confirmed` is an output that fails for a wrong one, so that
    others can wait for the proof. `namespaces` holds every namespace by name, walls included.
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
        identity = KubernetesNamespace(
            "kube-system", pulumi.ResourceOptions(parent=self, provider=reader)
        )
        self.confirmed = identity.metadata.apply(
            lambda metadata: confirm(environment, metadata["uid"])
        )
        self.provider = Provider(
            "cluster",
            kubeconfig=self.confirmed.apply(lambda _: keys.kubeconfig),
            context=keys.context,
            cluster_identifier=keys.uid,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.namespaces = self._create_namespaces(workloads, environment.is_production)
        self.register_outputs({})

    def _create_namespaces(
        self, workloads: Sequence[Workload], protect: bool
    ) -> Mapping[str, Compartment]:
        opts = pulumi.ResourceOptions(parent=self, provider=self.provider)
        # Pods that name a class are refused until it is there.
        classes = [
            KubernetesObject(name, manifest, opts) for name, manifest in priority_classes().items()
        ]
        opts = pulumi.ResourceOptions(parent=self, providers=[self.provider], depends_on=classes)
        names = {workload.service.namespace for workload in workloads} | {GATEWAY_NAMESPACE}
        return {
            name: Compartment(name, workloads, protect=protect, opts=opts) for name in sorted(names)
        }


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
