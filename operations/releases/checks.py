"""What others know about versions that are to move: registries and changelogs.

If a registry or changelog is unreachable, the check adds a warning and continues.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from infra.declaration.service import Service
from operations.errors import CommandError
from operations.releases.changelog import ChangelogUnavailable, changelog_text, migration_between
from operations.releases.plan import Direction, VersionChange, direction, short
from operations.releases.registry.lookup import Digest, ImageTag, digests, missing, unanswered

_AT_ONCE = 8
_LONGEST_QUOTE = 100


@dataclass
class Findings:
    """Reasons against a move, and things to know before it."""

    refusals: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])


class Inquiry:
    """Asks each question once, however often a plan is repeated; with `offline`, none."""

    def __init__(self, *, offline: bool) -> None:
        self._offline = offline
        self._digests: dict[ImageTag, Digest] = {}
        self._changelogs: dict[str, str | None] = {}

    def about(self, moves: Sequence[VersionChange]) -> Findings:
        """What speaks against these moves, and what to know."""
        found = Findings()
        if self._offline and moves:
            found.warnings.append("neither registry nor changelogs were asked (--offline)")
        elif moves:
            self._ask(moves)
            self._compare(moves, found)
        for move in moves:
            found.warnings += self._concerns(move)
        return found

    def pin(self, image: str, tag: str) -> str:
        """The digest that a tag has now. Raises CommandError."""
        if self._offline:
            raise CommandError("--pin-digest needs the registry: leave --offline out")
        self._look_up([(image, tag)])
        match self._digests[image, tag]:
            case str(digest):
                return digest
            case None:
                raise CommandError(missing(image, tag))
            case silence:
                raise CommandError(f"the registry cannot be asked for the digest: {silence.reason}")

    def _ask(self, moves: Sequence[VersionChange]) -> None:
        pairs = [(image, move.tag) for move in moves for image in move.images]
        services = [move.services[0] for move in moves if move.key not in self._changelogs]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            texts = pool.map(_changelog, services)
            self._look_up(pairs)
            self._changelogs |= zip([s.version_key for s in services], texts, strict=True)

    def _look_up(self, pairs: Sequence[ImageTag]) -> None:
        self._digests |= digests([pair for pair in pairs if pair not in self._digests])

    def _compare(self, moves: Sequence[VersionChange], found: Findings) -> None:
        for move in moves:
            for image in move.images:
                answer = self._digests[image, move.tag]
                if answer is None:
                    found.refusals.append(f"{move.key}: {missing(image, move.tag)}")
                elif isinstance(answer, str) and move.digest not in {None, answer}:
                    found.refusals.append(
                        f"{move.key}: {image}:{move.tag} is {answer}, not {move.digest}"
                    )
        asked = [(image, move.tag) for move in moves for image in move.images]
        found.warnings += unanswered({image: self._digests[image] for image in asked})

    def _concerns(self, move: VersionChange) -> list[str]:
        text = self._changelogs.get(move.key)
        service = move.services[0]
        concerns = migration_between(service, move.before, move.after, text)
        # Commits have no changelog, so their order does not matter.
        back = direction(service, move.before, move.after, lambda: ()) is Direction.DOWN
        undone = " Going back does not undo it." if back else ""
        return [
            f"{move.key}: a {concern.kind} lies in between, with {short(concern.version)}: "
            f"{_quote(concern.text)}{undone}"
            for concern in concerns
        ]


def _changelog(service: Service) -> str | None:
    try:
        return changelog_text(service)
    except ChangelogUnavailable:
        return None


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"
