"""The protocol of workerd's KV binding: what workers read and write, in the API's own store."""

import json
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rehearsal.cloudflare.api.refusals import Refused
from rehearsal.cloudflare.kv import store
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Storage

_MOST_KEYS = 100


async def respond(storage: Storage, namespace: str, request: Request) -> Response:
    """Answer a request of workerd for the binding of a namespace."""
    body = await request.body()
    if storage.one("SELECT id FROM kv_namespaces WHERE id = ?", namespace) is None:
        return Response("namespace not found", 404)
    try:
        with storage.transaction():
            return _answer(storage, namespace, request, body)
    except Refused as refusal:
        return Response(str(refusal), refusal.status)


def _answer(storage: Storage, namespace: str, request: Request, body: bytes) -> Response:
    query: bytes = request.scope["query_string"]
    options = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    path: bytes = request.scope["raw_path"]
    key = path.decode("latin-1").removeprefix("/")
    if options.get("urlencoded", "").lower() == "true":
        key = unquote(key)
    if request.method == "GET" and not key:
        return _list(storage, namespace, options)
    if request.method == "POST" and key == "bulk/get":
        return _get_many(storage, namespace, body)
    if request.method == "PUT":
        expiration = store.expires_at(options.get("expiration"), options.get("expiration_ttl"))
        metadata = request.headers.get("cf-kv-metadata")
        store.put(storage, namespace, key, body, expiration=expiration, metadata=metadata)
        return Response()
    if request.method == "DELETE":
        store.delete(storage, namespace, key)
        return Response()
    entry = store.get(storage, namespace, key)
    if entry is None:
        return Response("Not Found", 404)
    headers: dict[str, str] = {}
    if entry.expiration is not None:
        headers["cf-expiration"] = str(entry.expiration)
    if entry.metadata is not None:
        headers["cf-kv-metadata"] = entry.metadata
    return Response(entry.value, headers=headers)


def _list(storage: Storage, namespace: str, options: dict[str, str]) -> Response:
    limit = min(int(options.get("key_count_limit", store.MOST_LISTED)), store.MOST_LISTED)
    prefix, cursor = options.get("prefix", ""), options.get("cursor", "")
    found = store.listing(storage, namespace, prefix, max(limit, 1), cursor)
    keys: list[Json] = []
    for name, expiration, metadata in found.keys:
        key: Json = {"name": name}
        if expiration is not None:
            key["expiration"] = expiration
        if metadata is not None:
            key["metadata"] = metadata  # workerd expects JSON as text
        keys.append(key)
    document: Json = {"keys": keys, "list_complete": not found.cursor, "cacheStatus": None}
    if found.cursor:
        document["cursor"] = found.cursor
    return JSONResponse(document)


def _get_many(storage: Storage, namespace: str, body: bytes) -> Response:
    wanted = json.loads(body)
    if not 0 < len(wanted["keys"]) <= _MOST_KEYS:
        return Response(f"between 1 and {_MOST_KEYS} keys are allowed", 400)
    values: Json = {}
    for key in wanted["keys"]:
        entry = store.get(storage, namespace, key)
        value: object = None
        if entry is not None:
            text = entry.value.decode()
            value = json.loads(text) if wanted.get("type") == "json" else text
            if wanted.get("withMetadata"):
                metadata = json.loads(entry.metadata) if entry.metadata else None
                value = {"value": value, "metadata": metadata}
        values[key] = value
    return JSONResponse(values)
