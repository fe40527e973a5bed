"""Serlo's platform: what `pulumi up` brings an environment to."""

import gc

import pulumi

# A third of a run's time went into looking for garbage, while the SDKs' classes are made.
gc.disable()

from infra.cluster.cluster import Cluster
from infra.cluster.ingress_gateway import IngressGateway
from infra.cluster.microservice import Microservice
from infra.edge.edge import Edge
from infra.stack.current import current_environment
from infra.stack.secret_values import secret_values
from infra.workloads import workloads

# Reports mistakes and placeholders before anything is registered.
environment = current_environment()
secrets = secret_values(environment)

declared = workloads(environment)
cluster = Cluster(environment, declared)
IngressGateway(environment, secrets, cluster)
services: dict[str, Microservice] = {}
for workload in declared:
    needed = [services[name] for name in workload.depends_on]
    services[workload.service.name] = Microservice(workload, secrets, cluster, needed)
edge = Edge(environment, secrets, cluster)

pulumi.export("gateway_address", environment.gateway.address)
pulumi.export("kv_namespace_id", edge.kv_namespace_id)
pulumi.export("ds_record", edge.ds_record)
pulumi.export(
    "versions", {workload.service.name: str(workload.image.release) for workload in declared}
)
