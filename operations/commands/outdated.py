"""`serlo outdated`: which services have newer versions, as far as their registries say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from json import dumps

from infra.declaration.release import Commit, Release, Version
from infra.declaration.service import Service
from infra.stack.environment import Environment, StackFileError
from operations.declared.stack_files import every_stack, stack_file
from operations.releases.changelog import newer_link, span_link
from operations.releases.newer import common, newer
from operations.releases.registry import Registry, RegistryUnavailable
from operations.releases.versions_table import short_version
from operations.support.output import Cell, Table, page, print_text, working

_AT_ONCE = 8
_MOVING = ("latest", "main", "master")
"""Tags that a continuously published image may have for its newest build, best known first."""


@dataclass(frozen=True)
class Row:
    """One version of one stack, by version key, and what there is beyond it.

    `outdated` is None where nobody could say. `missing`: images the registry lacks in this version.
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
class Running:
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


def outdated(*stacks: str, json: bool = False, check: bool = False) -> None:
    """Print which services have newer versions. A registry that cannot be asked is a warning.

    Parameters
    ----------
    stacks
        The stacks to look at: local, staging, production; staging and production by default.
    json
        Print JSON instead of a table, with versions in full.
    check
        End with exit code 2 when something is outdated.
    """
    names = list(stacks) or [name for name in every_stack() if name != "local"]
    environments: list[Environment] = []
    mistakes: list[str] = []
    for name in names:
        try:
            environments.append(Environment.load(stack_file(name)))
        except StackFileError as error:
            mistakes.append(str(error))
    if mistakes:
        print_text("\n".join(mistakes), on_error=True)
        raise SystemExit(1)
    with working("asking the registries"):
        rows, warnings = look_up(environments, Registry())
    if json:
        report = {"services": [asdict(row) for row in rows], "warnings": warnings}
        print(dumps(report, indent=2))
    else:
        _print_table(rows)
        for warning in warnings:
            print_text(f"warning: {warning}", on_error=True)
    if check and any(row.outdated for row in rows):
        raise SystemExit(2)


def look_up(environments: Sequence[Environment], registry: Registry) -> tuple[list[Row], list[str]]:
    """A row for each version of each environment, by service, and why some say little."""
    images = {image for e in environments for image in _images(e.services)}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(images, pool.map(partial(_tags, registry), images), strict=True))
        rows = list(pool.map(partial(_row, registry), _running(environments, answers)))
    warnings = {answer for answer in answers.values() if isinstance(answer, str)}
    return sorted(rows, key=lambda row: row.service), sorted(warnings)


def _running(
    environments: Iterable[Environment], answers: Mapping[str, list[str] | str]
) -> Iterator[Running]:
    for environment in environments:
        for key, release in environment.versions.items():
            services = tuple(s for s in environment.services if s.version_key == key)
            said = {name: answers[name] for name in _images(services)}
            yield Running(
                key,
                environment.name,
                release,
                services,
                {name: tags for name, tags in said.items() if not isinstance(tags, str)},
                tuple(reason for reason in said.values() if isinstance(reason, str)),
            )


def _row(registry: Registry, running: Running) -> Row:
    release = running.release
    row = Row(running.key, running.stack, str(release), outdated=None)
    if isinstance(release, Commit) and release.is_placeholder:
        return replace(row, note="not filled in")
    if running.reasons:
        return replace(row, note="the registry does not say")
    row = replace(row, missing=running.lacking(release.tag))
    notes = _presence(registry, running)
    if isinstance(release, Commit):
        return _continuous(registry, running, release, row, notes)
    return _semantic(running, release, row, notes)


def _semantic(running: Running, current: Version, row: Row, notes: list[str]) -> Row:
    third_party = running.service.third_party
    found = newer(current, running.common, third_party=third_party)
    newest = found.newest or found.prerelease
    anywhere = {tag for tags in running.tags.values() for tag in tags}
    partly = newer(current, anywhere, third_party=third_party).newest
    if partly is not None and partly != found.newest:
        lacking = ", ".join(map(_last, running.lacking(partly.tag)))
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
    registry: Registry, running: Running, current: Commit, row: Row, notes: list[str]
) -> Row:
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


def _presence(registry: Registry, running: Running) -> list[str]:
    """Whether what the stack file says can still be pulled."""
    release = running.release
    missing = running.lacking(release.tag)
    if missing:
        names = ", ".join(map(_last, missing))
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
    names = (
        name
        for service in services
        for name in (service.image, *(c.image for c in (*service.init, *service.sidecars)))
    )
    return tuple(dict.fromkeys(names))


def _tags(registry: Registry, image: str) -> list[str] | str:
    """The tags of an image, or why they are not known."""
    try:
        return registry.tags(image)
    except RegistryUnavailable as error:
        return error.reason


def _print_table(rows: list[Row]) -> None:
    headings = ("service", "stack", "current", "newest", "same major", "pre-release")
    cells = [
        (
            row.service,
            row.stack,
            short_version(row.current),
            _news(row),
            _news(row) if row.outdated is None else row.same_major or "-",
            row.prerelease or ("?" if row.outdated is None else "-"),
        )
        for row in rows
    ]
    links = dict.fromkeys(row.link for row in rows if row.link and row.outdated is not False)
    shown = page()
    shown.table(
        Table((*headings, "note"), [(*c, row.note) for c, row in zip(cells, rows, strict=True)]),
        Table(headings, cells, notes=[[row.note] if row.note else [] for row in rows]),
    )
    for link in links:
        shown.text(link)
    shown.show()


def _news(row: Row) -> Cell:
    if row.outdated is None:
        return Cell("?")
    return Cell(row.newest or "another", "yellow") if row.outdated else Cell("-")


def _last(image: str) -> str:
    return image.rpartition("/")[2]


def _tag(version: Version | None) -> str | None:
    return version.tag if version else None
