"""Which rules of a table never answer, since earlier ones answer everything that they would."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.edge.simulator.request import CompiledRule, expression, host_text
from infra.stack.rules import ENVIRONMENTS

_GROUP_NAME = "?<"


@dataclass(frozen=True)
class Hidden:
    """A rule that never answers; `by` are the rules that answer in its place."""

    rule: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Overlap:
    """Two rules for the same path under the same conditions, and where both hold."""

    rule: str
    earlier: str
    path: str
    hosts: str


@dataclass(frozen=True)
class _Hosts:
    """A set of labels, or everything but these."""

    labels: frozenset[str]
    inverse: bool = False

    @classmethod
    def of(cls, rule: CompiledRule) -> "_Hosts":
        hosts = rule["hosts"]
        if isinstance(hosts, Mapping):
            return cls(frozenset(hosts["but"]), inverse=True)  # pyright: ignore[reportUnknownArgumentType]
        return cls(frozenset(hosts))

    def __bool__(self) -> bool:
        return self.inverse or bool(self.labels)

    def __sub__(self, other: "_Hosts") -> "_Hosts":
        return self & _Hosts(other.labels, inverse=not other.inverse)

    def __and__(self, other: "_Hosts") -> "_Hosts":
        match self.inverse, other.inverse:
            case False, False:
                return _Hosts(self.labels & other.labels)
            case False, True:
                return _Hosts(self.labels - other.labels)
            case True, False:
                return _Hosts(other.labels - self.labels)
            case _:
                return _Hosts(self.labels | other.labels, inverse=True)

    def __str__(self) -> str:
        names = ", ".join(host_text(label) for label in sorted(self.labels))
        return f"every host but {names}" if self.inverse and names else names or "every host"


def hidden(rules: Sequence[CompiledRule]) -> Iterator[Hidden]:
    """Rules that earlier ones, which never decline, leave nothing for in any environment."""
    for position, rule in enumerate(rules):
        before = [r for r in rules[:position] if _answers_always(r) and _conditions_cover(r, rule)]
        by: dict[str, None] = {}
        if all(
            _covered(piece, environment, _Hosts.of(rule), before, by)
            for environment in _environments(rule)
            for piece in _pieces(rule)
        ):
            yield Hidden(rule["name"], tuple(r["name"] for r in before if r["name"] in by))


def overlaps(rules: Sequence[CompiledRule]) -> Iterator[Overlap]:
    """Pairs of rules for the same exact path under the same conditions that contend for a host.

    An earlier rule that is an exception to the later one is none of them: it holds for part of the
    hosts or environments and nowhere else.
    """
    seen: dict[str, list[CompiledRule]] = {}
    for rule in rules:
        for path in _exact_paths(rule):
            for earlier in seen.setdefault(path, []):
                both = _Hosts.of(rule) & _Hosts.of(earlier)
                beyond = _Hosts.of(earlier) - _Hosts.of(rule)
                if (
                    both
                    and _environments(rule) & _environments(earlier)
                    and (beyond or not _environments(earlier) <= _environments(rule))
                    and _same_when(rule, earlier)
                ):
                    yield Overlap(rule["name"], earlier["name"], path, str(both))
            seen[path].append(rule)


def _covered(
    piece: tuple[str, str],
    environment: str,
    hosts: _Hosts,
    before: Iterable[CompiledRule],
    by: dict[str, None],
) -> bool:
    for rule in before:
        both = hosts & _Hosts.of(rule)
        if both and environment in _environments(rule) and _path_covers(rule.get("path"), piece):
            by[rule["name"]] = None
            hosts -= _Hosts.of(rule)
    return not hosts


def _pieces(rule: CompiledRule) -> list[tuple[str, str]]:
    path = rule.get("path")
    if path is None:
        return [("any", "")]
    if "exact" in path:
        return [("exact", exact) for exact in _exact_paths(rule)]
    return [("prefix", path["prefix"])] if "prefix" in path else [("pattern", path["pattern"])]


def _exact_paths(rule: CompiledRule) -> list[str]:
    path: Mapping[str, Any] = rule.get("path") or {}
    if "exact" not in path:
        return []
    exact = path["exact"]
    return [exact, f"{exact}/"] if path.get("slash") else [exact]


def _path_covers(path: Mapping[str, Any] | None, piece: tuple[str, str]) -> bool:
    kind, text = piece
    match path:
        case None:
            return True
        case {"exact": exact}:
            slash = path.get("slash", False)
            return kind == "exact" and (text == exact or (slash and text == f"{exact}/"))
        case {"prefix": prefix}:
            start = _literal_start(text) if kind == "pattern" else text
            return kind != "any" and start.startswith(prefix)
        case {"pattern": pattern}:
            if kind == "exact":
                return expression(pattern).search(text) is not None
            return kind == "pattern" and _nameless(pattern) == _nameless(text)
        case _:
            return False


def _literal_start(pattern: str) -> str:
    """What every path that fits the pattern starts with, as far as that is easily seen."""
    start: list[str] = []
    characters = iter(pattern.removeprefix("^"))
    for character in characters:
        if character == "\\":
            start.append(next(characters))
        elif character in "*?{":
            # Of the character before there may be none.
            return "".join(start[:-1])
        elif character in "([.+|$":
            break
        else:
            start.append(character)
    return "".join(start)


def _nameless(pattern: str) -> str:
    first, *others = pattern.split(_GROUP_NAME)
    return first + "".join(other.partition(">")[2] for other in others)


def _environments(rule: CompiledRule) -> frozenset[str]:
    return frozenset(rule.get("environments", ENVIRONMENTS))


def _answers_always(rule: CompiledRule) -> bool:
    return rule["then"]["do"] != "alias" and not rule["then"].get("declines", False)


def _conditions_cover(earlier: CompiledRule, later: CompiledRule) -> bool:
    """Whether whatever fulfils the later rule's conditions fulfils the earlier one's too."""
    asked = later.get("when", ())
    return all(any(_implies(own, other) for own in asked) for other in earlier.get("when", ()))


def _implies(strong: Mapping[str, Any], weak: Mapping[str, Any]) -> bool:
    if strong == weak:
        return True
    for kind in ("methods", "query", "region"):
        if kind in strong and kind in weak:
            return set(strong[kind]) <= set(weak[kind])
    return "value" not in weak and all(strong.get(key) == value for key, value in weak.items())


def _same_when(rule: CompiledRule, other: CompiledRule) -> bool:
    return _conditions_cover(rule, other) and _conditions_cover(other, rule)
