"""Which images fail, and how: `faults.yaml` in the state folder of a rehearsal.

    pull-error: ["*:9.9.9"]        # the image cannot be pulled
    crash-loop: ["*/server:0.0.1"] # the container exits with status 1 soon after its start
    never-ready: ["*:not-ready"]   # the container runs, its readiness probe fails

Values are globs (`*` any text, `?` one character) for the whole image reference. A change of the
file counts from the moment it is seen (a fraction of a second), for pods that exist too. Pods
with the annotation `rehearsal.serlo.org/fault: <kind>` fail in that way whatever their image.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from rehearsal.files import write_private

ANNOTATION = "rehearsal.serlo.org/fault"
KINDS = ("pull-error", "crash-loop", "never-ready")

_GLOB = re.compile(r"[A-Za-z0-9._/:@*?-]+")


class FaultsError(ValueError):
    """A faults file that cannot be used; the message names file, value and remedy."""


@dataclass(frozen=True)
class Faults:
    """The globs of the images that fail, by kind of failure. The first kind that fits counts."""

    pull_error: tuple[str, ...] = ()
    crash_loop: tuple[str, ...] = ()
    never_ready: tuple[str, ...] = ()

    def globs(self, kind: str) -> tuple[str, ...]:
        """The globs of one of KINDS."""
        return {
            "pull-error": self.pull_error,
            "crash-loop": self.crash_loop,
            "never-ready": self.never_ready,
        }[kind]


def read(path: Path) -> Faults:
    """The faults that a file asks for; none when there is no file. Raises FaultsError."""
    try:
        document: Any = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        return Faults()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FaultsError(f"{path}: cannot be read as YAML: {error}") from None
    if document is None:
        return Faults()
    if not isinstance(document, dict):
        raise FaultsError(f"{path}: expected a mapping with the keys {', '.join(KINDS)}")
    entries = cast(dict[Any, Any], document)
    if unknown := [str(key) for key in entries if key not in KINDS]:
        raise FaultsError(f"{path}: unknown kind {unknown[0]!r}; allowed: {', '.join(KINDS)}")
    return Faults(*(_globs(path, kind, entries.get(kind)) for kind in KINDS))


def write(path: Path, faults: Faults) -> None:
    """Write the file for `faults`. Raises FaultsError when a glob is not one."""
    document = {kind: list(_globs(path, kind, list(faults.globs(kind)))) for kind in KINDS}
    write_private(path, yaml.safe_dump(document, sort_keys=False))


def fingerprint(faults: Faults) -> str:
    """What the status of kwok shows as its configuration while these faults are in force."""
    return hashlib.sha256(repr(faults).encode()).hexdigest()[:16]


def regular_expression(globs: Iterable[str]) -> str:
    """One expression that fits what any of the globs fits. Contains no quote and no backslash,
    so that it can stand in the jq expressions and templates of kwok as it is."""
    parts = [
        "".join({"*": ".*", "?": ".", ".": "[.]"}.get(letter, letter) for letter in glob)
        for glob in globs
    ]
    return f"^({'|'.join(parts)})$"


def _globs(path: Path, kind: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise FaultsError(f"{path}: {kind}: expected a list of globs, found {value!r}")
    globs = cast(list[object], value)
    for glob in globs:
        if not isinstance(glob, str) or not _GLOB.fullmatch(glob):
            raise FaultsError(
                f"{path}: {kind}: {glob!r} is not a glob for an image reference;"
                " allowed are letters, digits, . _ / : @ - and * ? (quote it in YAML)"
            )
    return tuple(str(glob) for glob in globs)
