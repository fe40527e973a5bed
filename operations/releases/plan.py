"""Versions that are to move: what may, what may not and why, and in which words it is recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from enum import Enum
from pathlib import Path

from infra.declaration.release import Commit, Release, ReleaseError, Version, parse_release
from infra.declaration.service import Service, allowed_in, exists_in
from infra.services import declared
from infra.stack.file import label_of
from infra.stack.rules import check
from operations.declared.stack_files import stack_name, suggestion
from operations.errors import CommandError
from operations.releases.history import History, VersionPeriod, tag_of
from operations.releases.stack_file_editor import EditError, StackText
from operations.support.git import GitError

_SHORT_COMMIT = 12
_SHORT_DIGEST = 19  # with "sha256:"
_LONGEST_SUBJECT = 72


class Direction(Enum):
    """Whether a change takes a service forward."""

    UP = "up"
    DOWN = "down"
    SAME = "same"
    """Another digest of the same version."""


@dataclass(frozen=True)
class VersionChange:
    """A version that changes in a stack file, and with it every service that shares it."""

    key: str
    before: str
    after: str
    services: tuple[Service, ...]

    @property
    def line(self) -> str:
        """The move as commit messages and people say it."""
        before, after = short(self.before), short(self.after)
        if before == after:
            before, after = short(self.before, digest=True), short(self.after, digest=True)
        return f"{self.key} {before} ➔ {after}"

    @property
    def names(self) -> str:
        """Everything that moves, if it is more than the name of the version says."""
        names = [service.name for service in self.services]
        return "" if names == [self.key] else listed(names)

    @property
    def images(self) -> tuple[str, ...]:
        """The repositories of all images of that version."""
        found = (image for service in self.services for image in service.images)
        return tuple(dict.fromkeys(found))

    @property
    def tag(self) -> str:
        """The new version without its digest."""
        return tag_of(self.after)

    @property
    def digest(self) -> str | None:
        """The digest that the new version is pinned to."""
        return self.after.partition("@")[2] or None


@dataclass
class Plan:
    """What a command would do to a stack file, and what speaks against it.

    `read` holds the other files that it was made from, so that a change of them is noticed.
    `edited` is the file with another change than of versions.
    """

    target: StackText
    moves: list[VersionChange]
    subject: str = ""
    refusals: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    read: Mapping[Path, bytes] = field(default_factory=dict[Path, bytes])
    edited: StackText | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not self.moves and self.edited is None

    @property
    def message(self) -> str:
        """The commit message to use."""
        several = len(self.moves) > 1
        body = [
            f"{move.line}{f' ({move.names})' if move.names else ''}"
            for move in self.moves
            if several or move.names
        ]
        if not several:
            body = [f"Moves {move.names}." for move in self.moves if move.names]
        return "\n".join([self.subject, *([""] if body else []), *body, ""])

    def changed(self, moves: Iterable[VersionChange] | None = None) -> StackText:
        """The stack file with all moves made, or with some. Raises EditError."""
        made = self.moves if moves is None else moves
        return (self.edited or self.target).with_versions({move.key: move.after for move in made})

    def diff(self) -> str:
        """What changes in the file, as git would show it."""
        label = label_of(self.target.path)
        return "".join(
            unified_diff(
                self.target.text.splitlines(keepends=True),
                self.changed().text.splitlines(keepends=True),
                f"a/{label}",
                f"b/{label}",
                n=1,
            )
        )


Planner = Callable[[], Plan]
"""Reads what it needs and decides; asked again if that changed meanwhile. Raises CommandError."""


def find_service(name: str) -> Service:
    """The service of that name. Raises CommandError, with what may have been meant."""
    services = {service.name: service for service in declared()}
    if name not in services:
        raise CommandError(f"there is no service {name!r}{suggestion(name, list(services))}")
    return services[name]


def present(target: StackText, key: str) -> tuple[Service, ...]:
    """The services of a version key that the stack has, the one that gives its name first."""
    config = target.file.values.get("config")
    given = config.get("serlo:features") if isinstance(config, dict) else None
    features = given if isinstance(given, dict) else {}
    stack = stack_name(target.path)
    found = [s for s in declared() if s.version_key == key and exists_in(s, stack, features)]
    return tuple(sorted(found, key=lambda service: (service.name != key, service.name)))


def absent(target: StackText, service: Service) -> str | None:
    """Why a stack has no version of a service that could change, None if it has."""
    stack = stack_name(target.path)
    if not allowed_in(service, stack):
        where = ", ".join(sorted(service.environments or ()))
        return f"{stack} has no {service.name}: it exists in {where} alone"
    if service.version_key not in target.versions:
        key = service.version_key
        return f"{target.file.label} has no version of {key}: write the first by hand"
    if not present(target, service.version_key):
        return f"{stack} has no {service.name}: the feature {service.feature} is switched off there"
    return None


def chosen(target: StackText, name: str) -> Service:
    """The service of that name, which the stack has a version of. Raises CommandError."""
    service = find_service(name)
    reason = absent(target, service)
    if reason:
        raise CommandError(reason)
    return service


def release_of(service: Service, text: str) -> Release | None:
    """What a version means, None if it is no release (any more)."""
    try:
        return parse_release(text, service.channel, allow_v=service.third_party)
    except ReleaseError:
        return None


def direction(
    service: Service, before: str, after: str, ran: Callable[[], Sequence[VersionPeriod]]
) -> Direction:
    """Where a change leads: by precedence, or for commits by which of the two ran first.

    Two commits have no precedence, so `ran` returns what ran one after the other.
    What never ran before is new.
    """
    if tag_of(before) == tag_of(after):
        return Direction.SAME
    old, new = release_of(service, before), release_of(service, after)
    if isinstance(old, Version) and isinstance(new, Version):
        return Direction.DOWN if new < old else Direction.UP
    order = [step.tag for step in ran()]
    if tag_of(before) in order and tag_of(after) in order:
        first = order.index(tag_of(after)) < order.index(tag_of(before))
        return Direction.DOWN if first else Direction.UP
    return Direction.UP


def trail(service: Service, steps: Sequence[VersionPeriod]) -> list[VersionPeriod]:
    """The versions that a rollback can lead to, oldest first, and the current one at the end.

    A step back, to a version that ran before or to any older one, drops the newer ones: 1, 2, 3,
    back to 2 leaves 1.
    """
    kept: list[VersionPeriod] = []
    for step in steps:
        at = next((i for i, other in enumerate(kept) if _drops(service, step, other)), len(kept))
        kept[at:] = [step]
    return kept


def _drops(service: Service, step: VersionPeriod, earlier: VersionPeriod) -> bool:
    """Whether a version is not to be gone back to any more, once another came."""
    if step.tag == earlier.tag:
        return True
    new, old = release_of(service, step.text), release_of(service, earlier.text)
    return isinstance(new, Version) and isinstance(old, Version) and new < old


def went_back(service: Service, version: str, steps: Sequence[VersionPeriod]) -> bool:
    """Whether a version ran and was then rolled back from."""
    tags = {step.tag for step in steps}
    return tag_of(version) in tags - {step.tag for step in trail(service, steps)}


def history_of(path: Path) -> History | None:
    """What git knows of the stack files beside this one, None where there is no git."""
    try:
        return History.read(path.parent)
    except GitError:
        return None


def judge(plan: Plan) -> Iterator[str]:
    """What the release model and the rules of stack files have against the moves."""
    told: set[str] = set()
    for move in plan.moves:
        reason = against(move)
        if reason is not None:
            told.add(f"serlo:versions.{move.key}")
            yield f"{move.key}: {reason}"
    try:
        changed = plan.changed(sound(plan.moves))
    except EditError as error:
        yield str(error)
        return
    _, problems = check(changed.file, stack_name(plan.target.path), declared())
    for problem in problems:
        if problem.key not in told:
            yield str(problem)


def sound(moves: Iterable[VersionChange]) -> list[VersionChange]:
    """The moves to something that is a release for ever."""
    return [move for move in moves if against(move) is None]


def against(move: VersionChange) -> str | None:
    """Why a version can run nowhere, None if it can."""
    service = move.services[0]
    try:
        release = parse_release(move.after, service.channel, allow_v=service.third_party)
    except ReleaseError as error:
        return str(error)
    if isinstance(release, Commit) and release.is_placeholder:
        return f"{move.after} stands where the commit is not known, and never runs"
    if release.digest is not None and len(move.images) > 1:
        return (
            f"a digest names one image, and this version has {len(move.images)}: "
            f"{', '.join(move.images)}. Leave the digest out"
        )
    return None


def short(text: str, *, digest: bool = False) -> str:
    """A version as people say it: commits of 12 digits, digests only if asked for."""
    tag, _, pinned = text.partition("@")
    tag = tag[:_SHORT_COMMIT] if len(tag) == 40 and "." not in tag else tag
    return f"{tag}@{pinned[:_SHORT_DIGEST]}" if digest and pinned else tag


def subject_of(moves: Sequence[VersionChange], where: str, verb: str) -> str:
    """A subject for several moves at once, e.g. `Promote server, kratos (staging ➔ production)`."""
    keys = ", ".join(move.key for move in moves)
    named = f"{verb} {keys} ({where})"
    return named if len(named) <= _LONGEST_SUBJECT else f"{verb} {len(moves)} versions ({where})"


def shared(moves: Iterable[VersionChange]) -> list[str]:
    """A note for each version that more than one service has."""
    return [
        f"{listed([service.name for service in move.services])} share one version: all move"
        for move in moves
        if len(move.services) > 1
    ]


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: `a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
