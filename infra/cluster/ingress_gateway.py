"""The way into the cluster."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from infra.cluster import network
from infra.cluster.cluster import Cluster
from infra.cluster.metadata import GATEWAY_NAME, GATEWAY_NAMESPACE, metadata
from infra.stack.environment import Environment


class IngressGateway(pulumi.ComponentResource):
    """The Gateway at the reserved address, with the certificate that it shows to Cloudflare."""

    def __init__(
        self,
        environment: Environment,
        secrets: Mapping[str, str],
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        own = pulumi.ResourceOptions(providers=[cluster.provider])
        super().__init__(
            "serlo:index:IngressGateway",
            "ingress-gateway",
            opts=pulumi.ResourceOptions.merge(own, opts),
        )
        namespace = cluster.namespaces[GATEWAY_NAMESPACE]
        certificate = kubernetes.core.v1.Secret(
            network.GATEWAY_CERTIFICATE,
            metadata=metadata(network.GATEWAY_CERTIFICATE, namespace=GATEWAY_NAMESPACE),
            type="kubernetes.io/tls",
            data=pulumi.Output.secret(
                network.certificate(secrets["gateway-tls-certificate"], secrets["gateway-tls-key"])
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
        )
        kubernetes.apiextensions.CustomResource(
            "gateway",
            api_version=network.GATEWAY_API,
            kind="Gateway",
            metadata=metadata(GATEWAY_NAME, namespace=GATEWAY_NAMESPACE),
            spec=network.gateway(environment.gateway, network.GATEWAY_CERTIFICATE),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[certificate], protect=environment.is_production
            ),
        )
        self.register_outputs({})
