"""Reading a stack file: YAML to plain values that still know the line they stand in.

Everything here is about the text; `infra.stack.environment` says what the keys mean.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import yaml

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
"""What a stack file can hold: the types of JSON."""

Place = tuple[str | int, ...]
"""Where in the file: keys and list positions from the top, e.g. ("config", "serlo:domain")."""

_TAG = "tag:yaml.org,2002:"
_HINT_QUOTES = "Put it in quotes if it is meant as text"


@dataclass(frozen=True)
class Problem:
    """One mistake in a stack file: where, what was found, what is allowed, and what to do."""

    file: str
    key: str
    found: str
    allowed: str
    remedy: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        key = f"{self.key}: " if self.key else ""
        remedy = self.remedy if self.remedy.endswith("?") else f"{self.remedy}."
        return f"{place}: {key}found {self.found}; expected {self.allowed}. {remedy}"


class StackFileError(Exception):
    """A stack file with mistakes: all of them, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.line or 0, p.column or 0)))
        noun = "mistake" if len(self.problems) == 1 else "mistakes"
        listed = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{len(self.problems)} {noun} in {self.problems[0].file}:\n{listed}")


@dataclass(frozen=True)
class StackFile:
    """A stack file that could be read. `values` is its whole content as plain values."""

    path: Path
    values: dict[str, Value]
    _lines: dict[Place, tuple[int, int]] = field(repr=False)
    _texts: dict[Place, str] = field(repr=False)
    _keys: dict[Place, tuple[int, int]] = field(repr=False)

    @property
    def label(self) -> str:
        """How messages name the file, the same on every machine: `stacks/Pulumi.staging.yaml`."""
        return label_of(self.path)

    def position(self, place: Place) -> tuple[int, int]:
        """Line and column (from 1) of a value, or of the nearest one above that exists."""
        while place not in self._lines and place:
            place = place[:-1]
        return self._lines[place]

    def found(self, place: Place) -> str:
        """What stands there, as a person would quote it."""
        return self._texts.get(place, "nothing")

    def problem(
        self, place: Place, allowed: str, remedy: str, *, found: str | None = None
    ) -> Problem:
        """A mistake in a value; the key is spelled as `pulumi config --path` does."""
        line, column = self.position(place)
        return Problem(
            file=self.label,
            key=spell(place),
            found=self.found(place) if found is None else found,
            allowed=allowed,
            remedy=remedy,
            line=line,
            column=column,
        )

    def unknown(self, place: Place, what: str, known: Sequence[str], otherwise: str) -> Problem:
        """A key or element that should not be there: did the author mean another, or what else?"""
        line, column = self._keys.get(place) or self.position(place)
        # A common prefix would make all keys look alike.
        plain = {name.removeprefix("serlo:"): name for name in known}
        word = str(place[-1]) if place in self._keys else self.found(place).strip('"')
        close = get_close_matches(word.removeprefix("serlo:"), plain, n=1, cutoff=0.6)
        return Problem(
            file=self.label,
            key=spell(place),
            found=f'the unknown {what} "{word}"',
            allowed=f"one of {', '.join(known)}" if known else "none",
            remedy=f"Did you mean {plain[close[0]]}?" if close else otherwise,
            line=line,
            column=column,
        )


def label_of(path: Path) -> str:
    """The file's name with its folder, which is all that people need to find it."""
    return "/".join(path.parts[-2:])


def spell(place: Place) -> str:
    """A place as one word, e.g. `serlo:versions.server`; the outer `config` goes without saying."""
    keys = place[1:] if place[:1] == ("config",) and len(place) > 1 else place
    spelled = ""
    for key in keys:
        spelled += f"[{key}]" if isinstance(key, int) else f".{key}"
    return spelled.removeprefix(".")


def read(path: Path) -> StackFile:
    """Read a stack file; raises StackFileError for all that is not plain, unambiguous YAML."""
    return parse(path, _text(path, label_of(path)))


def parse(path: Path, text: str) -> StackFile:
    """As `read`, of a text that stands in the file, or is to."""
    label = label_of(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        # An alias without an anchor is a mistake that was found above.
        events = yaml.parse(text) if "&" in text else ()
        anchors = [problem for event in events for problem in _anchors(event, label)]
    except yaml.YAMLError as error:
        raise StackFileError([_syntax_problem(label, text, error)]) from None
    except RecursionError:
        raise StackFileError(
            [_whole(label, "values nested too deeply", "Write a plain mapping")]
        ) from None
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value == ""):
        raise StackFileError(
            [_whole(label, "an empty file", "Copy another stack file and edit it")]
        )
    if not isinstance(root, yaml.MappingNode):
        raise StackFileError(
            [_whole(label, _describe(root), "Start with config: and keys below it")]
        )
    if anchors:  # They may refer to themselves, so nothing else is read.
        raise StackFileError(anchors)
    reader = _Reader(label)
    values = reader.mapping(root, ())
    if reader.problems:
        raise StackFileError(reader.problems)
    return StackFile(path, values, reader.lines, reader.texts, reader.keys)


def _text(path: Path, label: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(label_of(other) for other in path.parent.glob("Pulumi.*.yaml"))
        raise StackFileError(
            [_whole(label, "no such file", f"There are: {', '.join(known) or 'none'}", line=None)]
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise StackFileError(
            [_whole(label, "bytes that are not UTF-8", "Save the file as UTF-8", line=line)]
        ) from None
    except OSError as error:
        raise StackFileError(
            [_whole(label, f"a file that cannot be read: {error.strerror}", "Fix that", line=None)]
        ) from None


def _anchors(event: yaml.Event, label: str) -> Iterator[Problem]:
    name: str | None = getattr(event, "anchor", None)
    if name is None:
        return
    sign = f"the alias *{name}" if isinstance(event, yaml.AliasEvent) else f"the anchor &{name}"
    yield Problem(
        file=label,
        key="",
        found=sign,
        allowed="values written out",
        remedy="Write the value out: `pulumi config set` would lose the reference",
        line=event.start_mark.line + 1 if event.start_mark else None,
        column=event.start_mark.column + 1 if event.start_mark else None,
    )


def _whole(label: str, found: str, remedy: str, *, line: int | None = 1) -> Problem:
    return Problem(
        file=label,
        key="",
        found=found,
        allowed="a YAML mapping that starts with config:",
        remedy=remedy,
        line=line,
    )


def _syntax_problem(label: str, text: str, error: yaml.YAMLError) -> Problem:
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else None
    said = " ".join(
        str(part)
        for part in (getattr(error, "context", None), getattr(error, "problem", None))
        if part
    )
    if isinstance(error, yaml.reader.ReaderError):
        said = f"the character #x{error.character:04x}"
        line = text.count("\n", 0, error.position) + 1
    remedy = "Fix the YAML syntax; an editor that knows YAML shows the place"
    if "'\\t'" in said:
        said = f"a tab ({said})"
        remedy = "Indent with spaces: YAML forbids tabs"
    return Problem(
        file=label,
        key="",
        found=f"text that is no YAML: {said}" if said else "text that is no YAML",
        allowed="one YAML document",
        remedy=remedy,
        line=line,
        column=mark.column + 1 if mark else None,
    )


def _describe(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping" if node.value else "an empty mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text: str = node.value
    kind = str(node.tag).removeprefix(_TAG)
    if kind == "str":
        return f'"{text}"'
    if kind == "null":
        return "no value"
    names = {"int": "the number", "float": "the number", "bool": "the truth value"}
    names["timestamp"] = "the date"
    return f"{names[kind]} {text}" if kind in names else f"a value tagged {node.tag}"


class _Reader:
    """Turns nodes into plain values, noting positions and mistakes."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.problems: list[Problem] = []
        self.lines: dict[Place, tuple[int, int]] = {}
        self.texts: dict[Place, str] = {}
        self.keys: dict[Place, tuple[int, int]] = {}

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Value]:
        """A mapping's values by key; duplicate and non-text keys are noted and left out."""
        self._enter(node, place)
        values: dict[str, Value] = {}
        first: dict[str, int] = {}
        pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
        for key_node, value_node in pairs:
            mark = key_node.start_mark
            if key_node.tag == f"{_TAG}merge":
                self._note(
                    place,
                    mark,
                    found="the merge key <<",
                    allowed="keys written out",
                    remedy="Write the keys out: Pulumi does not merge",
                )
                continue
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
                self._note(
                    place,
                    mark,
                    found=f"{_describe(key_node)} as a key",
                    allowed="text as a key",
                    remedy=_HINT_QUOTES,
                )
                continue
            key: str = key_node.value
            if key in first:
                self._note(
                    (*place, key),
                    mark,
                    found=f"the key a second time, first in line {first[key]}",
                    allowed="each key once",
                    remedy="Delete one of the two lines",
                )
                continue
            first[key] = mark.line + 1
            values[key] = self.value(value_node, (*place, key))
            self.keys[*place, key] = (mark.line + 1, mark.column + 1)
            # A mistake in a mapping or list is shown where its key stands, not a line below.
            if not isinstance(value_node, yaml.ScalarNode):
                self.lines[*place, key] = self.keys[*place, key]
        return values

    def value(self, node: yaml.Node, place: Place) -> Value:
        """Any value; tags outside JSON's types are noted."""
        if isinstance(node, yaml.MappingNode):
            if node.tag != f"{_TAG}map":
                self._tagged(node, place)
            return self.mapping(node, place)
        self._enter(node, place)
        if isinstance(node, yaml.SequenceNode):
            items: list[yaml.Node] = node.value
            return [self.value(item, (*place, index)) for index, item in enumerate(items)]
        return self._scalar(node, place)

    def _scalar(self, node: yaml.Node, place: Place) -> Value:
        text: str = node.value
        match str(node.tag).removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() in {"yes", "true", "on"}
            case "int":
                return _integer(text)
            case "float":
                return _decimal(text)
            case _:
                self._tagged(node, place)
                return None

    def _tagged(self, node: yaml.Node, place: Place) -> None:
        self._note(
            place,
            node.start_mark,
            found=_describe(node),
            allowed="text, whole numbers, true, false, lists and mappings",
            remedy=_HINT_QUOTES,
        )

    def _enter(self, node: yaml.Node, place: Place) -> None:
        self.lines[place] = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.texts[place] = _describe(node)

    def _note(
        self, place: Place, mark: yaml.Mark, *, found: str, allowed: str, remedy: str
    ) -> None:
        self.problems.append(
            Problem(
                file=self.label,
                key=spell(place),
                found=found,
                allowed=allowed,
                remedy=remedy,
                line=mark.line + 1,
                column=mark.column + 1,
            )
        )


def _decimal(text: str) -> float:
    # Exponents and infinities exist in YAML; no key means them. The message has the text.
    return float(text) if re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", text) else float("nan")


def _integer(text: str) -> int | float:
    digits = text.replace("_", "")
    # Octal, hexadecimal and base 60 exist in YAML 1.1; no key means them.
    return int(digits) if digits.lstrip("+-").isdigit() and len(digits) < 20 else float("nan")
