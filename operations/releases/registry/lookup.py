"""Asks registries for the digests of several images at once."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from operations.releases.registry.client import Registry
from operations.releases.registry.errors import RegistryUnavailable

_AT_ONCE = 8

ImageTag = tuple[str, str]
"""An image without its tag, such as `ghcr.io/serlo/frontend`, and a tag."""


@dataclass(frozen=True)
class Unanswered:
    """Why a registry did not say whether it has an image: one line for people."""

    reason: str


Digest = str | Unanswered | None
"""What a tag points to (`sha256:…`); None if the registry has no such tag."""


def digests(wanted: Sequence[ImageTag]) -> dict[ImageTag, Digest]:
    """Return the digest of each image, or why it is not known. Never raises."""
    registry = Registry()

    def digest(image: ImageTag) -> Digest:
        try:
            return registry.digest(*image)
        except RegistryUnavailable as error:
            return Unanswered(error.reason)

    distinct = list(dict.fromkeys(wanted))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(distinct, pool.map(digest, distinct), strict=True))


def missing(image: str, tag: str) -> str:
    """Return the sentence that says of an image that its registry does not have it."""
    return f"{image} has no {tag} in its registry"


def unanswered(images: Mapping[ImageTag, Digest]) -> Iterator[str]:
    """Yield a line for each reason why it is not known whether images exist."""
    silent: dict[str, list[str]] = {}
    for (image, tag), digest in images.items():
        if isinstance(digest, Unanswered):
            silent.setdefault(digest.reason, []).append(f"{image}:{tag}")
    for reason, names in silent.items():
        yield f"not known whether there is {', '.join(names)}: {reason}"
