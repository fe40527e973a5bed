"""Which secrets a stack needs, and which are set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from infra.stack.environment import Environment
from infra.stack.messages import secret_command
from infra.stack.rules import OPTIONAL_SECRETS


@dataclass(frozen=True)
class SecretRow:
    """A secret of a stack: never its value, which only Pulumi can decrypt."""

    name: str
    used_by: tuple[str, ...]
    needed: bool
    """False for second values, which there are only while the first is being replaced."""
    set: bool
    """Whether the stack file holds an encrypted value."""
    command: str
    """What sets or replaces it; it asks for the value."""

    @property
    def missing(self) -> bool:
        """Whether an update would be refused for lack of it."""
        return self.needed and not self.set


def secrets_of(environment: Environment) -> list[SecretRow]:
    """Every secret that the environment needs or may have, ordered by name."""
    config = cast(Mapping[str, object], environment.file.values["config"])
    given = cast(Mapping[str, object], config.get("serlo:secrets") or {})
    users = {name: (user,) for name, user in OPTIONAL_SECRETS.items()} | dict(environment.secrets)
    return [
        SecretRow(
            name=name,
            used_by=users[name],
            needed=name in environment.secrets,
            set=name in given,
            command=secret_command(name, environment.name),
        )
        for name in sorted(users)
    ]
