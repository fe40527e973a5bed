"""Registering resources under the types of the official providers.

The generated classes of pulumi-kubernetes and pulumi-cloudflare would register the very same, but
importing the latter takes four seconds, and the former take three times as long for each object.
A test holds the types and properties used here against those packages.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

import pulumi

from infra.cluster.manifest import Manifest

Properties = Mapping[str, object]


class KubernetesObject(pulumi.CustomResource):
    """An object in the cluster, as its manifest says; `name` is what Pulumi calls it."""

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        super().__init__(_kubernetes_type(manifest), name, manifest, opts)


class ExistingObject(pulumi.CustomResource):
    """An object that somebody else made: read, never written.

    `expected` says which it is and how it should be. Pulumi compares it with what is there only to
    find drift; it is also for those who read what the program registers, such as `serlo access`.
    """

    metadata: pulumi.Output[Any]
    """What Kubernetes says; typed loosely, since Pulumi would hold every member to the type."""

    def __init__(
        self, expected: Manifest, opts: pulumi.ResourceOptions, *, after: pulumi.Output[bool] | None
    ) -> None:
        """Look the object up once `after` is known: an output that fails stops it."""
        name = str(cast(Manifest, expected["metadata"])["name"])
        id_ = name if after is None else after.apply(lambda _: name)
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
        super().__init__(_kubernetes_type(expected), name, expected, opts)


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


def _kubernetes_type(manifest: Manifest) -> str:
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    group = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{group}:{kind}"
