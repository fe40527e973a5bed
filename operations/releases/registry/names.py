"""The names of images: which registry has them, and what a tag looks like."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from operations.releases.registry.errors import RegistryUnavailable
from operations.support.urls import trusted

ELSEWHERE = "SERLO_REGISTRY"
"""Names the variable that holds the address of one registry to ask for all images."""

_DOCKER_HUB = "docker.io"

# As the distribution specification has them.
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Repository:
    """All images of one name at a registry: `ghcr.io`, `serlo/frontend`."""

    registry: str
    name: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"


def repository_of(image: str) -> Repository:
    """The repository of `image`, which has no tag; short names are Docker Hub's.

    Raises RegistryUnavailable for what names no image, and for an unusable SERLO_REGISTRY.
    """
    registry, slash, name = image.partition("/")
    if not slash or not (set(".:") & set(registry) or registry == "localhost"):
        registry, name = _DOCKER_HUB, image
    if registry in (_DOCKER_HUB, f"index.{_DOCKER_HUB}"):
        registry = _DOCKER_HUB
        name = name if "/" in name else f"library/{name}"
    if not _NAME.fullmatch(name):
        raise RegistryUnavailable(f"{image!r} names no image")
    return Repository(_elsewhere() or registry, name)


def is_digest(reference: str) -> bool:
    """Whether a reference is a digest rather than a tag."""
    return _DIGEST.fullmatch(reference) is not None


def is_tag(reference: str) -> bool:
    """Whether a reference can be a tag."""
    return _TAG.fullmatch(reference) is not None


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
    return parts.netloc
