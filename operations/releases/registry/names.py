"""Where an image lives: which server answers for it, under which name."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from operations.releases.registry.errors import RegistryUnavailable
from operations.support.urls import on_this_machine, trusted

ELSEWHERE = "SERLO_REGISTRY"
"""Names the variable that holds the address of one registry to ask for all images."""

_DOCKER_HUB = "docker.io"
_SERVERS = {_DOCKER_HUB: "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}

# As the distribution specification has them.
_REPOSITORY = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Place:
    """Where the images of a repository are asked for."""

    registry: str
    """For people, and to look credentials up: `ghcr.io`, `docker.io`."""
    server: str
    """Scheme, host and port, without a slash at the end."""
    repository: str
    """Below `/v2/`."""

    def url(self, path: str) -> str:
        """The address of something in the repository, e.g. `tags/list`."""
        return f"{self.server}/v2/{self.repository}/{path}"


def place_of(image: str) -> Place:
    """Where `image` (a repository, without a tag) is asked for.

    Raises RegistryUnavailable for what names no image, and for an unusable SERLO_REGISTRY.
    """
    registry, slash, repository = image.partition("/")
    if not slash or not (set(".:") & set(registry) or registry == "localhost"):
        registry, repository = _DOCKER_HUB, image
    if registry == "index.docker.io":
        registry = _DOCKER_HUB
    if registry == _DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not _REPOSITORY.fullmatch(repository):
        raise RegistryUnavailable(f"{image!r} names no image")
    elsewhere = _elsewhere()
    if elsewhere is not None:  # which must not be sent credentials that are for another
        return Place(urlsplit(elsewhere).netloc, elsewhere, repository)
    return Place(registry, _server(registry), repository)


def is_digest(reference: str) -> bool:
    """Whether a reference is a digest rather than a tag."""
    return _DIGEST.fullmatch(reference) is not None


def is_tag(reference: str) -> bool:
    """Whether a reference can be a tag."""
    return _TAG.fullmatch(reference) is not None


def _server(registry: str) -> str:
    server = f"https://{_SERVERS.get(registry, registry)}"
    return server if not on_this_machine(server) else f"http://{registry}"


def _elsewhere() -> str | None:
    text = os.environ.get(ELSEWHERE)
    if not text:
        return None
    parts = urlsplit(text) if trusted(text) else None
    if parts is None or parts.path.strip("/") or parts.query or parts.username:
        raise RegistryUnavailable(
            f"{ELSEWHERE} is {text!r}: write https:// and a host, without a path "
            "(http:// only for this machine)"
        )
    return text.rstrip("/")
