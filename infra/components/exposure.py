"""The way into the cluster."""

from collections.abc import Mapping

import pulumi

from infra.components.cluster import Cluster
from infra.components.registration import KubernetesObject
from infra.environment import Environment
from infra.manifests import GATEWAY_NAMESPACE, network


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
