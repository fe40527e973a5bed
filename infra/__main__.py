"""Serlo's platform: what `pulumi up` brings an environment to."""

from infra.components.cluster import Cluster
from infra.components.edge import Edge
from infra.components.exposure import Exposure
from infra.components.microservice import Microservice
from infra.resolution import workloads
from infra.secret_values import secret_values
from infra.stack import current_environment

# Mistakes and gaps come to light here, before anything is registered.
environment = current_environment()
secrets = secret_values(environment)

declared = workloads(environment)
cluster = Cluster(environment, declared)
Exposure(environment, secrets, cluster)
services: dict[str, Microservice] = {}
for workload in declared:
    needed = [services[name] for name in workload.needs]
    services[workload.service.name] = Microservice(workload, secrets, cluster, needed)
Edge(environment, secrets, cluster)
