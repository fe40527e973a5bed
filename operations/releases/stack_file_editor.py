"""Replaces a value in a stack file in place, byte for byte.

A change is made to what was read, under a lock that all `serlo` commands take, and only if the
file still holds just that; it appears whole or not at all.
"""

import fcntl
import os
import secrets
import sys
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from infra.stack.file import StackFile, StackFileError, Value, parse, read
from operations.releases.stack_versions import NOTHING, peek
from operations.releases.yaml_edit import EditError, remove, set_value

__all__ = ["EditError", "Overtaken", "StackText", "locked", "replace"]

_VERSIONS = "serlo:versions"
# The same few texts are read again and again while a change is judged.
_parsed = lru_cache(maxsize=64)(parse)
_GONE: Any = object()


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
        """The version of each key as it is written, also where YAML takes it for a number."""
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

    def with_value(self, place: tuple[str, ...], value: Value) -> "StackText":
        """This file with another value at a path of keys, every other byte as it was.

        Mappings that are missing on the way are added. Raises EditError.
        """
        return _checked(self, set_value(self.text, place, value), {place: value})

    def without(self, place: tuple[str, ...]) -> "StackText":
        """This file without a key, nor mappings that it leaves empty. Raises EditError."""
        return _checked(self, remove(self.text, place), {place: _GONE})


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
    changes = {("config", _VERSIONS, key): version for key, version in versions}
    text = stack.text
    for place, version in changes.items():
        where = f"{stack.file.label}: {_VERSIONS}.{place[-1]}"
        if not stack.versions.get(place[-1]):
            raise EditError(f"{where}: there is no version to change: write one by hand first")
        try:
            text = set_value(text, place, version)
        except EditError as error:
            raise EditError(f"{stack.file.label}: {error}") from None
    return _checked(stack, text, changes)


def _checked(stack: StackText, text: str, changes: Mapping[tuple[str, ...], Any]) -> StackText:
    """The text as a stack file, if what another reader sees differs in the changes alone."""
    try:
        changed = StackText(stack.path, text.encode(), _parsed(stack.path, text))
    except StackFileError as error:
        raise EditError(str(error)) from None
    wanted: Any = stack.file.values
    for place, value in changes.items():
        wanted = _with(wanted, place, value)
    if changed.file.values != wanted:
        raise EditError(f"{stack.file.label} cannot be changed in place: edit it by hand")
    return changed


def _with(values: Any, place: tuple[str, ...], value: Any) -> Any:
    """A copy of nested mappings with another value at a place."""
    key, *rest = place
    members: dict[str, Any] = dict(values or {})
    new = _with(members.get(key), tuple(rest), value) if rest else value
    if new is _GONE or (value is _GONE and new == {}):
        members.pop(key)
    else:
        members[key] = new
    return members


def _compare(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise Overtaken(path)
