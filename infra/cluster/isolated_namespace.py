"""The walls within a namespace."""

from collections.abc import Sequence

import pulumi

from infra.cluster import network_policies, quotas
from infra.cluster.registration import KubernetesObject
from infra.workloads import Workload


class Compartment(pulumi.ComponentResource):
    """Who may talk to whom in a namespace, and how much may run in it.

    What runs there depends on all of it: no pod starts unguarded, and quotas grow in time. The
    namespace itself is an administrator's.
    """

    def __init__(
        self, name: str, workloads: Sequence[Workload], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("serlo:index:Compartment", name, opts=opts)
        inside = [workload for workload in workloads if workload.service.namespace == name]
        opts = pulumi.ResourceOptions(parent=self)
        KubernetesObject(f"{name}-default-deny", network_policies.default_deny(name), opts)
        KubernetesObject(f"{name}-allow-dns", network_policies.dns(name), opts)
        for workload in inside:
            KubernetesObject(
                workload.service.name, network_policies.edges(workload, workloads), opts
            )
        KubernetesObject(name, quotas.quota(name, inside), opts)
        KubernetesObject(name, quotas.limits(name, inside), opts)
        self.register_outputs({})
