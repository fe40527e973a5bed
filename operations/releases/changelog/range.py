"""What lies between two versions in a changelog, whichever way one goes."""

from dataclasses import dataclass, replace
from enum import StrEnum

from infra.declaration.release import Version
from operations.releases.changelog.parsing import ChangelogEntry, Section, parse


class Direction(StrEnum):
    """Which way a change goes."""

    FORWARD = "forward"
    BACK = "back"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Span:
    """What changes from one version to another, in the order of the file but newest first.

    Going back, these are the changes that are taken back. `notes` are sentences about what the
    changelog does not say, so that silence does not read as "nothing changes".
    """

    direction: Direction
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    @property
    def entries(self) -> list[ChangelogEntry]:
        """All entries, section by section."""
        return [entry for section in self.sections for entry in section.entries]


def between(text: str, a: str, b: str) -> list[ChangelogEntry]:
    """The entries of a changelog after the lower of two versions, up to and with the higher.

    Versions may have a `v` and a digest. Raises ReleaseError for what is no version.
    """
    return span(text, a, b).entries


def span(text: str, a: str, b: str) -> Span:
    """What changes from version `a` to `b`; raises ReleaseError for what is no version."""
    first, second = (Version.parse(version, allow_v=True) for version in (a, b))
    lower, higher = sorted((first, second))
    if not lower < higher:
        return Span(Direction.NOWHERE, (), ())
    ordered = _newest_first(parse(text))
    listed = [(section, section.version) for section in ordered if section.version is not None]
    chosen = {id(section) for section, version in listed if lower < version <= higher}
    notes: list[str] = []
    if not listed:
        notes.append("The changelog lists no versions.")
    else:
        if not any(_same(version, lower) for _, version in listed):
            notes.append(f"The changelog does not list {_plain(lower)}.")
        if not any(_same(version, higher) for _, version in listed):
            further, note = _instead_of(ordered, higher)
            chosen |= {id(section) for section in further}
            notes.append(note)
    for section in _by_place(ordered, chosen, higher):
        chosen.add(id(section))
        notes.append(
            f"Line {section.line}: {section.title!r} is no full version; it is shown for its place."
        )
    return Span(
        Direction.FORWARD if first < second else Direction.BACK,
        tuple(section for section in ordered if id(section) in chosen),
        tuple(notes),
    )


def _newest_first(sections: list[Section]) -> list[Section]:
    versions = [section.version for section in sections if section.version is not None]
    return sections[::-1] if versions and versions[0] < versions[-1] else sections


def _instead_of(ordered: list[Section], higher: Version) -> tuple[list[Section], str]:
    """What can be said about a version that is not listed: sections that may speak of it."""
    missing = f"The changelog does not list {_plain(higher)}"
    if higher.is_prerelease:
        release = replace(higher, prerelease=())
        later = [s for s in ordered if s.version is not None and _same(s.version, release)]
        if later:
            return later, f"{missing}; it has at most what {_plain(release)} has, which is shown."
    versions = [section.version for section in ordered if section.version is not None]
    newest = max(versions)
    if newest < higher:
        unreleased = [section for section in ordered if section.unreleased and section.entries]
        if unreleased:
            return unreleased, f"{missing}; shown is also what it calls unreleased."
        return [], f"{missing}; the newest it lists is {_plain(newest)}."
    return [], f"{missing}."


def _by_place(ordered: list[Section], chosen: set[int], higher: Version) -> list[Section]:
    """Sections that name no version but stand directly below one that is chosen."""
    found: list[Section] = []
    inside = all(higher > section.version for section in ordered if section.version is not None)
    for section in ordered:
        if section.version is not None or section.unreleased:
            inside = id(section) in chosen or (section.unreleased and inside)
        elif inside and section.entries:
            found.append(section)
    return found


def _same(one: Version, other: Version) -> bool:
    """Whether two versions are the same release, with or without a `v`, digest or build."""
    return not one < other and not other < one


def _plain(version: Version) -> str:
    return version.tag.removeprefix("v")
