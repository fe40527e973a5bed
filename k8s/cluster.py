"""The client: paths, requests with bounded retries, server-side apply, watches."""

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import httpx

from k8s.discovery import Discovery, group_version_path
from k8s.errors import (
    ApiError,
    Unreachable,
    error_from_answer,
    error_from_status,
)
from k8s.kubeconfig import Access, read_kubeconfig
from k8s.objects import JsonObject, JsonObjects

APPLY_CONTENT_TYPE = "application/apply-patch+yaml"
PAGE_SIZE = 500
BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 2.0

# What a 500 of an API server says that lost its etcd for a moment; other 500s are final.
_TRANSIENT_MESSAGES = ("etcdserver", "connection refused", "leader changed", "timed out", "timeout")

_WRITTEN_MEANWHILE = "the object has been modified; please apply your changes to the latest version"


class WatchEvent(NamedTuple):
    """One change: ADDED, MODIFIED, DELETED or BOOKMARK, with the object as it is after it."""

    type: str
    object: JsonObject


class Cluster:
    """One API server. Safe to share between threads; connections are kept open.

    Requests that may be sent twice without harm (reads, server-side apply, dry runs, deletes)
    are repeated while the API server is away or overloaded, for at most `retry_seconds`;
    setting `cancelled` ends the waiting.
    """

    def __init__(
        self,
        access: Access,
        *,
        retry_seconds: float = 60.0,
        cancelled: threading.Event | None = None,
    ) -> None:
        self.server = access.server
        self._retry_seconds = retry_seconds
        self._cancelled = cancelled or threading.Event()
        # Proxies of the environment are for the internet; a kubeconfig names its own.
        self._http = httpx.Client(
            base_url=access.server,
            verify=access.tls if access.tls is not None else True,
            headers={
                "Accept": "application/json",
                # On one machine compression costs both sides more than it saves.
                "Accept-Encoding": "identity",
                "User-Agent": "serlo-rehearsal",
                **access.headers,
            },
            timeout=httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            proxy=access.proxy,
            trust_env=False,
        )
        self._discovery = Discovery(lambda path: self.request("GET", path))

    @classmethod
    def from_kubeconfig(
        cls, path_or_text: str, context: str | None = None, *, retry_seconds: float = 60.0
    ) -> "Cluster":
        """The cluster that a kubeconfig (a path or its text) names. Raises KubeconfigError."""
        return cls(read_kubeconfig(path_or_text, context), retry_seconds=retry_seconds)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def path(
        self, api_version: str, kind: str, namespace: str | None = None, name: str | None = None
    ) -> str:
        """The path of an object, or of its collection without `name`. Raises UnknownKind."""
        found = self._discovery.find(api_version, kind)
        parts = [group_version_path(api_version)]
        if found.namespaced and namespace:
            parts.append(f"namespaces/{quote(namespace, safe='')}")
        parts.append(found.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of the kind live in a namespace. Raises UnknownKind."""
        return self._discovery.find(api_version, kind).namespaced

    def get(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject:
        """One object. Raises NotFound."""
        return self.request("GET", self.path(api_version, kind, namespace, name))

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
    ) -> JsonObjects:
        """All objects of a kind, in one namespace or in all of them."""
        query = {"labelSelector": label_selector} if label_selector else None
        return self.list_with_version(api_version, kind, namespace, query)[0]

    def list_with_version(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[JsonObjects, str]:
        """All objects of a kind and the resource version from which to watch on."""
        path = self.path(api_version, kind, namespace)
        found: JsonObjects = []
        page_query = {"limit": str(PAGE_SIZE), **(query or {})}
        while True:
            page = self.request("GET", path, query=page_query)
            items: JsonObjects = page.get("items") or []
            for item in items:
                # Items of a typed list carry neither; everybody who reads one wants both.
                item.setdefault("apiVersion", api_version)
                item.setdefault("kind", kind)
            found.extend(items)
            metadata: JsonObject = page.get("metadata") or {}
            if not metadata.get("continue"):
                return found, str(metadata.get("resourceVersion") or "")
            page_query["continue"] = str(metadata["continue"])

    def create(
        self, obj: JsonObject, *, dry_run: bool = False, field_manager: str = "serlo-rehearsal"
    ) -> JsonObject:
        """Create an object. Raises AlreadyExists. Not repeated unless the server is not there."""
        query = {"fieldManager": field_manager, "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return self.request("POST", self._collection_of(obj), body=obj, query=query)

    def apply(
        self,
        obj: JsonObject,
        *,
        field_manager: str,
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonObject:
        """Server-side apply: create the object, or make the fields of this manager equal `obj`.

        Raises Conflict when another manager owns one of the fields and `force` is not set, and
        ApiError for a field that does not exist.
        """
        query = {
            "fieldManager": field_manager,
            "fieldValidation": "Strict",
            "force": str(force).lower(),
        }
        if dry_run:
            query["dryRun"] = "All"
        path = f"{self._collection_of(obj)}/{quote(str(obj['metadata']['name']), safe='')}"
        return self.request("PATCH", path, body=obj, query=query, content_type=APPLY_CONTENT_TYPE)

    def delete(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> JsonObject:
        """Ask for deletion.

        Answers the object that is being deleted, or a Status when it is gone already.
        Raises NotFound.
        """
        options: JsonObject = {"propagationPolicy": "Background"}
        return self.request("DELETE", self.path(api_version, kind, namespace, name), body=options)

    def watch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        name: str | None = None,
        resource_version: str | None = None,
        timeout_seconds: float,
    ) -> Iterator[WatchEvent]:
        """Changes as they happen, until `timeout_seconds` have passed or the server ends it.

        Raises Gone when `resource_version` is too old (list again), Unreachable when the
        connection breaks (watch again from the last resource version seen).
        """
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, int(timeout_seconds))),
        }
        if resource_version:
            query["resourceVersion"] = resource_version
        if name:
            query["fieldSelector"] = f"metadata.name={name}"
        url = f"{self.path(api_version, kind, namespace)}?{urlencode(query)}"
        timeout = httpx.Timeout(connect=5.0, read=timeout_seconds + 10.0, write=30.0, pool=None)
        try:
            with self._http.stream("GET", url, timeout=timeout) as answer:
                if answer.status_code >= 400:
                    raise error_from_answer(answer.status_code, answer.read())
                rest = b""
                for chunk in answer.iter_raw():
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        event: JsonObject = json.loads(line)
                        if event["type"] == "ERROR":
                            raise error_from_status(event["object"])
                        yield WatchEvent(event["type"], event["object"])
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def request(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> JsonObject:
        """One request for one JSON document. Raises ApiError, with the API server's own words."""
        content = self.request_raw(method, path, body=body, query=query, content_type=content_type)
        document: Any = json.loads(content) if content else {}
        return document

    def request_raw(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """As `request`, for answers that are not JSON (such as `/readyz`, `/metrics`)."""
        url = f"{path}?{urlencode(query)}" if query else path
        content = json.dumps(body, separators=(",", ":")).encode() if body is not None else None
        headers = {"Content-Type": content_type} if content is not None else {}
        repeatable = method != "POST" or (query is not None and query.get("dryRun") == "All")
        deadline = time.monotonic() + self._retry_seconds
        backoff = BACKOFF_SECONDS
        while True:
            wait = backoff
            try:
                answer = self._http.request(method, url, content=content, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure: ApiError = self._unreachable(error)
                again = "CERTIFICATE_VERIFY_FAILED" not in failure.message
            except httpx.HTTPError as error:
                failure, again = self._unreachable(error), repeatable
            else:
                if answer.status_code < 400:
                    return answer.content
                failure = error_from_answer(answer.status_code, answer.content)
                again = _transient(failure, repeatable=repeatable)
                wait = max(wait, _seconds(answer.headers.get("Retry-After")))
            # Spread the retries of many threads, so that a server coming back is not trampled.
            wait *= 1 + random.random() / 2  # noqa: S311 - not for cryptography
            if not again or time.monotonic() + wait > deadline or self._cancelled.wait(wait):
                raise failure
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)

    def _collection_of(self, obj: JsonObject) -> str:
        namespace = obj.get("metadata", {}).get("namespace")
        return self.path(str(obj["apiVersion"]), str(obj["kind"]), namespace)

    def _unreachable(self, error: Exception) -> Unreachable:
        text = str(error) or type(error).__name__
        return Unreachable(0, "Unreachable", f"no answer from {self.server}: {text}")


def _transient(failure: ApiError, *, repeatable: bool) -> bool:
    if failure.status == 429:
        return True  # turned away before anything was done
    if not repeatable:
        return False
    if failure.status in (502, 503, 504):
        return True
    if failure.status == 409:
        # Somebody else wrote at the same moment; an apply carries no version and can just repeat.
        return _WRITTEN_MEANWHILE in failure.message
    return failure.status == 500 and any(part in failure.message for part in _TRANSIENT_MESSAGES)


def _seconds(retry_after: str | None) -> float:
    try:
        return min(float(retry_after or 0), 10.0)
    except ValueError:
        return 0.0
