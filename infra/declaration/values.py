"""What variables and files of a container hold, as declared: plain data, no Pulumi."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

Environments: TypeAlias = frozenset[str]
"""Names of environments; None in its place means all."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A value that is no secret and may differ between environments.

    Without a default the stack file has to give it: `serlo:services.<service>.settings.<NAME>`.
    """

    default: str | None = None


@dataclass(frozen=True)
class SecretRef:
    """A value from `serlo:secrets.<name>`, which reaches the pod through a Kubernetes Secret.

    `environments`: the environments that have it, all by default; elsewhere the variable is empty.
    """

    name: str
    environments: Environments | None = None


class EnvironmentValue(Enum):
    """A value that follows from the environment or the release."""

    ENVIRONMENT = "the name of the environment, e.g. staging"
    VERSION = "the version that runs, without digest"
    GERMAN_HOST = "the host of the German pages, e.g. de.serlo.org"


@dataclass(frozen=True)
class Address:
    """Where another of our services listens inside the cluster: `<name>.<namespace>:<port>`.

    port     one of its further ports, else the main one
    scheme   makes it a URL; http's own port 80 is then left out
    Empty where the other service does not exist.
    """

    service: str
    port: str | None = None
    scheme: str | None = None


Value: TypeAlias = str | Setting | SecretRef | EnvironmentValue | Address
"""What an environment variable holds. A plain string is the same in every environment."""

Variables: TypeAlias = Mapping[str, Value]
"""Values by name. A set that several services share is a dictionary that each spreads into its."""

Content: TypeAlias = str | Sequence["Content"] | Mapping[str, "Content"] | int | float | bool | None
"""Text, or what is written as JSON (which YAML readers understand)."""


@dataclass(frozen=True)
class SecretFile:
    """A secret that the process reads from a file, mounted read-only at `path`."""

    path: str
    secret: SecretRef


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """A configuration file, mounted read-only at `path`.

    Texts in `content` may hold `${name}`: a name of `values`, or `domain` or `environment`; a
    dollar sign is written twice. If one of the values is a secret, so is the whole file.
    """

    path: str
    content: Content
    values: Variables = field(default_factory=lambda: MappingProxyType({}))

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """The secrets in it."""
        return tuple(value for value in self.values.values() if isinstance(value, SecretRef))
