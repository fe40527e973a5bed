"""Addresses at GitHub where people can read on."""

from infra.declaration.release import Channel, Commit, Release, ReleaseError, Version, parse_release
from infra.declaration.service import Service

_OURS = frozenset({"serlo/api.serlo.org", "serlo/serlo.org-database-layer"})
"""Repositories that tag version 1.2.3 as v1.2.3."""

_NO_TAGS = frozenset({"db-migration", "dbdump", "dbsetup", "varnish", "editor-renderer"})
"""Services whose versions are no tags of the repository that they are built from."""


def span_link(service: Service, a: str, b: str) -> str:
    """Where the changes from one version to another can be read, older one first.

    For a service published continuously these are the merged pull requests, commit by commit. The
    repository itself where versions are not tagged, and for what is no version.
    """
    repository = f"https://github.com/{service.source}"
    try:
        first, second = (
            parse_release(text, service.channel, allow_v=service.third_party) for text in (a, b)
        )
    except ReleaseError:
        return repository
    if isinstance(first, Version) and isinstance(second, Version) and second < first:
        first, second = second, first
    old, new = _tag(service, first), _tag(service, second)
    if old is None or new is None or old == new:
        return _record(service)
    return f"{repository}/compare/{old}...{new}"


def newer_link(service: Service, version: str) -> str:
    """Where the changes since a version can be read."""
    try:
        release = parse_release(version, service.channel, allow_v=service.third_party)
    except ReleaseError:
        return f"https://github.com/{service.source}"
    tag = _tag(service, release)
    if tag is None:
        return _record(service)
    return f"https://github.com/{service.source}/compare/{tag}...HEAD"


def _tag(service: Service, release: Release) -> str | None:
    if isinstance(release, Commit):
        return None if release.is_placeholder else release.tag
    if service.version_key in _NO_TAGS:
        return None
    return f"v{release.tag}" if service.source in _OURS else release.tag


def _record(service: Service) -> str:
    """Where all changes are listed."""
    repository = f"https://github.com/{service.source}"
    if service.channel is Channel.CONTINUOUS:
        return f"{repository}/pulls?q=is%3Apr+is%3Amerged"
    return f"{repository}/commits"
