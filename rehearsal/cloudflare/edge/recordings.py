"""Recorded answers of hosts outside the zones: a YAML file that is given, and `answers.json`.

Both hold a list of {"url", "method"?, "status"?, "type"?, "headers"?, and one of "body" (text),
"base64", "json"}. `url` is where a request's URL has to begin, the whole host at least; the longest
one wins, and any of answers.json comes before those that are given. Without a method, all methods
are meant. answers.json stands beside the state and is read again when it changes.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import yaml
from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)

from rehearsal.cloudflare.steering import SteeringError, SteeringFile


class Recorded(BaseModel):
    """One recorded answer."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://[^/]+/")
    method: str | None = None
    status: int = Field(default=200, ge=200, le=599)
    type: str | None = None
    headers: dict[str, str] = {}
    body: str | None = None
    base64: Base64Bytes | None = None
    json_: object = Field(default=None, alias="json")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if sum(one is not None for one in (self.body, self.base64, self.json_)) > 1:
            raise ValueError("only one of body, base64 and json may be given")
        return self

    @property
    def content(self) -> bytes:
        """The body."""
        if self.base64 is not None:
            return self.base64
        if self.json_ is not None:
            return json.dumps(self.json_).encode()
        return (self.body or "").encode()

    @property
    def content_type(self) -> str:
        """The content type: the given one, or what the body suggests."""
        if self.type is not None:
            return self.type
        return "application/json" if self.json_ is not None else "text/plain; charset=utf-8"


_LIST = TypeAdapter(list[Recorded])


class Recordings:
    """All recordings there are now."""

    def __init__(self, file: Path, given: Path | None) -> None:
        """`file` is answers.json, which need not exist; `given` is read once.

        Raises SteeringError for a wrong `given`.
        """
        try:
            document: object = yaml.safe_load(given.read_text(encoding="utf-8")) if given else []
            self._given = _LIST.validate_python(document)
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise SteeringError(f"--recordings {given}: {error}") from None
        expected = (
            '[{"url": "https://host/path", "status": 404}], '
            "see rehearsal/cloudflare/edge/recordings.py"
        )
        self._added: list[Recorded] = []
        self._file = SteeringFile(file, _LIST, self._replace, expected)

    def find(self, method: str, url: str) -> Recorded | None:
        """The answer to a request, None if there is none. Raises SteeringError."""
        self._file.refresh()
        return _longest(self._added, method, url) or _longest(self._given, method, url)

    def _replace(self, added: list[Recorded]) -> None:
        self._added = added


def _longest(recordings: Iterable[Recorded], method: str, url: str) -> Recorded | None:
    fitting = [
        one for one in recordings if one.method in (None, method) and url.startswith(one.url)
    ]
    return max(fitting, key=lambda one: len(one.url), default=None)
