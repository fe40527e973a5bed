"""A microservice in the cluster."""

from collections.abc import Mapping, Sequence

import pulumi

from infra.cluster import configuration, network, origin_auth
from infra.cluster import workload as manifests
from infra.cluster.cluster import Cluster
from infra.cluster.manifest import Manifest
from infra.cluster.registration import KubernetesObject
from infra.stack.secret_values import origin_secrets
from infra.workloads import Workload

# Added to the time that a Job may take, for its pod to be scheduled and its image pulled.
_SECONDS_TO_START = 300


class Microservice(pulumi.ComponentResource):
    """Everything that runs a service and leads requests to it.

    `ready` are the resources that others wait for who need the service: its workload and its
    addresses. They come about only after the services named in `needed`.
    """

    ready: Sequence[KubernetesObject]

    def __init__(
        self,
        workload: Workload,
        secrets: Mapping[str, str],
        cluster: Cluster,
        needed: Sequence["Microservice"] = (),
    ) -> None:
        self._workload = workload
        self._rollout_seconds = cluster.rollout_seconds
        super().__init__(
            "serlo:index:Microservice",
            workload.service.name,
            opts=pulumi.ResourceOptions(providers=[cluster.provider]),
        )
        self._namespace = cluster.namespaces[workload.service.namespace]
        stores = configuration.stores(workload, secrets, pulumi.Output.secret)
        before = [self._add(manifests.account(workload))]
        before += [self._add(manifest) for manifest in stores.manifests]
        services = [
            self._add(manifest, name=entrance.label)
            for entrance, manifest in network.services(workload)
        ]
        before += services
        before += [resource for service in needed for resource in service.ready]
        runners = [self._add(m, *before) for m in manifests.runners(workload, stores)]
        for manifest in (manifests.autoscaler(workload), manifests.disruption_budget(workload)):
            if manifest is not None:
                self._add(manifest)
        if workload.hosts:
            route = network.route(workload)
            values = origin_secrets(secrets)
            self._add(origin_auth.only_from_edge(route, values, pulumi.Output.secret), *services)
            self._add(network.health_check(workload), *services)
        self.ready = (*services, *runners)
        self.register_outputs({})

    def _add(
        self, manifest: Manifest, *needed: pulumi.Resource, name: str | None = None
    ) -> KubernetesObject:
        """Register an object under the name of its service, or another."""
        service = self._workload.service
        kind = manifest["kind"]
        opts = pulumi.ResourceOptions(
            parent=self,
            depends_on=[self._namespace, *needed],
            protect=self._workload.protected and kind == "StatefulSet",
        )
        if kind == "Job":
            seconds = service.deadline + _SECONDS_TO_START
            opts.custom_timeouts = pulumi.CustomTimeouts(create=f"{seconds}s")
        elif kind in ("Deployment", "StatefulSet"):
            limit = f"{self._rollout_seconds}s"
            opts.custom_timeouts = pulumi.CustomTimeouts(create=limit, update=limit)
        return KubernetesObject(name or service.name, manifest, opts)
