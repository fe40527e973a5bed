"""What registries said, kept on disk: lists of tags for minutes, facts about digests for ever."""

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from operations.releases.registry.names import Place
from rehearsal.files import write_private

TAGS_FOR = 300
"""Seconds for which a list of tags is believed."""


class Cache:
    """Answers by repository. What cannot be read or written is as if it were not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tags(self, place: Place) -> list[str] | None:
        """The tags of a repository, if they were asked for a short while ago."""
        kept = self._read(place).get("tags")
        if not isinstance(kept, dict):
            return None
        entry = cast(dict[str, Any], kept)
        at, names = entry.get("at"), entry.get("names")
        if not isinstance(at, int | float) or not isinstance(names, list):
            return None
        age = time.time() - at
        if not 0 <= age < TAGS_FOR:
            return None
        return [str(name) for name in cast(list[object], names)]

    def keep_tags(self, place: Place, names: list[str]) -> None:
        """Remember the tags of a repository."""
        self._write(place, "tags", {"at": time.time(), "names": names})

    def has_digest(self, place: Place, digest: str) -> bool:
        """Whether the repository was seen to have this digest, which means the same for ever."""
        kept = self._read(place).get("digests")
        return isinstance(kept, list) and digest in cast(list[object], kept)

    def keep_digest(self, place: Place, digest: str) -> None:
        """Remember that the repository has this digest."""
        kept = self._read(place).get("digests")
        digests = cast(list[object], kept) if isinstance(kept, list) else []
        self._write(place, "digests", [*(d for d in digests if d != digest), digest])

    def _read(self, place: Place) -> dict[str, Any]:
        try:
            content = json.loads(self._file(place).read_text())
        except (OSError, ValueError):
            return {}
        return cast(dict[str, Any], content) if isinstance(content, dict) else {}

    def _write(self, place: Place, key: str, value: object) -> None:
        with suppress(OSError):  # a cache that cannot be written is a slow one, not a broken one
            write_private(self._file(place), json.dumps(self._read(place) | {key: value}))

    def _file(self, place: Place) -> Path:
        """By server and repository: what one registry said is no answer of another."""
        name = hashlib.sha256(f"{place.server} {place.repository}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"
