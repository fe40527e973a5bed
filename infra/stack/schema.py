"""The keys of a stack file and the type of each, without regard to what services exist.

The classes are what a checked file becomes. A wrong value raises an error that carries what is
allowed and what to do; `infra.stack.rules` adds the place.
"""

import ipaddress
import re
from typing import Annotated, Literal, LiteralString
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from infra.declaration import quantity

MISTAKE = "serlo"
"""The type of pydantic errors that carry `allowed` and `remedy` in their context."""

NO_UID = "00000000-0000-0000-0000-000000000000"
NO_ACCOUNT = "0" * 32

PERCENTAGE = "a number from 0 to 100"

_SCRIPT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_UID_REMEDY = "Ask the cluster: kubectl get namespace kube-system --output jsonpath={.metadata.uid}"


def _mistake(allowed: str, remedy: str) -> PydanticCustomError:
    template: LiteralString = "expected {allowed}. {remedy}"
    return PydanticCustomError(MISTAKE, template, {"allowed": allowed, "remedy": remedy})


def _domain(text: str) -> str:
    allowed = "a domain such as serlo-staging.dev, in lower case"
    if "://" in text or "/" in text:
        raise _mistake(allowed, "Leave out scheme and path")
    if text != text.lower():
        raise _mistake(allowed, f"Write {text.lower()}")
    labels = text.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _mistake(allowed, "Write the zone's name as Cloudflare shows it, without a final dot")
    if len(labels) > 2:
        raise _mistake(allowed, f"Name the zone itself, not a host in it: {'.'.join(labels[-2:])}")
    return text


def _cloudflare_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        length = f"This has {len(text)} characters. " if len(text) != 32 else ""
        raise _mistake(
            "32 lower-case hexadecimal digits",
            f"{length}Copy the id from the zone's overview page in Cloudflare's dashboard",
        )
    return text


def _uid(text: str) -> str:
    try:
        canonical = str(UUID(text))
    except ValueError:
        canonical = ""
    if canonical != text:
        raise _mistake("the UID of the cluster's namespace kube-system", _UID_REMEDY)
    return text


def _address(text: str) -> str:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        raise _mistake(
            "an IPv4 address such as 203.0.113.7", "Copy the address reserved for the gateway"
        ) from None
    return text


def _block(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise _mistake(
            "an address or a block of addresses such as 203.0.113.0/28",
            "Copy the addresses from which the cluster reaches the internet",
        ) from None
    return text


def _plan(text: str) -> str:
    if text not in {"free", "pro"}:
        raise _mistake("free or pro", "See the zone's overview page; write pro for a higher plan")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _mistake(
            "a URL that starts with https://",
            "Leave the key out: only rehearsals talk to another address than Cloudflare's",
        )
    return text


def _cpu(text: str) -> str:
    return _quantity(text, "cpu")


def _memory(text: str) -> str:
    return _quantity(text, "memory")


def _quantity(text: str, kind: str) -> str:
    try:
        quantity.cpu(text) if kind == "cpu" else quantity.memory(text)
    except ValueError as error:
        raise _mistake(str(error), "Write the amount with its unit") from None
    return text


def _count(number: int) -> int:
    if not 1 <= number <= 100:
        raise _mistake("a whole number from 1 to 100", "Write a number in that range")
    return number


def _percentage(number: float) -> float:
    if not 0 <= number <= 100:
        raise _mistake(PERCENTAGE, "Write how many visitors of that kind the frontend answers")
    return number


def _script_name(text: str) -> str:
    if not _SCRIPT_NAME.fullmatch(text):
        raise _mistake(
            "the name of a worker script: lower-case letters, digits, - and _",
            "Copy the name from Cloudflare's dashboard, or from `name` in its wrangler.toml",
        )
    return text


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class _Keys(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=_kebab,
        use_attribute_docstrings=True,
    )


Text = Annotated[str, StringConstraints(min_length=1)]
Domain = Annotated[str, AfterValidator(_domain)]
CloudflareId = Annotated[str, AfterValidator(_cloudflare_id)]
Percentage = Annotated[float, AfterValidator(_percentage)]
Count = Annotated[int, AfterValidator(_count)]
Cpu = Annotated[str, AfterValidator(_cpu)]
Memory = Annotated[str, AfterValidator(_memory)]


class ClusterKeys(_Keys):
    """The cluster to deploy to."""

    kubeconfig: Text
    """Path of the kubeconfig file."""
    context: Text
    """Context of the kubeconfig file."""
    uid: Annotated[str, AfterValidator(_uid)]
    """UID of the namespace kube-system, which proves that it is the right cluster."""
    pod_security: Literal["enforce", "warn"] = "enforce"
    """Whether namespaces refuse pods that break the restricted standard, or only warn."""


class GatewayKeys(_Keys):
    """The address reserved for the gateway."""

    address: Annotated[str, AfterValidator(_address)]
    """The IPv4 address, for DNS."""
    address_name: Text
    """Its name in the cloud, for the Gateway."""


class CloudflareKeys(_Keys):
    """The zone at Cloudflare."""

    account_id: CloudflareId
    """The account that the zone belongs to."""
    zone_id: CloudflareId
    """The zone of the domain."""
    plan: Annotated[str, AfterValidator(_plan)] = "free"
    """What the zone is subscribed to, free or pro: it limits the number of rate limits."""
    base_url: Annotated[str, AfterValidator(_url)] | None = None
    """Another API than Cloudflare's own, for rehearsals."""


class SplitKeys(_Keys):
    """How many visitors the frontend answers; legacy answers the others.

    Visitors on a mobile device count as such, whether they are logged in or not.
    """

    mobile: Percentage
    """Percentage of visitors on mobile devices."""
    authenticated: Percentage
    """Percentage of visitors who are logged in."""
    desktop: Percentage
    """Percentage of all others."""
    types: list[Text] | None = None
    """Types of content that take part, all by default."""


class EdgeKeys(_Keys):
    """What differs at the edge."""

    allow_auth_from_localhost: bool
    """Whether pages at localhost may use the API with a login, for developers."""
    unlimited_addresses: list[Annotated[str, AfterValidator(_block)]] = []
    """Addresses of our own servers, which ask the API on behalf of all visitors."""
    splits: dict[str, SplitKeys] = {}
    """By the name that rules of the routing table use."""
    switches: list[Text] = []
    """Names of the switched rules of the routing table that hold here."""
    script: Annotated[str, AfterValidator(_script_name)] | None = None
    """Name of another team's worker, which runs instead of this repository's."""


class ReplicaKeys(_Keys):
    """How many pods there may be; the load on processors decides between the two."""

    min: Count
    """The fewest pods."""
    max: Count
    """The most pods."""


class AmountKeys(_Keys):
    """Processors and memory."""

    cpu: Cpu
    """Processors, such as 175m."""
    memory: Memory
    """Memory, such as 350Mi."""


class ResourceKeys(_Keys):
    """Instead of the resources in the declaration."""

    requests: AmountKeys
    """What a container is given for certain."""
    limits: AmountKeys
    """What it may not exceed."""


class ServiceKeys(_Keys):
    """What differs from the declaration of a service."""

    replicas: ReplicaKeys | None = None
    """How many pods. Not for services that must never run twice at once."""
    resources: ResourceKeys | None = None
    """Of the main container."""
    node_pool: Text | None = None
    """Name of a pool below `serlo:node-pools`."""
    settings: dict[str, str] = {}
    """Values of environment variables that the declaration leaves to the stack file."""


class NodePoolKeys(_Keys):
    """A node pool of the cluster, for the check of capacity and for rehearsals."""

    nodes: Count
    """The most nodes that it may have."""
    machine: Text
    """Type of its machines."""
    zones: Annotated[list[Text], Field(min_length=1)]
    """Zones in which it has nodes."""
    allocatable: AmountKeys
    """What one node has left for pods."""
    preemptible: bool = False
    """Whether its nodes may be taken away at any time."""


class SecureKeys(_Keys):
    """An encrypted value, as `pulumi config set --secret` writes it."""

    secure: Text
    """The ciphertext."""


class StackKeys(_Keys):
    """The keys below `config:` that start with `serlo:`."""

    versions: dict[str, str]
    """The version of each service, or of services that share one."""
    prereleases: dict[str, Text] = {}
    """Services that may run a pre-release here, each with the reason."""
    features: dict[str, bool] = {}
    """Optional parts of the platform, on or off."""
    domain: Domain
    """The domain of the zone."""
    cluster: ClusterKeys
    """The cluster."""
    gateway: GatewayKeys
    """The gateway's address."""
    cloudflare: CloudflareKeys
    """The zone."""
    edge: EdgeKeys
    """The worker and the routing table."""
    node_pools: dict[str, NodePoolKeys]
    """The node pools, without the cluster's name before theirs."""
    services: dict[str, ServiceKeys] = {}
    """What differs from the declarations of services."""
    secrets: dict[str, SecureKeys] = {}
    """The encrypted secrets; `serlo secrets` lists which ones there are."""


class AddressKeys(_Keys):
    """Where Cloudflare's API is."""

    base_url: Annotated[str, AfterValidator(_url)]


class OverlayKeys(_Keys):
    """Everything below `config:` of a rehearsal's stack file that starts with `serlo:`.

    `rehearses` is the path of the real stack file.
    """

    rehearses: Text
    cluster: ClusterKeys
    cloudflare: AddressKeys
    secrets: dict[str, SecureKeys]
