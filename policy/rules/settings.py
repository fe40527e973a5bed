"""Secrets stay out of everything that people with read access to a namespace may see."""

import re
from collections.abc import Iterator

from policy.facts import Facts
from policy.resources import Fields, Resource, containers, entries, fields
from policy.rules.rule import ResourceRule

_SECRET_NAME = re.compile(
    r"(^|_)(SECRETS?|PASSWORD|PASSWD|PASSPHRASE|TOKEN|APIKEY|DSN|CREDENTIALS?)(_|$)"
    r"|(^|_)(API|PRIVATE|ACCESS|SIGNING|ENCRYPTION|SECRET)_KEYS?(_|$)",
    re.IGNORECASE,
)
_PATH = re.compile(r"/[\w./-]+")
"""The path of a secret's file is none itself (GOOGLE_APPLICATION_CREDENTIALS)."""

_SECRET_VALUES = {
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@$]+@", re.I),
    "a key for Sentry": re.compile(r"https://[0-9a-f]{32}(:[0-9a-f]{32})?@"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\"private_key\""),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    "a token of a provider": re.compile(
        r"\b(gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}"
        r"|[0-9a-f]{32}-us[0-9]{1,2})\b"
    ),
}


def _open_secrets(resource: Resource, _: Facts) -> Iterator[str]:
    for container in containers(resource):
        where = f"container {container.get('name')!r}"
        for variable in entries(container, "env"):
            yield from _of_variable(where, variable)
        for part in ("command", "args"):
            for text in container.get(part) or ():
                yield from (f"{where} has {what} in its {part}" for what in secrets_in(str(text)))
    if resource.type.startswith("kubernetes:") and resource.kind == "ConfigMap":
        for key, text in fields(resource.properties, "data").items():
            yield from (f"key {key!r} of a ConfigMap is {what}" for what in secrets_in(str(text)))


def _of_variable(where: str, variable: Fields) -> Iterator[str]:
    name, value = str(variable.get("name")), str(variable.get("value") or "")
    if "configMapKeyRef" in fields(variable, "valueFrom") and _SECRET_NAME.search(name):
        yield f"{where} reads {name} from a ConfigMap"
    if value and _SECRET_NAME.search(name) and not _PATH.fullmatch(value):
        yield f"{where} has a plain value for {name}"
    else:
        yield from (f"{where} has {what} in {name}" for what in secrets_in(value))


def secrets_in(text: str) -> Iterator[str]:
    """What a text that should be open holds of secrets, in words; never the secret itself."""
    return (what for what, pattern in _SECRET_VALUES.items() if pattern.search(text))


RULES = (
    ResourceRule(
        name="no-open-secrets",
        description="Secrets reach pods through Kubernetes Secrets alone.",
        remedy=(
            "Declare the variable as Secret(<name>) in the service's file: it becomes a "
            "secretKeyRef. If the value has been public, replace it at its issuer first"
        ),
        findings=_open_secrets,
    ),
)
