"""Credentials for registries, from Docker's configuration file."""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

_DOCKER_HUB = ("docker.io", "https://index.docker.io/v1/", "index.docker.io")


@dataclass(frozen=True)
class Credentials:
    """A user and a password or token; neither is ever shown."""

    user: str
    password: str

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        both = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(both).decode()}"

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True)
class Known:
    """What Docker's configuration says about a registry."""

    credentials: Credentials | None = None
    unused: str | None = None
    """Why there may be credentials that are not used."""


def credentials_for(registry: str) -> Known:
    """Read `auths` of $DOCKER_CONFIG/config.json, by default ~/.docker.

    Helpers (credHelpers, credsStore) and identity tokens are not used: they would start programs,
    or take another protocol.
    """
    folder = os.environ.get("DOCKER_CONFIG")
    file = (Path(folder) if folder else Path.home() / ".docker") / "config.json"
    try:
        settings = _table(json.loads(file.read_text()))
    except FileNotFoundError:
        return Known()
    except (OSError, ValueError):
        return Known(unused=f"{file} cannot be read")
    names = _DOCKER_HUB if registry == "docker.io" else (registry, f"https://{registry}")
    entries = [_table(_table(settings.get("auths")).get(name)) for name in names]
    credentials = next(filter(None, map(_entry, entries)), None)
    if credentials is not None:
        return Known(credentials)
    if any(entry.get("identitytoken") for entry in entries):
        return Known(unused=f"an identity token in {file} is not used, only user and password")
    helpers = _table(settings.get("credHelpers"))
    helper = next((helpers[name] for name in names if name in helpers), settings.get("credsStore"))
    if helper:
        return Known(unused=f"credentials kept by the helper {helper!r} ({file}) are not used")
    return Known()


def _entry(entry: dict[str, Any]) -> Credentials | None:
    try:
        text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    if colon and user and password:
        return Credentials(user, password.rstrip("\0"))
    user, password = entry.get("username"), entry.get("password")
    if isinstance(user, str) and isinstance(password, str) and user and password:
        return Credentials(user, password)
    return None


def _table(value: object) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}
