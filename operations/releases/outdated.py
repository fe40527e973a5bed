"""Which services have newer versions, as far as their registries say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from infra.declaration.release import Commit, Release, Version
from infra.declaration.service import Service
from infra.stack.environment import Environment
from operations.releases.changelog import newer_link, span_link
from operations.releases.newer import common, newer
from operations.releases.registry import Registry, RegistryUnavailable
from operations.releases.versions_table import short_version

_AT_ONCE = 8

_MOVING = ("latest", "main", "master")
"""Tags that a continuously published image may have for its newest build, best known first."""


@dataclass(frozen=True)
class VersionLag:
    """One version of one stack, by version key, and what there is beyond it.

    `outdated` is None where that is unknown. `missing`: images the registry lacks in this version.
    """

    service: str
    stack: str
    current: str
    outdated: bool | None
    newest: str | None = None
    same_major: str | None = None
    prerelease: str | None = None
    link: str | None = None
    missing: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class DeclaredRelease:
    """One release that a stack declares, and what registries say about the images it is run from.

    `tags` by image; `reasons` why those of some are not known.
    """

    key: str
    stack: str
    release: Release
    services: tuple[Service, ...]
    tags: Mapping[str, list[str]]
    reasons: tuple[str, ...]

    @property
    def service(self) -> Service:
        """The service that the version is named after."""
        return next((s for s in self.services if s.name == self.key), self.services[0])

    @property
    def common(self) -> set[str]:
        """Tags that all the images have."""
        return common(list(self.tags.values()))

    def lacking(self, tag: str) -> tuple[str, ...]:
        """The images that have no such tag."""
        return tuple(sorted(name for name, tags in self.tags.items() if tag not in tags))


def look_up(
    environments: Sequence[Environment], registry: Registry
) -> tuple[list[VersionLag], list[str]]:
    """A row for each version of each environment, by service, and why some say little."""
    images = {image for e in environments for image in _images(e.services)}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(images, pool.map(partial(_tags, registry), images), strict=True))
        rows = list(pool.map(partial(_row, registry), _declared_releases(environments, answers)))
    warnings = {answer for answer in answers.values() if isinstance(answer, str)}
    return sorted(rows, key=lambda row: row.service), sorted(warnings)


def _declared_releases(
    environments: Iterable[Environment], answers: Mapping[str, list[str] | str]
) -> Iterator[DeclaredRelease]:
    for environment in environments:
        for key, release in environment.versions.items():
            services = tuple(s for s in environment.services if s.version_key == key)
            said = {name: answers[name] for name in _images(services)}
            yield DeclaredRelease(
                key,
                environment.name,
                release,
                services,
                {name: tags for name, tags in said.items() if not isinstance(tags, str)},
                tuple(reason for reason in said.values() if isinstance(reason, str)),
            )


def _row(registry: Registry, running: DeclaredRelease) -> VersionLag:
    release = running.release
    row = VersionLag(running.key, running.stack, str(release), outdated=None)
    if isinstance(release, Commit) and release.is_placeholder:
        return replace(row, note="not filled in")
    if running.reasons:
        return replace(row, note="the registry does not say")
    row = replace(row, missing=running.lacking(release.tag))
    notes = _presence(registry, running)
    if isinstance(release, Commit):
        return _continuous(registry, running, release, row, notes)
    return _semantic(running, release, row, notes)


def _semantic(
    running: DeclaredRelease, current: Version, row: VersionLag, notes: list[str]
) -> VersionLag:
    third_party = running.service.third_party
    found = newer(current, running.common, third_party=third_party)
    newest = found.newest or found.prerelease
    anywhere = {tag for tags in running.tags.values() for tag in tags}
    partly = newer(current, anywhere, third_party=third_party).newest
    if partly is not None and partly != found.newest:
        lacking = ", ".join(map(repository_name, running.lacking(partly.tag)))
        notes = [*notes, f"{partly.tag} is not there yet for {lacking}"]
    return replace(
        row,
        outdated=found.newest is not None,
        newest=_tag(found.newest),
        same_major=_tag(found.same_major),
        prerelease=_tag(found.prerelease),
        link=span_link(running.service, current.tag, newest.tag) if newest else None,
        note="; ".join(notes),
    )


def _continuous(
    registry: Registry, running: DeclaredRelease, current: Commit, row: VersionLag, notes: list[str]
) -> VersionLag:
    """Commits have no order that a registry knows. What a moving tag points to is known."""
    row = replace(row, link=newer_link(running.service, current.tag))
    moving = next((tag for tag in _MOVING if tag in running.common), None)
    if moving is None:
        return replace(row, note="; ".join([*notes, "no tag says which commit is the newest"]))
    try:
        now = registry.digest(running.service.image, moving)
        ours = registry.digest(running.service.image, current.tag)
    except RegistryUnavailable as error:
        return replace(row, note="; ".join([*notes, error.reason]))
    same = now is not None and now == ours
    notes = [*notes, f"{moving} is {'this' if same else 'another'} image"]
    return replace(row, outdated=not same, note="; ".join(notes))


def _presence(registry: Registry, running: DeclaredRelease) -> list[str]:
    """Whether what the stack file says can still be pulled."""
    release = running.release
    missing = running.lacking(release.tag)
    if missing:
        names = ", ".join(map(repository_name, missing))
        return [f"the registry has no {short_version(release.tag)} of {names}"]
    if release.digest is None:
        return []
    try:
        now = registry.digest(running.service.image, release.tag)
    except RegistryUnavailable as error:
        return [error.reason]
    return [] if now == release.digest else ["the tag now has another digest than the one pinned"]


def _images(services: Iterable[Service]) -> tuple[str, ...]:
    """All images that these services run in one version."""
    return tuple(dict.fromkeys(image for service in services for image in service.images))


def _tags(registry: Registry, image: str) -> list[str] | str:
    """The tags of an image, or why they are not known."""
    try:
        return registry.tags(image)
    except RegistryUnavailable as error:
        return error.reason


def repository_name(image: str) -> str:
    """The last part of an image's name."""
    return image.rpartition("/")[2]


def _tag(version: Version | None) -> str | None:
    return version.tag if version else None
