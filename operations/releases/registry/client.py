"""The client for registries: the pull side of the OCI distribution API, with token authorization.

https://github.com/opencontainers/distribution-spec, and Docker's description of token servers.
"""

import asyncio
import hashlib
import json
import re
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from operations.releases.registry.cache import Cache
from operations.releases.registry.challenge import Challenge, challenges
from operations.releases.registry.credentials import Known, credentials_for
from operations.releases.registry.errors import RegistryUnavailable
from operations.releases.registry.names import Place, is_digest, is_tag, place_of
from operations.support.http import Answer, Limits, Web
from operations.support.urls import NoAnswer, joined, trusted
from toolchain.cache import user_cache

T = TypeVar("T")

MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
"""Indices first: for an image of several platforms, the digest to pin is that of its index."""

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next\b"?')
_PER_PAGE = 1000
_PAGES = 200


class Registry:
    """Asks whichever registry an image lives in. Safe to use from several threads.

    A registry that could not be reached once is not asked again by the same object.
    """

    def __init__(self, *, cache: Cache | None = None, limits: Limits | None = None) -> None:
        self._cache = cache or Cache(user_cache("registry"))
        self._limits = limits or Limits()
        self._tokens: dict[tuple[str, str], str] = {}
        self._silent: dict[str, str] = {}
        self._lock = threading.Lock()

    def tags(self, image: str) -> list[str]:
        """All tags of an image (a repository such as `ghcr.io/serlo/frontend`), in no order.

        Empty when the registry knows no such image. Raises RegistryUnavailable.
        """
        place = place_of(image)
        names = self._cache.tags(place)
        if names is None:
            names = self._answer(place, self._list(place))
            self._cache.keep_tags(place, names)
        return names

    def digest(self, image: str, tag: str) -> str | None:
        """The digest (`sha256:…`) that a tag has now; None when the registry has no such tag.

        For an image of several platforms, that of the index. `tag` may be a digest itself. Tags
        are asked anew each time, since somebody may have moved them. Raises RegistryUnavailable.
        """
        place = place_of(image)
        if is_digest(tag):
            if self._cache.has_digest(place, tag):
                return tag
        elif not is_tag(tag):
            return None
        digest = self._answer(place, self._resolve(place, tag))
        if digest is not None:
            self._cache.keep_digest(place, digest)
        return digest

    # --- Questions ---

    def _answer(self, place: Place, question: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            silent = self._silent.get(place.server)
        if silent is not None:
            question.close()
            raise RegistryUnavailable(silent)
        try:
            return asyncio.run(self._within(place, question))
        except RegistryUnavailable:
            raise
        except NoAnswer as error:
            raise RegistryUnavailable(error.reason) from None

    async def _within(self, place: Place, question: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(self._limits.question):
                return await question
        except TimeoutError:
            raise RegistryUnavailable(
                f"{place.registry} took more than {self._limits.question:g} s"
            ) from None

    async def _list(self, place: Place) -> list[str]:
        names: dict[str, None] = {}
        url = place.url(f"tags/list?n={_PER_PAGE}")
        for _ in range(_PAGES):
            answer = await self._ask(place, "GET", url, "application/json")
            if answer.status == 404:
                return []
            before = len(names)
            names.update(dict.fromkeys(_names(place, answer)))
            link = _next_page(place, answer)
            if link is None:
                return list(names)
            if len(names) == before:
                break
            url = link
        raise RegistryUnavailable(f"{place.registry}: the list of tags has no end")

    async def _resolve(self, place: Place, reference: str) -> str | None:
        url = place.url(f"manifests/{reference}")
        answer = await self._ask(place, "HEAD", url, MANIFESTS)
        if answer.status == 404:
            return None
        digest = answer.headers.get("docker-content-digest")
        if digest is None:
            answer = await self._ask(place, "GET", url, MANIFESTS)
            if answer.status == 404:
                return None
            digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if not is_digest(digest):
            raise RegistryUnavailable(f"{place.registry} names the digest {digest!r}, not a sha256")
        if is_digest(reference) and digest != reference:
            raise RegistryUnavailable(f"{place.registry} answers {reference} with {digest}")
        return digest

    # --- Requests ---

    async def _ask(self, place: Place, method: str, url: str, accept: str) -> Answer:
        """A request with whatever authorization it takes; the answer is a success or 404."""
        web = Web(place.registry, self._limits)
        headers = {"Accept": accept}
        key = (place.server, place.repository)
        try:
            answer = await web.ask(method, url, headers, self._tokens.get(key))
        except NoAnswer as error:
            with self._lock:
                self._silent[place.server] = error.reason
            raise
        if answer.status != 401:
            return _judged(place, answer)
        known = credentials_for(place.registry)
        authorization = await self._authorize(place, web, answer, known)
        answer = await web.ask(method, url, headers, authorization)
        if answer.status not in {401, 403}:
            self._tokens[key] = authorization
        return _judged(place, answer, known)

    async def _authorize(self, place: Place, web: Web, refused: Answer, known: Known) -> str:
        asked = challenges(refused.headers.get_list("www-authenticate"))
        bearer = next((c for c in asked if c.scheme == "bearer" and "realm" in c.parameters), None)
        if bearer is not None:
            return await _token(place, web, bearer, known)
        if any(c.scheme == "basic" for c in asked):
            if known.credentials is not None:
                return known.credentials.basic
            raise _denied(place, known)
        raise RegistryUnavailable(f"{place.registry} does not say how to authenticate")


async def _token(place: Place, web: Web, bearer: Challenge, known: Known) -> str:
    realm = joined(f"{place.server}/", bearer.parameters["realm"])
    if not trusted(realm):
        raise RegistryUnavailable(f"{place.registry} wants a token from an address without https")
    # The scope is ours: what we came for, and never more than that.
    query = {"scope": f"repository:{place.repository}:pull"}
    if "service" in bearer.parameters:
        query["service"] = bearer.parameters["service"]
    url = f"{realm}{'&' if urlsplit(realm).query else '?'}{urlencode(query)}"
    basic = known.credentials.basic if known.credentials else None
    answer = _judged(place, await web.ask("GET", url, {"Accept": "application/json"}, basic), known)
    token = _json(place, answer)
    found = token.get("token") or token.get("access_token")
    if answer.status == 404 or not isinstance(found, str) or not _sendable(found):
        raise RegistryUnavailable(f"{place.registry} gives no token")
    return f"Bearer {found}"


def _sendable(token: str) -> bool:
    """Whether a token can be part of a header: one line of ASCII."""
    return bool(token) and token.isascii() and token.isprintable()


def _judged(place: Place, answer: Answer, known: Known | None = None) -> Answer:
    """The answer if it is one; raises RegistryUnavailable with what the server says otherwise."""
    match answer.status:
        case 200 | 404:
            return answer
        case 401 | 403:
            raise _denied(place, known or credentials_for(place.registry))
        case 429:
            wait = answer.headers.get("retry-after", "").strip()
            when = f"; try again in {wait} s" if wait.isdigit() else ""
            raise RegistryUnavailable(f"{place.registry} takes no more requests (429){when}")
        case status:
            raise RegistryUnavailable(f"{place.registry} answers with status {status}")


def _denied(place: Place, known: Known) -> RegistryUnavailable:
    """Registries do not tell what is private from what does not exist."""
    who = "the credentials of Docker's configuration" if known.credentials else "anonymous users"
    hint = f"; {known.unused}" if known.unused else ""
    return RegistryUnavailable(
        f"{place.registry} shows {place.repository} not to {who}: it is private, "
        f"or does not exist{hint}"
    )


def _names(place: Place, answer: Answer) -> list[str]:
    names = _json(place, answer).get("tags")
    if names is None:  # a repository whose last tag was deleted
        return []
    if not isinstance(names, list):
        raise RegistryUnavailable(f"{place.registry} answers with something else than tags")
    return [name for name in cast(list[object], names) if isinstance(name, str) and is_tag(name)]


def _next_page(place: Place, answer: Answer) -> str | None:
    link = _NEXT.search(answer.headers.get("link", ""))
    if link is None:
        return None
    target = joined(answer.url, link[1])
    if not target.startswith(f"{place.server}/"):  # the token is for this server alone
        raise RegistryUnavailable(f"{place.registry} continues its list of tags elsewhere")
    return target


def _json(place: Place, answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise RegistryUnavailable(f"{place.registry} does not answer in JSON")
    return cast(dict[str, Any], content)
