"""The little of GitHub's REST API that the workflows need."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

AUTHOR = "github-actions[bot]"
"""Who writes with a workflow's token."""

LONGEST = 65_000
"""Characters of a comment or an issue; GitHub takes 65,536."""

_TIMEOUT = 30  # seconds
_PER_PAGE = 100
_MOST_PAGES = 30
_MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH_SPACE = "\u200b"


class GitHub:
    """One repository, by a workflow's token. Every method raises OSError if GitHub refuses."""

    def __init__(self, api: str, repository: str, token: str) -> None:
        """`api` without a slash at the end; `repository` as owner/name."""
        self._root = f"{api}/repos/{repository}"
        self._token = token

    @classmethod
    def of_this_run(cls) -> "GitHub":
        """The repository of the workflow that runs this; raises KeyError outside of workflows."""
        return cls(
            os.environ["GITHUB_API_URL"],
            os.environ["GITHUB_REPOSITORY"],
            os.environ["GITHUB_TOKEN"],
        )

    def get(self, path: str, **query: str) -> Any:
        """What is below `path`, which begins with a slash."""
        return json.loads(self._ask("GET", self._url(path, query)))

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """All entries of a list, at most 3,000."""
        for page in range(1, _MOST_PAGES + 1):
            found = self.get(path, **query, per_page=str(_PER_PAGE), page=str(page))
            yield from found
            if len(found) < _PER_PAGE:
                return

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Create or change something; returns what it is now."""
        return json.loads(self._ask(method, self._url(path, {}), json.dumps(body).encode()))

    def file(self, path: str, most: int) -> bytes:
        """The file that `path` redirects to; raises OSError if it has more than `most` bytes."""
        content = self._ask("GET", self._url(path, {}), most=most + 1)
        if len(content) > most:
            raise OSError(f"{path} has more than {most} bytes")
        return content

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self._root}{path}" + (f"?{urlencode(query)}" if query else "")

    def _ask(self, method: str, url: str, body: bytes | None = None, most: int = -1) -> bytes:
        request = Request(url, data=body, method=method)  # noqa: S310 the run's own API address
        request.add_header("Accept", "application/vnd.github+json")
        # Files lie on another host, which the token is not for: it is not sent along there.
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        with urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 as above
            return answer.read(most)


def harmless(text: str) -> str:
    """The text without what would call people, hide or reverse anything.

    What stands after a letter or digit (`0.52.1@sha256:…`) notifies no user and stays as it is.
    """
    return _MENTION.sub(f"@{_ZERO_WIDTH_SPACE}", _CONTROL.sub("", text))
