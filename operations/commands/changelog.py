"""`serlo changelog`: what changes for us between two versions of a service."""

from collections.abc import Iterable
from dataclasses import asdict
from json import dumps
from pathlib import Path

from infra.declaration.release import Channel
from operations.errors import reports_errors
from operations.releases.changelog.parsing import ChangelogEntry
from operations.releases.changelog.range import Direction
from operations.releases.changelog.report import (
    ChangelogReport,
    release_named,
    report_of,
    service_named,
)
from operations.support.output import print_text, working

_FIRST = ("breaking", "removed", "deprecated", "security", "changed", "added", "fixed")
_LAST = "internal"


@reports_errors
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
    found = service_named(service)
    with working(f"reading the changelog of {service}"):
        releases = (release_named(found, first), release_named(found, second))
        report = report_of(found, *releases, file, url)
    if json:
        print(dumps(_as_json(report), indent=2, ensure_ascii=False))
        return
    print_text("\n".join(_as_text(report)))
    for note in report.notes:
        print_text(f"warning: {note}", on_error=True)


def _as_text(report: ChangelogReport) -> Iterable[str]:
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


def _size(report: ChangelogReport) -> str:
    if report.span is None:
        return ""
    number = len(report.span.sections)
    return f" ({number} version{'' if number == 1 else 's'} listed)"


def _grouped(entries: list[ChangelogEntry]) -> list[tuple[str, list[ChangelogEntry]]]:
    groups: dict[str, list[ChangelogEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    return sorted(groups.items(), key=lambda item: _rank(item[0]))


def _rank(group: str) -> int:
    """Entries that can break something come first."""
    lowered = group.lower()
    if lowered == _LAST:
        return len(_FIRST) + 1
    return next((at for at, word in enumerate(_FIRST) if word in lowered), len(_FIRST))


def _plain(version: str) -> str:
    return version.removeprefix("v")


def _as_json(report: ChangelogReport) -> dict[str, object]:
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
