"""Files beside the state by which a rehearsal steers the emulator; read again when they change."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

Item = TypeVar("Item")


class SteeringError(Exception):
    """Such a file or an argument is wrong; the message names it, the place and the remedy."""


class SteeringFile(Generic[Item]):
    """A JSON list in a file that need not exist."""

    def __init__(
        self,
        file: Path,
        kind: TypeAdapter[list[Item]],
        take: Callable[[list[Item]], None],
        expected: str,
    ) -> None:
        """`take` gets the items; `expected` is an example of them for the error message."""
        self._file = file
        self._kind = kind
        self._take = take
        self._expected = expected
        self._seen: tuple[int, int] | None = None

    def refresh(self) -> None:
        """Hand the items over if the file has changed. Raises SteeringError."""
        try:
            status = self._file.stat()
            seen = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            seen = None
        if seen == self._seen:
            return
        try:
            self._take([] if seen is None else self._kind.validate_json(self._file.read_bytes()))
        except ValidationError as error:
            raise SteeringError(f"{self._file}: expected {self._expected}; found {error}") from None
        self._seen = seen
