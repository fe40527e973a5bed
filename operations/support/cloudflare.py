"""Reads and creates things at Cloudflare, or at the emulated one of a rehearsal."""

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, cast

import httpx

from operations.errors import CommandError

_OFFICIAL = "https://api.cloudflare.com/client/v4"
_PAGE = 100

Json = dict[str, Any]


class CloudflareApi:
    """What a token may see and create. `base_url` None means Cloudflare's own API."""

    def __init__(self, base_url: str | None, token: str) -> None:
        self._api = httpx.Client(
            base_url=_OFFICIAL if base_url is None else base_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            # Proxies of the environment are for the Internet.
            trust_env=base_url is None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._api.close()

    def one(self, path: str) -> Json | None:
        """Read a single thing; None if there is none. Raises CommandError."""
        answer = self._ask("GET", path)
        return None if answer is None else cast(Json, answer["result"])

    def all(self, path: str) -> list[Json]:
        """Read a collection, page after page. Raises CommandError."""
        found: list[Json] = []
        page, pages = 1, 1
        while page <= pages:
            answer = self._ask("GET", path, query={"page": page, "per_page": _PAGE})
            if answer is None:
                raise CommandError(f"Cloudflare knows no {path}")
            found += cast(list[Json], answer["result"] or [])
            pages = cast(Json, answer.get("result_info") or {}).get("total_pages") or 1
            page += 1
        return found

    def create(self, path: str, body: Json) -> None:
        """Create a member of a collection. Raises CommandError."""
        self._ask("POST", path, body=body)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, int] | None = None,
        body: Json | None = None,
    ) -> Json | None:
        try:
            answer = self._api.request(method, path, params=query, json=body)
            document = cast(Json, answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise CommandError(f"Cloudflare's {path} does not answer: {error}") from None
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if not answer.is_success:
            errors = cast(list[Json], document.get("errors") or [])
            reasons = "; ".join(f"{error.get('message')} ({error.get('code')})" for error in errors)
            raise CommandError(f"Cloudflare's {path} answers {answer.status_code}: {reasons}")
        return document
