"""`serlo changelog`: what changes for us between two versions of a service."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from infra.declaration.release import Channel, Release, ReleaseError, Version, parse_release
from infra.declaration.service import Service
from infra.services import declared
from infra.stack.environment import Environment, StackFileError
from operations.declared.stack_files import every_stack, stack_file
from operations.releases.changelog.links import span_link
from operations.releases.changelog.parsing import Entry
from operations.releases.changelog.range import Direction, Span, span
from operations.releases.changelog.sources import ChangelogUnavailable, read_changelog
from operations.releases.changelog.warnings import Concern, migration_between
from operations.support.output import print_text, working

_FIRST = ("breaking", "removed", "deprecated", "security", "changed", "added", "fixed")
_LAST = "internal"


@dataclass(frozen=True)
class Report:
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


def changelog(
    service: str,
    first: str = "production",
    second: str = "staging",
    /,
    *,
    file: Path | None = None,
    url: str | None = None,
    json: bool = False,
) -> None:
    """Print what changes between two versions of a service; going back, what is taken back.

    Parameters
    ----------
    service
        A service, or one that shares its version with others.
    first
        The version to come from, or the stack that has it.
    second
        The version to go to, or the stack that has it.
    file
        Read this changelog instead of the repository's.
    url
        Fetch this changelog instead of the repository's.
    json
        Print JSON, with the line of each entry.
    """
    try:
        found = _service(service)
        with working(f"reading the changelog of {service}"):
            report = report_of(found, _release(found, first), _release(found, second), file, url)
    except (LookupError, StackFileError, ReleaseError) as error:
        print_text(str(error.args[0] if isinstance(error, LookupError) else error), on_error=True)
        raise SystemExit(1) from None
    if json:
        print(dumps(_as_json(report), indent=2, ensure_ascii=False))
        return
    print_text("\n".join(_as_text(report)))
    for note in report.notes:
        print_text(f"warning: {note}", on_error=True)


def report_of(
    service: Service,
    first: Release,
    second: Release,
    file: Path | None = None,
    url: str | None = None,
) -> Report:
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
    return Report(
        service=service,
        first=first,
        second=second,
        link=span_link(service, a, b),
        span=found,
        concerns=tuple(migration_between(service, a, b, text)),
        origin=origin,
        notes=tuple(notes),
    )


def _service(name: str) -> Service:
    known = {service.name: service for service in declared()}
    if name not in known:
        raise LookupError(f"{name!r} is no service; there are {', '.join(sorted(known))}")
    return known[name]


def _release(service: Service, text: str) -> Release:
    """A version, or the one that the stack of that name declares."""
    if text not in every_stack() and not text.endswith(".yaml"):
        return parse_release(text, service.channel, allow_v=service.third_party)
    environment = Environment.load(stack_file(text))
    release = environment.versions.get(service.version_key)
    if release is None:
        raise LookupError(f"{service.name} does not exist in {environment.name}: name a version")
    return release


def _as_text(report: Report) -> Iterable[str]:
    name, a, b = report.service.name, report.first.tag, report.second.tag
    if a == b:
        yield f"{name} {a}: nothing changes"
        return
    yield f"{name} {a} ➔ {b}{_size(report)}"
    if report.service.channel is Channel.CONTINUOUS:
        yield "Published continuously; the merged pull requests are the record:"
    yield report.link
    entries = report.span.entries if report.span else []
    if report.span and report.span.direction is Direction.BACK and entries:
        yield "\nThis goes back. Taken back:"
    for group, members in _grouped(entries):
        yield f"\n{group or 'Changes'}"
        for entry in members:
            yield f"  - {entry.text.replace(chr(10), chr(10) + '    ')} ({_plain(entry.version)})"
    if report.concerns:
        yield "\nLook twice:"
        for concern in report.concerns:
            yield f"  - {concern.kind}: {concern.text.splitlines()[0]} ({_plain(concern.version)})"


def _size(report: Report) -> str:
    if report.span is None:
        return ""
    number = len(report.span.sections)
    return f" ({number} version{'' if number == 1 else 's'} listed)"


def _grouped(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    return sorted(groups.items(), key=lambda item: _rank(item[0]))


def _rank(group: str) -> int:
    """What can hurt comes first, what concerns nobody else last."""
    lowered = group.lower()
    if lowered == _LAST:
        return len(_FIRST) + 1
    return next((at for at, word in enumerate(_FIRST) if word in lowered), len(_FIRST))


def _plain(version: str) -> str:
    return version.removeprefix("v")


def _as_json(report: Report) -> dict[str, object]:
    found = report.span
    return {
        "service": report.service.name,
        "from": str(report.first),
        "to": str(report.second),
        "direction": found.direction.value if found else None,
        "link": report.link,
        "changelog": report.origin,
        "versions": [
            {
                "version": section.title,
                "date": section.released.isoformat() if section.released else None,
                "yanked": section.yanked,
                "entries": [
                    {"group": entry.group, "text": entry.text, "line": entry.line}
                    for entry in section.entries
                ],
            }
            for section in (found.sections if found else ())
        ],
        "concerns": [asdict(concern) for concern in report.concerns],
        "notes": list(report.notes),
    }
