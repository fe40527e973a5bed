"""What workers reach: our own hosts, KV, the cache, and stand-ins for the rest of the world.

An ASGI application on a port of its own that only workerd talks to: it adds a secret and who asks
to every request (see workerd_config). A worker's fetch to its own zone goes to the origin and never
runs a worker again; to another of our zones it goes through that zone's edge, as at Cloudflare; to
any other host it is answered by a recording or a stand-in. Nothing leaves the machine.
"""

import hmac
import json
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rehearsal.cloudflare.api.refusals import Refused
from rehearsal.cloudflare.edge.answer import Answer
from rehearsal.cloudflare.edge.edge import Edge
from rehearsal.cloudflare.edge.error_pages import WORKER_LOOP
from rehearsal.cloudflare.edge.forwarding import onward, raw_target
from rehearsal.cloudflare.edge.routing import resolve, zone_of
from rehearsal.cloudflare.edge.third_parties import World
from rehearsal.cloudflare.kv import store as kv_store
from rehearsal.cloudflare.runtime.config import (
    KIND_HEADER,
    NAMESPACE_HEADER,
    SCHEME_HEADER,
    SCRIPT_HEADER,
    SECRET_HEADER,
    ZONE_HEADER,
)
from rehearsal.cloudflare.storage import Storage

_INTERNAL = (KIND_HEADER, NAMESPACE_HEADER, SCHEME_HEADER, SCRIPT_HEADER, SECRET_HEADER)
_DEPTH_HEADER = "cf-ew-via"
_MOST_DEEP = 15
_MOST_KEYS = 100


class EgressApp:
    """See the module's docstring."""

    def __init__(self, storage: Storage, edge: Edge, world: World, secret: str) -> None:
        self._storage = storage
        self._edge = edge
        self._world = world
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of a worker."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            await Response("not for you", 403)(scope, receive, send)
            return
        match request.headers[KIND_HEADER]:
            case "fetch":
                await self._fetch(request, send)
            case "kv":
                response = await self._kv(request)
                await response(scope, receive, send)
            case "cache":
                # Nothing is ever found in the cache, which a worker must be able to live with.
                found = {"GET": 504, "PURGE": 404}.get(request.method, 204)
                await Response(status_code=found)(scope, receive, send)
            case _:
                await Response("this Worker was deleted", 503)(scope, receive, send)

    async def _fetch(self, request: Request, send: Send) -> None:
        host = request.headers.get("host", "").partition(":")[0].lower()
        scheme = request.headers.get(SCHEME_HEADER, "https")
        script, own_zone = request.headers[SCRIPT_HEADER], request.headers[ZONE_HEADER]
        zone = zone_of(self._storage, host)
        answer = Answer(request, send, [])
        if zone is not None and zone["name"] != own_zone:
            depth = int(request.headers.get(_DEPTH_HEADER, "0"))
            if depth >= _MOST_DEEP:
                await answer.error(WORKER_LOOP, f"{script} calls workers that call it back.")
                return
            added = [(_DEPTH_HEADER, str(depth + 1)), (ZONE_HEADER, own_zone)]
            await self._edge.handle(
                request, send, scheme=scheme, client="2a06:98c0:3600::103", added=added
            )
            return
        going = onward(request, raw_target(request), _INTERNAL)
        if zone is None:
            url = f"{scheme}://{request.headers.get('host', host)}{going.target}"
            await self._world.respond(going, answer, url=url, caller=script)
            return
        if "x-forwarded-proto" not in request.headers:
            going.headers.append(("x-forwarded-proto", scheme))
        await self._edge.to_target(going, resolve(self._storage, host), answer)

    async def _kv(self, request: Request) -> Response:
        """The protocol that workerd's KV binding speaks."""
        namespace = request.headers[NAMESPACE_HEADER]
        body = await request.body()
        path, _, query = raw_target(request).partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        key = path.removeprefix("/")
        if options.get("urlencoded", "").lower() == "true":
            key = unquote(key)
        row = self._storage.one("SELECT id FROM kv_namespaces WHERE id = ?", namespace)
        if row is None:
            return Response("namespace not found", 404)
        try:
            with self._storage.transaction():
                return self._kv_answer(request, namespace, key, options, body)
        except Refused as refusal:
            return Response(str(refusal), refusal.status)

    def _kv_answer(
        self, request: Request, namespace: str, key: str, options: dict[str, str], body: bytes
    ) -> Response:
        storage = self._storage
        if request.method == "GET" and not key:
            return self._kv_list(namespace, options)
        if request.method == "POST" and key == "bulk/get":
            return self._kv_many(namespace, body)
        if request.method == "PUT":
            expiration = kv_store.expires_at(
                options.get("expiration"), options.get("expiration_ttl")
            )
            metadata = request.headers.get("cf-kv-metadata")
            kv_store.put(storage, namespace, key, body, expiration=expiration, metadata=metadata)
            return Response()
        if request.method == "DELETE":
            kv_store.delete(storage, namespace, key)
            return Response()
        entry = kv_store.get(storage, namespace, key)
        if entry is None:
            return Response("Not Found", 404)
        headers: dict[str, str] = {}
        if entry.expiration is not None:
            headers["cf-expiration"] = str(entry.expiration)
        if entry.metadata is not None:
            headers["cf-kv-metadata"] = entry.metadata
        return Response(entry.value, headers=headers)

    def _kv_list(self, namespace: str, options: dict[str, str]) -> Response:
        limit = min(int(options.get("key_count_limit", kv_store.MOST_LISTED)), kv_store.MOST_LISTED)
        found = kv_store.listing(
            self._storage,
            namespace,
            options.get("prefix", ""),
            max(limit, 1),
            options.get("cursor", ""),
        )
        keys: list[dict[str, object]] = []
        for name, expiration, metadata in found.keys:
            key: dict[str, object] = {"name": name}
            if expiration is not None:
                key["expiration"] = expiration
            if metadata is not None:
                key["metadata"] = metadata  # workerd expects JSON as text
            keys.append(key)
        document: dict[str, object] = {"keys": keys, "list_complete": not found.cursor}
        if found.cursor:
            document["cursor"] = found.cursor
        return _json(document | {"cacheStatus": None})

    def _kv_many(self, namespace: str, body: bytes) -> Response:
        wanted = json.loads(body)
        if not 0 < len(wanted["keys"]) <= _MOST_KEYS:
            return Response(f"between 1 and {_MOST_KEYS} keys are allowed", 400)
        values: dict[str, object] = {}
        for key in wanted["keys"]:
            entry = kv_store.get(self._storage, namespace, key)
            value: object = None
            if entry is not None:
                text = entry.value.decode()
                value = json.loads(text) if wanted.get("type") == "json" else text
                if wanted.get("withMetadata"):
                    metadata = json.loads(entry.metadata) if entry.metadata else None
                    value = {"value": value, "metadata": metadata}
            values[key] = value
        return _json(values)


def _json(document: object) -> Response:
    return Response(json.dumps(document), media_type="application/json")
