"""A namespace and its walls."""

from collections.abc import Sequence

import pulumi

from infra.components.registration import KubernetesObject
from infra.manifests import Manifest, isolation, namespaces, quotas
from infra.resolution import Workload


class Compartment(pulumi.ComponentResource):
    """A namespace, who may talk to whom in it, and how much may run in it.

    What runs there depends on all of it: no pod starts unguarded, and quotas grow in time.
    """

    def __init__(
        self,
        name: str,
        workloads: Sequence[Workload],
        *,
        protect: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("serlo:index:Compartment", name, opts=opts)
        namespace = KubernetesObject(
            name, namespaces.namespace(name), pulumi.ResourceOptions(parent=self, protect=protect)
        )

        def add(label: str, manifest: Manifest) -> None:
            opts = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
            KubernetesObject(label, manifest, opts)

        inside = [workload for workload in workloads if workload.service.namespace == name]
        add(f"{name}-default-deny", isolation.default_deny(name))
        add(f"{name}-allow-dns", isolation.dns(name))
        for workload in inside:
            add(workload.service.name, isolation.edges(workload, workloads))
        add(name, quotas.quota(name, inside))
        add(name, quotas.limits(name, inside))
        self.register_outputs({})
