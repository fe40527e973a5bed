"""The walls within a namespace."""

from collections.abc import Sequence

import pulumi

from infra.components.registration import KubernetesObject
from infra.manifests import isolation, quotas
from infra.resolution import Workload


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
        KubernetesObject(f"{name}-default-deny", isolation.default_deny(name), opts)
        KubernetesObject(f"{name}-allow-dns", isolation.dns(name), opts)
        for workload in inside:
            KubernetesObject(workload.service.name, isolation.edges(workload, workloads), opts)
        KubernetesObject(name, quotas.quota(name, inside), opts)
        KubernetesObject(name, quotas.limits(name, inside), opts)
        self.register_outputs({})
