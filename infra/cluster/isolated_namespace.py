"""Policies, quota and limits of a namespace."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.networking import v1 as networking

from infra.cluster import network_policies, quotas
from infra.cluster.metadata import metadata
from infra.workloads import Workload


class IsolatedNamespace(pulumi.ComponentResource):
    """Who may talk to whom in a namespace, and how much may run in it.

    What runs there depends on all of it: no pod starts unguarded, and quotas grow in time. The
    namespace itself is an administrator's.
    """

    def __init__(
        self,
        name: str,
        workloads: Sequence[Workload],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("serlo:index:IsolatedNamespace", name, opts=opts)
        self._namespace = name
        self._opts = pulumi.ResourceOptions(parent=self)
        inside = [workload for workload in workloads if workload.service.namespace == name]
        self._add_policy("default-deny", network_policies.default_deny(), f"{name}-default-deny")
        self._add_policy("allow-dns", network_policies.dns(), f"{name}-allow-dns")
        for workload in inside:
            self._add_policy(workload.service.name, network_policies.edges(workload, workloads))
        kubernetes.core.v1.ResourceQuota(
            name,
            metadata=metadata(name, namespace=name),
            spec=quotas.quota(inside),
            opts=self._opts,
        )
        kubernetes.core.v1.LimitRange(
            name,
            metadata=metadata(name, namespace=name),
            spec=quotas.limits(inside),
            opts=self._opts,
        )
        self.register_outputs({})

    def _add_policy(
        self,
        name: str,
        spec: networking.NetworkPolicySpecArgsDict,
        resource_name: str | None = None,
    ) -> None:
        networking.NetworkPolicy(
            resource_name or name,
            metadata=metadata(name, namespace=self._namespace),
            spec=spec,
            opts=self._opts,
        )
