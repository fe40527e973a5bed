"""Environment: a stack file, typed and checked, and the one way its facts reach the program."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from infra import services as catalogue
from infra.declaration.release import Commit, Release, parse_release
from infra.declaration.service import Service, exists_in
from infra.stack.file import Problem, StackFile, StackFileError, label_of, read
from infra.stack.overlay import overlay_of
from infra.stack.rules import ENVIRONMENTS, LEGACY, PRODUCTION, check, used_secrets
from infra.stack.schema import (
    NO_ACCOUNT,
    NO_UID,
    CloudflareKeys,
    ClusterKeys,
    EdgeKeys,
    GatewayKeys,
    NodePoolKeys,
    ServiceKeys,
)

__all__ = ["Environment", "Problem", "StackFileError"]

_NOWHERE = ".invalid"
"""The end of hosts that are not known yet: reserved for names that never exist."""

_DOCUMENTATION = tuple(
    ipaddress.IPv4Network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment as its stack file describes it.

    `services` are those that exist here; `versions` holds the release of each by version key;
    `overrides` what the file says about a service beyond its declaration; `features` the optional
    parts of the platform, on or off; `secrets` maps the name of each secret to the services that
    use it. `node_pools` are by their full names.
    """

    name: str
    file: StackFile
    domain: str
    versions: Mapping[str, Release]
    cluster: ClusterKeys
    gateway: GatewayKeys
    cloudflare: CloudflareKeys
    edge: EdgeKeys
    node_pools: Mapping[str, NodePoolKeys]
    services: tuple[Service, ...]
    overrides: Mapping[str, ServiceKeys]
    features: Mapping[str, bool]
    secrets: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, path: Path, services: Sequence[Service] | None = None) -> "Environment":
        """Read and check `Pulumi.<environment>.yaml`; raises StackFileError with all mistakes.

        In a rehearsal, that is the real file with what the rehearsal's own file replaces.
        """
        declared = tuple(catalogue.declared() if services is None else services)
        name = _environment_of(path)
        file = read(path)
        overlay = overlay_of(file)
        if overlay is None:
            return cls._checked(name, file, declared)
        real = cls._checked(name, read(Path(overlay.rehearses)), declared)
        cloudflare = real.cloudflare.model_copy(update={"base_url": overlay.cloudflare.base_url})
        return replace(real, cluster=overlay.cluster, cloudflare=cloudflare)

    @classmethod
    def _checked(cls, name: str, file: StackFile, declared: Sequence[Service]) -> "Environment":
        keys, problems = check(file, name, declared)
        if keys is None:
            raise StackFileError(problems)
        present = tuple(s for s in declared if exists_in(s, name, keys.features))
        releases = {
            service.version_key: parse_release(
                keys.versions[service.version_key], service.channel, allow_v=service.third_party
            )
            for service in present
        }
        return cls(
            name=name,
            file=file,
            domain=keys.domain,
            versions=releases,
            cluster=keys.cluster,
            gateway=keys.gateway,
            cloudflare=keys.cloudflare,
            edge=keys.edge,
            node_pools={_node_pool(name, pool): of for pool, of in keys.node_pools.items()},
            services=present,
            overrides=keys.services,
            features=keys.features,
            secrets=used_secrets(name, present, own_worker=keys.edge.script is None),
        )

    @property
    def is_production(self) -> bool:
        """Whether this is what the public sees."""
        return self.name == PRODUCTION

    @property
    def has_legacy(self) -> bool:
        """Whether legacy serlo.org runs and may answer visitors."""
        return self.features.get(LEGACY, False)

    @property
    def is_rehearsal(self) -> bool:
        """Whether Cloudflare's part is played by this machine."""
        if self.cloudflare.base_url is None:
            return False
        host = urlsplit(self.cloudflare.base_url).hostname or ""
        return host == "localhost" or host.startswith("127.")

    @property
    def frontend_domain(self) -> str:
        """The host under which the worker at the edge reaches the frontend."""
        frontend = next(service for service in self.services if service.name == "frontend")
        return self.host(frontend.host or "frontend")

    def host(self, label: str) -> str:
        """A host of the zone, e.g. `api.serlo.org`."""
        return f"{label}.{self.domain}"

    def node_pool(self, pool: str) -> str:
        """The node pool's full name, which nodes carry as a label."""
        return _node_pool(self.name, pool)

    def placeholders(self) -> list[Problem]:
        """Placeholders that are not filled in yet: fit for rehearsals alone."""
        found: list[tuple[tuple[str, ...], str, str]] = []
        if self.cluster.uid == NO_UID:
            remedy = "kubectl get namespace kube-system --output jsonpath={.metadata.uid}"
            found.append((("serlo:cluster", "uid"), "the UID of kube-system", f"Ask: {remedy}"))
        if self.cloudflare.account_id == NO_ACCOUNT:
            what = "the id of the Cloudflare account"
            found.append((("serlo:cloudflare", "account-id"), what, "See Cloudflare's dashboard"))
        address = ipaddress.IPv4Address(self.gateway.address)
        if any(address in block for block in _DOCUMENTATION):
            what = "the address reserved for the gateway"
            found.append((("serlo:gateway", "address"), what, "Reserve one and write it here"))
        found += [
            (("serlo:versions", key), "the commit that is to run", "Take it from GitHub")
            for key, release in self.versions.items()
            if isinstance(release, Commit) and release.is_placeholder
        ]
        found += [
            (("serlo:services", name, "settings", setting), "what it is named after", "Fill it in")
            for name, keys in self.overrides.items()
            for setting, text in keys.settings.items()
            if _NOWHERE in text
        ]
        return [
            self.file.problem(("config", *place), allowed, remedy, found=_placeholder(self, place))
            for place, allowed, remedy in found
        ]


def _node_pool(environment: str, pool: str) -> str:
    return f"serlo-{environment}-cluster-{pool}"


def _placeholder(environment: Environment, place: tuple[str, ...]) -> str:
    return f"the placeholder {environment.file.found(('config', *place))}"


def _environment_of(path: Path) -> str:
    name = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if path.name != f"Pulumi.{name}.yaml" or name not in ENVIRONMENTS:
        raise StackFileError(
            [
                Problem(
                    file=label_of(path),
                    key="",
                    found=f'the name "{path.name}"',
                    allowed=", ".join(f"Pulumi.{known}.yaml" for known in ENVIRONMENTS),
                    remedy="An environment has one of these names, and its stack the same",
                )
            ]
        )
    return name
