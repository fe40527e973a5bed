"""The way into the cluster."""

from collections.abc import Mapping

import pulumi

from infra.cluster import network
from infra.cluster.cluster import Cluster
from infra.cluster.manifest import GATEWAY_NAMESPACE
from infra.cluster.registration import KubernetesObject
from infra.stack.environment import Environment


class Exposure(pulumi.ComponentResource):
    """The gateway at the reserved address, with the certificate it shows to Cloudflare."""

    def __init__(
        self, environment: Environment, secrets: Mapping[str, str], cluster: Cluster
    ) -> None:
        super().__init__(
            "serlo:index:Exposure",
            "exposure",
            opts=pulumi.ResourceOptions(providers=[cluster.provider]),
        )
        namespace = cluster.namespaces[GATEWAY_NAMESPACE]
        certificate = KubernetesObject(
            network.GATEWAY_CERTIFICATE,
            network.certificate(
                secrets["gateway-tls-certificate"], secrets["gateway-tls-key"], pulumi.Output.secret
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
        )
        KubernetesObject(
            "gateway",
            network.gateway(environment.gateway, network.GATEWAY_CERTIFICATE),
            pulumi.ResourceOptions(
                parent=self, depends_on=[certificate], protect=environment.is_production
            ),
        )
        self.register_outputs({})
