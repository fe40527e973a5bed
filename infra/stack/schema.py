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
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=_kebab)


Text = Annotated[str, StringConstraints(min_length=1)]
Domain = Annotated[str, AfterValidator(_domain)]
CloudflareId = Annotated[str, AfterValidator(_cloudflare_id)]
Percentage = Annotated[float, AfterValidator(_percentage)]
Count = Annotated[int, AfterValidator(_count)]
Cpu = Annotated[str, AfterValidator(_cpu)]
Memory = Annotated[str, AfterValidator(_memory)]


class ClusterKeys(_Keys):
    """Which cluster: how to reach it, and the UID of kube-system by which it is recognised.

    `pod_security`: whether namespaces refuse pods that break the restricted standard, or only warn.
    """

    kubeconfig: Text
    context: Text
    uid: Annotated[str, AfterValidator(_uid)]
    pod_security: Literal["enforce", "warn"] = "enforce"


class GatewayKeys(_Keys):
    """The address reserved for the gateway: as DNS knows it, and under its name in the cloud."""

    address: Annotated[str, AfterValidator(_address)]
    address_name: Text


class CloudflareKeys(_Keys):
    """Whose zone; `base_url` names another API than Cloudflare's own, for rehearsals.

    `plan` is what the zone is subscribed to: it decides how many limits of requests there may be.
    """

    account_id: CloudflareId
    zone_id: CloudflareId
    plan: Annotated[str, AfterValidator(_plan)] = "free"
    base_url: Annotated[str, AfterValidator(_url)] | None = None


class SplitKeys(_Keys):
    """How many of each audience the frontend answers, in percent, and for which types of content.

    Who is on a mobile device counts as that, logged in or not. Without `types`, all take part.
    """

    mobile: Percentage
    authenticated: Percentage
    desktop: Percentage
    types: list[Text] | None = None


class EdgeKeys(_Keys):
    """What differs at the edge.

    `unlimited_addresses`: from where our own servers ask the API on behalf of all visitors.
    `splits` and `switches` are for the rules that name them in the routing table. `script` is the
    name of another team's worker, which runs instead of this repository's.
    """

    allow_auth_from_localhost: bool
    unlimited_addresses: list[Annotated[str, AfterValidator(_block)]] = []
    splits: dict[str, SplitKeys] = {}
    switches: list[Text] = []
    script: Annotated[str, AfterValidator(_script_name)] | None = None


class ReplicaKeys(_Keys):
    """How few and how many pods."""

    min: Count
    max: Count


class AmountKeys(_Keys):
    """Processors and memory."""

    cpu: Cpu
    memory: Memory


class ResourceKeys(_Keys):
    """Instead of the resources in the declaration."""

    requests: AmountKeys
    limits: AmountKeys


class ServiceKeys(_Keys):
    """What a stack file may say about a service."""

    replicas: ReplicaKeys | None = None
    resources: ResourceKeys | None = None
    pool: Text | None = None
    settings: dict[str, str] = {}


class NodePoolKeys(_Keys):
    """A node pool: how many nodes it may have, and what one of them has left for pods."""

    nodes: Count
    machine: Text
    zones: Annotated[list[Text], Field(min_length=1)]
    allocatable: AmountKeys
    preemptible: bool = False


class SecureKeys(_Keys):
    """An encrypted value, as `pulumi config set --secret` writes it."""

    secure: Text


class StackKeys(_Keys):
    """Everything below `config:` that starts with `serlo:`."""

    versions: dict[str, str]
    prereleases: dict[str, Text] = {}
    parts: dict[str, bool] = {}
    domain: Domain
    cluster: ClusterKeys
    gateway: GatewayKeys
    cloudflare: CloudflareKeys
    edge: EdgeKeys
    node_pools: dict[str, NodePoolKeys]
    services: dict[str, ServiceKeys] = {}
    secrets: dict[str, SecureKeys] = {}


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
