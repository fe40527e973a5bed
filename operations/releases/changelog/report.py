"""Everything that is known about the way from one version of a service to another."""

from dataclasses import dataclass
from pathlib import Path

from infra.declaration.release import Release, Version, parse_release
from infra.declaration.service import Service
from infra.services import declared
from infra.stack.environment import Environment
from operations.declared.stack_files import every_stack, stack_file
from operations.errors import CommandError
from operations.releases.changelog.links import span_link
from operations.releases.changelog.range import Span, span
from operations.releases.changelog.sources import ChangelogUnavailable, read_changelog
from operations.releases.changelog.warnings import Concern, migration_between


@dataclass(frozen=True)
class ChangelogReport:
    """What is known about the way from one version to another."""

    service: Service
    first: Release
    second: Release
    link: str
    span: Span | None
    """None without a changelog; `notes` say why."""
    concerns: tuple[Concern, ...]
    origin: str | None
    notes: tuple[str, ...]


def report_of(
    service: Service,
    first: Release,
    second: Release,
    file: Path | None = None,
    url: str | None = None,
) -> ChangelogReport:
    """Everything that can be said, with or without a changelog."""
    a, b = first.tag, second.tag
    text = origin = found = None
    notes: list[str] = []
    if isinstance(first, Version) and isinstance(second, Version):
        try:
            read = read_changelog(service, file=file, url=url)
        except ChangelogUnavailable as error:
            notes.append(f"{error.reason}.")
        else:
            text, origin = read.text, read.origin
            found = span(text, a, b)
            notes += [*([f"{read.note}."] if read.note else []), *found.notes]
    return ChangelogReport(
        service=service,
        first=first,
        second=second,
        link=span_link(service, a, b),
        span=found,
        concerns=tuple(migration_between(service, a, b, text)),
        origin=origin,
        notes=tuple(notes),
    )


def service_named(name: str) -> Service:
    """The service of that name. Raises CommandError."""
    known = {service.name: service for service in declared()}
    if name not in known:
        raise CommandError(f"{name!r} is no service; there are {', '.join(sorted(known))}")
    return known[name]


def release_named(service: Service, text: str) -> Release:
    """A version, or the one that the stack of that name declares."""
    if text not in every_stack() and not text.endswith(".yaml"):
        return parse_release(text, service.channel, allow_v=service.third_party)
    environment = Environment.load(stack_file(text))
    release = environment.versions.get(service.version_key)
    if release is None:
        raise CommandError(f"{service.name} does not exist in {environment.name}: name a version")
    return release
