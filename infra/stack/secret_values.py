"""The values of secrets, which only the Pulumi engine can decrypt."""

from collections.abc import Mapping

import pulumi

from infra.stack.environment import Environment
from infra.stack.messages import secret_command
from infra.stack.rules import OPTIONAL_SECRETS


def secret_values(environment: Environment) -> Mapping[str, str]:
    """The value of every secret the environment needs, and of optional ones that it has, by name.

    Raises pulumi.RunError that names all missing ones, each with the command that sets it. The
    values are bare: wrap one in pulumi.Output.secret before you pass it to a resource.
    """
    given: dict[str, object] = pulumi.Config("serlo").get_object("secrets") or {}
    values = {name: value for name, value in given.items() if isinstance(value, str) and value}
    missing = [name for name in environment.secrets if name not in values]
    if missing:
        listed = "\n".join(
            f"  {name} (for {', '.join(environment.secrets[name])})\n"
            f"    {secret_command(name, environment.name)}"
            for name in missing
        )
        raise pulumi.RunError(
            f"{len(missing)} of {len(environment.secrets)} secrets of {environment.name} are not "
            f"set. These commands set them, asking for each value:\n{listed}"
        )
    given_too = (name for name in OPTIONAL_SECRETS if name in values)
    return {name: values[name] for name in (*environment.secrets, *given_too)}


def origin_secrets(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """What requests may carry to come in through the gateway: one value, or two for a while."""
    names = ("origin-secret", "origin-secret-second")
    return tuple(dict.fromkeys(secrets[name] for name in names if name in secrets))
