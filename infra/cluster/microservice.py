"""A microservice in the cluster."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from infra.cluster import configuration, network, origin_auth, patch
from infra.cluster import workload as specs
from infra.cluster.cluster import Cluster
from infra.cluster.metadata import NAME_LABEL, VERSION_LABEL, metadata
from infra.declaration.service import CronJob, Deployment, Job, StatefulSet
from infra.stack.secret_values import origin_secrets
from infra.workloads import Workload

# A Job that failed stays failed: without this, every later update waits for it and fails.
_AGAIN_AFTER_A_FAILURE = {"pulumi.com/replaceUnready": "true"}

# Added to the time that a Job may take, for its pod to be scheduled and its image pulled.
_SECONDS_TO_START = 300


class Microservice(pulumi.ComponentResource):
    """Everything that runs a service and leads requests to it.

    `ready` are the resources that others wait for who need the service: its workload and its
    addresses. They come about only after the services named in `needed`.
    """

    ready: Sequence[pulumi.Resource]

    def __init__(
        self,
        workload: Workload,
        secrets: Mapping[str, str],
        cluster: Cluster,
        needed: Sequence["Microservice"] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        service = workload.service
        own = pulumi.ResourceOptions(providers=[cluster.provider])
        super().__init__(
            "serlo:index:Microservice",
            service.name,
            opts=pulumi.ResourceOptions.merge(own, opts),
        )
        self._workload = workload
        self._namespace = cluster.namespaces[service.namespace]
        self._rollout_seconds = cluster.rollout_seconds
        stores = configuration.stores(workload, secrets)
        services = self._add_services()
        before = [self._add_account(), *self._add_stores(stores), *services]
        before += [resource for other in needed for resource in other.ready]
        runners = list(self._add_runners(stores, before))
        self._add_scaling()
        if workload.hosts:
            self._add_route(origin_secrets(secrets), services)
        self.ready = (*services, *runners)
        self.register_outputs({})

    def _opts(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[self._namespace, *needed])

    def _metadata(
        self,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        service = self._workload.service
        return metadata(
            name or service.name,
            namespace=service.namespace,
            labels={NAME_LABEL: service.name, **(labels or {})},
            annotations=annotations,
        )

    def _add_account(self) -> pulumi.Resource:
        # It gets no token, since no service talks to Kubernetes.
        return kubernetes.core.v1.ServiceAccount(
            self._workload.service.name,
            metadata=self._metadata(),
            automount_service_account_token=False,
            opts=self._opts(),
        )

    def _add_stores(self, stores: configuration.Stores) -> Iterator[pulumi.Resource]:
        name = self._workload.service.name
        if stores.secret_data:
            yield kubernetes.core.v1.Secret(
                name,
                metadata=self._metadata(stores.secret),
                type="Opaque",
                immutable=True,
                data=pulumi.Output.secret(stores.secret_data),
                opts=self._opts(),
            )
        if stores.config_data:
            yield kubernetes.core.v1.ConfigMap(
                name,
                metadata=self._metadata(stores.config),
                immutable=True,
                data=stores.config_data,
                opts=self._opts(),
            )

    def _add_services(self) -> list[pulumi.Resource]:
        # They may be there before the pods are, and are not waited for: the pods themselves are.
        return [
            kubernetes.core.v1.Service(
                port.label,
                metadata=self._metadata(
                    port.service_name, annotations={"pulumi.com/skipAwait": "true"}
                ),
                spec=network.service(self._workload.service, port),
                opts=self._opts(),
            )
            for port in self._workload.service.service_ports
        ]

    def _add_runners(
        self, stores: configuration.Stores, before: Sequence[pulumi.Resource]
    ) -> Iterator[pulumi.Resource]:
        """Yield what makes pods: one object, or a Job and the CronJob that repeats it."""
        workload = self._workload
        name, kind = workload.service.name, workload.service.kind
        labels = {VERSION_LABEL: workload.image.release.tag}
        reason = patch.annotations(workload.service.patch)
        opts = self._opts(*before)
        limit = f"{self._rollout_seconds}s"
        match kind:
            case Deployment():
                opts.custom_timeouts = pulumi.CustomTimeouts(create=limit, update=limit)
                yield kubernetes.apps.v1.Deployment(
                    name,
                    metadata=self._metadata(labels=labels, annotations=reason),
                    spec=specs.deployment(workload, kind, stores),
                    opts=opts,
                )
            case StatefulSet():
                opts.custom_timeouts = pulumi.CustomTimeouts(create=limit, update=limit)
                opts.protect = workload.protected
                yield kubernetes.apps.v1.StatefulSet(
                    name,
                    metadata=self._metadata(labels=labels, annotations=reason),
                    spec=specs.stateful_set(workload, stores),
                    opts=opts,
                )
            case Job():
                spec = specs.job(workload, kind, stores)
                seconds = kind.active_deadline_seconds + _SECONDS_TO_START
                timeouts = pulumi.CustomTimeouts(create=f"{seconds}s")
                yield kubernetes.batch.v1.Job(
                    name,
                    metadata=self._metadata(
                        specs.job_name(workload, spec),
                        labels,
                        {**(reason or {}), **_AGAIN_AFTER_A_FAILURE},
                    ),
                    spec=spec,
                    opts=pulumi.ResourceOptions.merge(
                        opts, pulumi.ResourceOptions(custom_timeouts=timeouts)
                    ),
                )
            case CronJob():
                pass
        if workload.cron and isinstance(kind, Job | CronJob):
            yield kubernetes.batch.v1.CronJob(
                name,
                metadata=self._metadata(labels=labels, annotations=reason),
                spec=specs.cron_job(workload, kind, stores, workload.cron),
                opts=opts,
            )

    def _add_scaling(self) -> None:
        name = self._workload.service.name
        if (scaling := specs.autoscaler(self._workload)) is not None:
            kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
                name, metadata=self._metadata(), spec=scaling, opts=self._opts()
            )
        if (budget := specs.disruption_budget(self._workload)) is not None:
            kubernetes.policy.v1.PodDisruptionBudget(
                name, metadata=self._metadata(), spec=budget, opts=self._opts()
            )

    def _add_route(self, values: Sequence[str], services: Sequence[pulumi.Resource]) -> None:
        route = network.route(self._workload)
        for api_version, kind, spec in (
            (
                network.GATEWAY_API,
                "HTTPRoute",
                origin_auth.only_from_edge(route, values),
            ),
            (network.GKE_API, "HealthCheckPolicy", network.health_check(self._workload)),
            (network.GKE_API, "GCPBackendPolicy", network.backend_policy(self._workload)),
        ):
            kubernetes.apiextensions.CustomResource(
                self._workload.service.name,
                api_version=api_version,
                kind=kind,
                metadata=self._metadata(),
                spec=spec,
                opts=self._opts(*services),
            )
