"""Registering Cloudflare resources under the types of the official provider."""

from collections.abc import Mapping
from importlib.metadata import version

import pulumi

Properties = Mapping[str, object]


class CloudflareProvider(pulumi.ProviderResource):
    """The provider for one Cloudflare account; `base_url` None means Cloudflare's own API."""

    def __init__(
        self,
        name: str,
        *,
        api_token: pulumi.Input[str],
        base_url: str | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        installed = pulumi.ResourceOptions(version=version("pulumi-cloudflare"))
        properties = {"apiToken": pulumi.Output.secret(api_token), "baseUrl": base_url}
        super().__init__(
            "cloudflare", name, properties, pulumi.ResourceOptions.merge(opts, installed)
        )


class _CloudflareResource(pulumi.CustomResource):
    kind = ""

    def __init__(self, name: str, properties: Properties, opts: pulumi.ResourceOptions) -> None:
        token = f"cloudflare:index/{self.kind[:1].lower()}{self.kind[1:]}:{self.kind}"
        super().__init__(token, name, dict(properties), opts)


class DnsRecord(_CloudflareResource):
    """A DNS record."""

    kind = "DnsRecord"


class WorkersKvNamespace(_CloudflareResource):
    """A key-value store for workers."""

    kind = "WorkersKvNamespace"


class WorkersScript(_CloudflareResource):
    """A worker's code and bindings."""

    kind = "WorkersScript"
    scriptName: pulumi.Output[str]


class ZoneSetting(_CloudflareResource):
    """A setting of a zone."""

    kind = "ZoneSetting"


class ZoneDnssec(_CloudflareResource):
    """Whether a zone's records are signed."""

    kind = "ZoneDnssec"


class Ruleset(_CloudflareResource):
    """The rules of one phase of requests."""

    kind = "Ruleset"


class WorkersRoute(_CloudflareResource):
    """Which requests a worker answers."""

    kind = "WorkersRoute"
