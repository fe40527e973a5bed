"""A microservice in the cluster."""

from collections.abc import Mapping

import pulumi

from infra.components.cluster import Cluster
from infra.components.registration import KubernetesObject
from infra.manifests import Manifest, network
from infra.manifests import workload as manifests
from infra.resolution import Workload


class Microservice(pulumi.ComponentResource):
    """Everything that runs a service and leads requests to it."""

    def __init__(self, workload: Workload, secrets: Mapping[str, str], cluster: Cluster) -> None:
        name = workload.service.name
        super().__init__(
            "serlo:index:Microservice",
            name,
            opts=pulumi.ResourceOptions(providers=[cluster.provider]),
        )
        namespace = cluster.namespaces[workload.service.namespace]

        def add(manifest: Manifest, *needed: pulumi.Resource) -> KubernetesObject:
            opts = pulumi.ResourceOptions(parent=self, depends_on=[namespace, *needed])
            return KubernetesObject(name, manifest, opts)

        needed = [add(manifests.account(workload))]
        if workload.secrets:
            needed.append(add(manifests.secret(workload, secrets, pulumi.Output.secret)))
        add(manifests.deployment(workload, manifests.secret_name(workload, secrets)), *needed)
        add(manifests.autoscaler(workload))
        add(manifests.disruption_budget(workload))
        service = add(network.service(workload))
        if workload.host is not None:
            add(network.route(workload), service)
        self.register_outputs({})
