"""Which images may run."""

from collections.abc import Iterator
from contextlib import suppress

from infra.declaration.release import Channel, Release, ReleaseError, parse_release
from policy.facts import Facts
from policy.resources import Resource, containers
from policy.rules.rule import ResourceRule


def _movable(resource: Resource, _: Facts) -> Iterator[str]:
    for container in containers(resource):
        image = str(container.get("image", ""))
        if release_of(image) is None:
            yield f"container {container.get('name')!r} runs {image!r}"


def _prereleases(resource: Resource, facts: Facts) -> Iterator[str]:
    if not facts.is_production:
        return
    for container in containers(resource):
        release = release_of(str(container.get("image", "")))
        if release is None or not release.is_prerelease or release.tag in facts.prereleases:
            continue
        yield f"container {container.get('name')!r} runs the pre-release {release.tag}"


def release_of(image: str) -> Release | None:
    """The release that an image reference names; None unless it can never change."""
    name, at, digest = image.partition("@")
    # A colon before the last slash belongs to the port of a registry.
    repository, colon, tag = name.rpartition(":")
    if not repository or not colon or "/" in tag:
        return None
    for channel in Channel:
        with suppress(ReleaseError):
            return parse_release(f"{tag}{at}{digest}", channel, allow_v=True)
    return None


RULES = (
    ResourceRule(
        name="immutable-images",
        description="An image is named by what can never change.",
        remedy=(
            "Write a full version (0.52.1) or the commit it was built from (40 hexadecimal "
            "digits), optionally with @sha256:<digest>, below serlo:versions"
        ),
        findings=_movable,
    ),
    ResourceRule(
        name="no-unreasoned-prereleases",
        description="Production runs pre-releases only for a written reason.",
        remedy="Release the version, or add serlo:prereleases: {<service>: <why>} to the stack",
        findings=_prereleases,
    ),
)
