"""Whether the images that a change brings are in their registries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from operations.declared.snapshot import Snapshot
from operations.releases.registry.lookup import Digest, ImageTag, digests, missing
from operations.review.comparing import Comparison
from operations.review.dangers.danger import Danger, DangerKind

_CONTAINERS = ("initContainers", "containers")

Lookup = Callable[[Sequence[ImageTag]], Mapping[ImageTag, Digest]]
"""From images to their digests, or why these are not known. It never raises."""


def nobody_asked(wanted: Sequence[ImageTag]) -> Mapping[ImageTag, Digest]:
    """Look nothing up: every image is taken to be there."""
    return dict.fromkeys(wanted, "")


def from_registries(wanted: Sequence[ImageTag]) -> Mapping[ImageTag, Digest]:
    """Ask the registries; one that cannot be reached within 5 s is reported as silent."""
    return digests(wanted) if wanted else {}


def new_images(comparison: Comparison, version: str) -> list[ImageTag]:
    """Return the images of a version that the stack did not run before the change.

    `version` is the text of the stack file, with or without a digest.
    """
    tag, _, digest = version.partition("@")
    suffix = f":{version}"
    before = set(_images(comparison.before))
    return [
        (image.removesuffix(suffix), digest or tag)
        for image in dict.fromkeys(_images(comparison.after))
        if image.endswith(suffix) and image not in before
    ]


def missing_images(images: Mapping[ImageTag, Digest], where: str) -> Iterator[Danger]:
    """Yield a danger for each image that its registry does not have."""
    for (image, tag), digest in images.items():
        if digest is None:
            yield Danger(DangerKind.IMAGE, missing(image, tag), where, "its pods cannot start")


def _images(snapshot: Snapshot) -> Iterator[str]:
    for resource in snapshot.resources.values():
        if resource.is_kubernetes:
            yield from _of_containers(resource.properties.get("spec"))


def _of_containers(value: Any) -> Iterator[str]:
    """Yield the images of all containers in a workload's spec, however deep its pod is."""
    if not isinstance(value, Mapping):
        return
    for key, below in cast(Mapping[str, Any], value).items():
        if key in _CONTAINERS:
            yield from (container["image"] for container in below)
        else:
            yield from _of_containers(below)
