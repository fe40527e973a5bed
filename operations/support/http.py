"""One request to a server elsewhere: limits of time and size, redirects without secrets."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from operations.support.dns import name_known
from operations.support.urls import NoAnswer, joined, on_this_machine, trusted

_REDIRECTS = 3
_LARGEST = 8 * 1024 * 1024
_REDIRECTED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Limits:
    """Seconds: to connect, for a request with its answer, and for a question of several."""

    connect: float = 5
    request: float = 10
    question: float = 60


@dataclass(frozen=True)
class Answer:
    """What came back, read to its end."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes


class Web:
    """Sends requests; `name` is what people know the server by."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], authorization: str | None = None
    ) -> Answer:
        """Send a request and read the answer, whatever its status.

        Redirects are followed; `authorization` goes to the first host alone. Raises
        NoAnswer when there is no answer, or one that goes on too long.
        """
        try:
            async with asyncio.timeout(self._limits.request):
                for _ in range(_REDIRECTS + 1):
                    answer = await self._once(method, url, headers, authorization)
                    if answer.status not in _REDIRECTED or "location" not in answer.headers:
                        return answer
                    target = joined(url, answer.headers["location"])
                    if not trusted(target):
                        raise NoAnswer(f"{self._name} redirects to an address without https")
                    if _origin(target) != _origin(url):
                        authorization = None
                    url = target
        except TimeoutError:
            raise NoAnswer(
                f"{self._name} did not answer within {self._limits.request:g} s"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise NoAnswer(_why(self._name, url, error)) from None
        raise NoAnswer(f"{self._name} redirects in circles")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], authorization: str | None
    ) -> Answer:
        here = on_this_machine(url)
        if not here and not getproxies():
            await name_known(urlsplit(url).hostname or "", self._limits.connect)
        sent = {"User-Agent": "serlo", **headers}
        if authorization is not None:
            sent["Authorization"] = authorization
        timeout = httpx.Timeout(self._limits.request, connect=self._limits.connect)
        async with (
            httpx.AsyncClient(
                timeout=timeout,
                trust_env=not here,
                # No certificates are read where none are asked for.
                verify=_trust() if url.startswith("https:") else False,
            ) as client,
            client.stream(method, url, headers=sent) as response,
        ):
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _LARGEST:
                    raise NoAnswer(f"{self._name} answers without end")
            return Answer(url, response.status_code, response.headers, bytes(body))


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reads all certificates of the machine: once is enough


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _why(name: str, url: str, error: Exception) -> str:
    host = urlsplit(url).netloc
    what = name if name == host else f"{name} ({host})"
    if isinstance(error, httpx.TimeoutException):
        return f"{what} cannot be reached in time"
    if isinstance(error, httpx.ConnectError | OSError):
        return f"{what} cannot be reached: {getattr(error, 'strerror', None) or error}"
    return f"{what} cannot be asked: {error or type(error).__name__}"
