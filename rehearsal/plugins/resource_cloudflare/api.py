"""Calls to Cloudflare's API through the official client, which retries what is worth a retry.

The client is imported at the first call: an update without changes makes none.
"""

import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlsplit

from rehearsal.plugins.resource_cloudflare.schema import sdk_version

# With the client's pauses (half a second, doubled each time up to eight, or what Retry-After
# says up to a minute) an API that is away for twenty seconds is waited for.
MAX_RETRIES = 6

DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4"

LOOPBACK = ("127.0.0.1", "localhost", "::1")

JsonObject = dict[str, Any]
# A part of a multipart form: its name and (file name, content, content type).
Part = tuple[str, tuple[str | None, bytes, str]]


class ApiError(Exception):
    """A call that Cloudflare refused, or that did not reach it.

    `message` has the API's own words, `codes` its error codes; `status` is None when there was
    no answer.
    """

    def __init__(self, message: str, status: int | None, codes: frozenset[int]) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.codes = codes

    @property
    def missing(self) -> bool:
        """Whether what was asked for does not exist."""
        return self.status == 404


@dataclass(frozen=True)
class Credentials:
    """The provider's configuration, completed from the environment as the official one is."""

    base_url: str
    api_token: str | None = None
    api_key: str | None = None
    email: str | None = None
    user_service_key: str | None = None
    user_agent_suffix: str | None = None

    @classmethod
    def from_configuration(cls, values: Mapping[str, Any]) -> "Credentials":
        """From the provider's inputs; each may come from an environment variable instead."""

        def value(name: str, variable: str) -> str | None:
            found = values.get(name)
            return str(found) if found else os.environ.get(variable)

        base_url = value("baseUrl", "CLOUDFLARE_BASE_URL") or DEFAULT_BASE_URL
        return cls(
            base_url=base_url.rstrip("/"),
            api_token=value("apiToken", "CLOUDFLARE_API_TOKEN"),
            api_key=value("apiKey", "CLOUDFLARE_API_KEY"),
            email=value("email", "CLOUDFLARE_EMAIL"),
            user_service_key=value("apiUserServiceKey", "CLOUDFLARE_API_USER_SERVICE_KEY"),
            user_agent_suffix=values.get("userAgentOperatorSuffix"),
        )

    @property
    def complete(self) -> bool:
        """Whether there is anything to authenticate with."""
        with_key = self.api_key and self.email
        return bool(self.api_token or with_key or self.user_service_key)


@dataclass(frozen=True)
class ApiAnswer:
    """A successful answer: its bytes, headers and, for JSON, the envelope."""

    content: bytes
    headers: Mapping[str, str]

    @property
    def envelope(self) -> JsonObject:
        """The JSON envelope. Raises ValueError for another content."""
        import json  # noqa: PLC0415

        document: Any = json.loads(self.content)
        if not isinstance(document, dict):
            raise ValueError("Cloudflare's answer is not a JSON object")  # noqa: TRY004
        return cast(JsonObject, document)

    @property
    def result(self) -> Any:
        """The envelope's `result`."""
        return self.envelope.get("result")


# Told of each refused attempt that will be repeated, with the words for people.
_on_retry: ContextVar[Callable[[str], None] | None] = ContextVar("_on_retry", default=None)


class Api:
    """Cloudflare's API for one provider. Safe to use from several threads."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()
        self._client: Any = None
        self._zone_names: dict[str, str] = {}

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        parts: list[Part] | None = None,
    ) -> ApiAnswer:
        """One call; `path` begins after the base URL. Raises ApiError."""
        import cloudflare  # noqa: PLC0415 - see the module's description
        import httpx  # noqa: PLC0415

        options: dict[str, Any] = {"params": dict(query or {})}
        arguments: dict[str, Any] = {}
        if parts is not None:
            options["headers"] = {"Content-Type": "multipart/form-data"}
            arguments["files"] = parts
        elif body is not None:
            arguments["body"] = body
        try:
            verb = getattr(self._connected(), method.lower())
            response: Any = verb(path, cast_to=httpx.Response, options=options, **arguments)
        except cloudflare.APIStatusError as error:
            raise _refused(method, path, error) from None
        except cloudflare.APIConnectionError as error:
            cause = error.__cause__ or error
            raise ApiError(
                f"Cloudflare's API at {self._credentials.base_url} cannot be reached: {cause}",
                None,
                frozenset(),
            ) from None
        return ApiAnswer(response.content, response.headers)

    def pages(self, path: str, *, query: Mapping[str, object]) -> Iterator[JsonObject]:
        """Every object of a list, page by page. Raises ApiError."""
        page = 1
        while True:
            envelope = self.call("GET", path, query={**query, "page": page}).envelope
            objects: list[JsonObject] = envelope.get("result") or []
            yield from objects
            info: JsonObject = envelope.get("result_info") or {}
            if not objects or page >= int(info.get("total_pages") or 1):
                return
            page += 1

    def zone_name(self, zone_id: str) -> str:
        """The domain of a zone, asked for once. Raises ApiError."""
        if zone_id not in self._zone_names:
            zone = self.call("GET", path_of("/zones/{id}", {"id": zone_id})).result
            self._zone_names[zone_id] = str(zone["name"])
        return self._zone_names[zone_id]

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
        return self._client

    def _connect(self) -> Any:
        import cloudflare  # noqa: PLC0415

        if not self._credentials.complete:
            raise ApiError(
                "the Cloudflare provider has no credentials: set its apiToken "
                "(or the variable CLOUDFLARE_API_TOKEN)",
                None,
                frozenset(),
            )
        suffix = self._credentials.user_agent_suffix
        agent = f"pulumi/{sdk_version()}" if suffix is None else suffix
        return cloudflare.Cloudflare(
            base_url=self._credentials.base_url,
            # An empty string keeps the client from looking into the environment itself.
            api_token=self._credentials.api_token,
            api_key=self._credentials.api_key,
            api_email=self._credentials.email,
            user_service_key=self._credentials.user_service_key,
            max_retries=MAX_RETRIES,
            default_headers={"User-Agent": f"serlo-rehearsal {agent}".strip()},
            http_client=cloudflare.DefaultHttpxClient(
                event_hooks={"response": [_before_retry]},
                # A rehearsal's API is on this machine, whatever proxy leads out of it.
                trust_env=urlsplit(self._credentials.base_url).hostname not in LOOPBACK,
            ),
        )


@contextmanager
def telling_of_retries(tell: Callable[[str], None]) -> Generator[None]:
    """While in this context, `tell` receives the words about each attempt that is repeated."""
    token = _on_retry.set(tell)
    try:
        yield
    finally:
        _on_retry.reset(token)


def _before_retry(response: Any) -> None:
    status = response.status_code
    if status == 409:
        # A conflict at Cloudflare is one of contents, not of locks: repeating it only takes time.
        response.headers["x-should-retry"] = "false"
    elif status == 429 or status >= 500:
        tell = _on_retry.get()
        if tell is not None:
            after = response.headers.get("retry-after")
            pause = f", in {after} s as it asks" if after else ""
            tell(f"Cloudflare answered with HTTP status {status}; trying again{pause}")


def path_of(template: str, values: Mapping[str, object]) -> str:
    """A path with its `{placeholders}` filled and quoted."""
    return template.format_map({k: quote(str(v), safe="") for k, v in values.items()})


def _refused(method: str, path: str, error: Any) -> ApiError:
    body: Any = error.body
    errors: list[JsonObject] = []
    if isinstance(body, dict):
        errors = cast(JsonObject, body).get("errors") or []
    words = [_words(e) for e in errors] or [_without_envelope(error.response)]
    codes = frozenset(e["code"] for e in errors if isinstance(e.get("code"), int))
    return ApiError(
        f"{'; '.join(words)} (HTTP status {error.status_code}, {method} {path})",
        error.status_code,
        codes,
    )


def _without_envelope(response: Any) -> str:
    """What answered was not the API itself: a gateway's page says less than the status."""
    text: str = response.text.strip()
    return response.reason_phrase if not text or text.startswith("<") else text[:500]


def _words(error: JsonObject) -> str:
    chain: list[JsonObject] = error.get("error_chain") or []
    causes = "".join(f": {_words(link)}" for link in chain)
    return f"{error.get('message')} ({error.get('code')}){causes}"
