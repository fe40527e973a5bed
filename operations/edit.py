"""Changing versions in a stack file: exactly their characters, and nobody else's work.

A change is made to what was read, under a lock that all `serlo` commands take, and only if the
file still holds just that; it appears whole or not at all.
"""

import fcntl
import os
import re
import secrets
import sys
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from infra.stackfile import StackFile, StackFileError, parse, read
from operations.peek import NOTHING, peek

_VERSIONS = "serlo:versions"
# The same few texts are read again and again while a change is judged.
_parsed = lru_cache(maxsize=64)(parse)
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+@:_-]*")
# Pulumi's YAML takes more for numbers than PyYAML does: 12e4, 0x1f, 0o17, 1_000.
_NUMBER = re.compile(r"[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?|0x[0-9a-fA-F_]+|0[ob]?[0-7_]+")


class EditError(Exception):
    """A version that cannot be changed in place; the message says where and what to do."""


class Overtaken(Exception):
    """Somebody else changed the file since it was read."""


@dataclass(frozen=True)
class StackText:
    """A stack file as it was read: its bytes, and what they mean."""

    path: Path
    data: bytes
    file: StackFile = field(compare=False)

    @property
    def text(self) -> str:
        """The characters, line ends as they are."""
        return self.data.decode()

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of each key as it is written, be it text to YAML or not."""
        return (peek(self.text) or NOTHING).versions

    @property
    def allowances(self) -> Collection[str]:
        """Keys of which pre-releases may run in production."""
        config = self.file.values.get("config")
        block = config.get("serlo:prereleases") if isinstance(config, dict) else None
        return block.keys() if isinstance(block, dict) else ()

    @classmethod
    def read(cls, path: Path) -> "StackText":
        """Read a stack file. Raises StackFileError."""
        path = path.resolve()
        try:
            data = path.read_bytes()
            text = data.decode()
        except (OSError, UnicodeDecodeError):
            read(path)  # says what is wrong
            raise
        return cls(path, data, _parsed(path, text))

    def with_versions(self, versions: Mapping[str, str]) -> "StackText":
        """This file with other versions for some keys, every other byte as it was.

        Raises EditError for a key that is not there or is written in a way that cannot be kept.
        """
        return _edited(self, tuple(sorted(versions.items())))


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Keep other `serlo` commands from changing what lies in a folder, waiting for them first.

    The lock is on the folder itself, so no file is left behind, and a killed process frees it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another serlo that changes {folder.name}/ …", file=sys.stderr)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Give a file another content, whole or not at all, if it still has the one that was read.

    Its mode stays. Raises Overtaken, OSError.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
        _compare(path, before)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@lru_cache(maxsize=64)
def _edited(stack: StackText, versions: tuple[tuple[str, str], ...]) -> StackText:
    text = stack.text
    nodes = _nodes(text)
    spots: list[tuple[int, int, str]] = []
    for key, version in versions:
        node = nodes.get(key)
        place = f"{stack.file.label}: {_VERSIONS}.{key}"
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            raise EditError(f"{place}: there is no version to change: write one by hand first")
        start, end = node.start_mark.index, node.end_mark.index
        quote = node.style if node.style in {'"', "'"} else ""
        if text[start:end] != f"{quote}{node.value}{quote}":
            raise EditError(
                f"{place}: written in a way that cannot be kept; "
                f"write it as {key}: {version} by hand"
            )
        spots.append((start, end, _scalar(version, quote)))
    for start, end, written in sorted(spots, reverse=True):
        text = text[:start] + written + text[end:]
    try:
        changed = StackText(stack.path, text.encode(), _parsed(stack.path, text))
    except StackFileError as error:
        raise EditError(str(error)) from None
    # Fail closed: what another reader sees differs in these versions and nothing else.
    wanted: Any = dict(stack.file.values)
    config: Any = dict(wanted["config"])
    wanted["config"] = {**config, _VERSIONS: {**config[_VERSIONS], **dict(versions)}}
    if changed.file.values != wanted:
        raise EditError(f"{stack.file.label} cannot be changed in place: edit it by hand")
    return changed


def _compare(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise Overtaken(path)


def _scalar(version: str, quote: str) -> str:
    if quote:
        return f"{quote}{version}{quote}"
    # A commit of digits alone, or with one e among them, is a number to YAML.
    text = _PLAIN.fullmatch(version) and not _NUMBER.fullmatch(version)
    return version if text else f'"{version}"'


def _nodes(text: str) -> dict[str, Any]:
    """The node of each version, which knows where it stands."""
    node: Any = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for key in ("config", _VERSIONS):
        members: list[tuple[Any, Any]] = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in members if name.value == key), None)
    versions: list[tuple[Any, Any]] = node.value if isinstance(node, yaml.MappingNode) else []
    return {name.value: value for name, value in versions}
