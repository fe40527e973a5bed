"""Keys and values of a KV namespace."""

import base64
import binascii
import json
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.kv import store as kv_store
from rehearsal.cloudflare.kv.namespaces import namespace_id
from rehearsal.cloudflare.kv.refusals import (
    BULK_EMPTY,
    BULK_TOO_MANY,
    KEY_UNKNOWN,
    KV_BODY,
    LIST_LIMIT,
)
from rehearsal.cloudflare.shapes import Json

_MOST_WRITTEN, _MOST_READ, _LEAST_LISTED = 10_000, 100, 10


def _get(call: Call) -> Reply:
    entry = kv_store.get(call.storage, namespace_id(call, "get"), call.params["key"])
    if entry is None:
        raise KEY_UNKNOWN.because()
    headers = {"content-type": "application/octet-stream"}
    if entry.expiration is not None:
        headers["expiration"] = str(entry.expiration)
    return Reply(200, entry.value, headers)


def _get_metadata(call: Call) -> Reply:
    entry = kv_store.get(call.storage, namespace_id(call, "get"), call.params["key"])
    if entry is None:
        raise KEY_UNKNOWN.because()
    return succeeded(json.loads(entry.metadata) if entry.metadata else None)


def _put(call: Call) -> Reply:
    namespace = namespace_id(call, "put")
    value, metadata = call.body, None
    if call.parts:
        fields = {part.name: part.content for part in call.parts}
        if "value" not in fields:
            raise KV_BODY.because(problem="part `value` is missing")
        value = fields["value"]
        metadata = _metadata_text(fields["metadata"]) if "metadata" in fields else None
    expiration = kv_store.expires_at(call.query.get("expiration"), call.query.get("expiration_ttl"))
    kv_store.put(
        call.storage,
        namespace,
        call.params["key"],
        value,
        expiration=expiration,
        metadata=metadata,
    )
    return succeeded({})


def _metadata_text(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), separators=(",", ":"))
    except ValueError:
        raise KV_BODY.because(problem="metadata is not JSON") from None


def _delete(call: Call) -> Reply:
    kv_store.delete(call.storage, namespace_id(call, "delete"), call.params["key"])
    return succeeded({})


def _keys(call: Call) -> Reply:
    namespace = namespace_id(call, "list keys")
    text = call.query.get("limit", str(kv_store.MOST_LISTED))
    if not text.isdigit() or not _LEAST_LISTED <= int(text) <= kv_store.MOST_LISTED:
        raise LIST_LIMIT.because()
    found = kv_store.listing(
        call.storage,
        namespace,
        call.query.get("prefix", ""),
        int(text),
        call.query.get("cursor", ""),
    )
    keys = [kv_store.described(key) for key in found.keys]
    return succeeded(keys, result_info={"count": len(keys), "cursor": found.cursor})


def _bulk_put(call: Call) -> Reply:
    namespace = namespace_id(call, "bulk put")
    items = _list_of(call, dict)
    for item in items:
        entry = cast(Json, item)
        key, value = entry.get("key"), entry.get("value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise KV_BODY.because(problem="every item needs a key and a value, both text")
        metadata = entry.get("metadata")
        kv_store.put(
            call.storage,
            namespace,
            key,
            _bytes(value, encoded=entry.get("base64") is True),
            expiration=kv_store.expires_at(entry.get("expiration"), entry.get("expiration_ttl")),
            metadata=None if metadata is None else json.dumps(metadata, separators=(",", ":")),
        )
    return _counted(len(items))


def _bytes(value: str, *, encoded: bool) -> bytes:
    if not encoded:
        return value.encode()
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise KV_BODY.because(problem="value is not base64") from None


def _bulk_delete(call: Call) -> Reply:
    namespace = namespace_id(call, "bulk delete")
    keys = cast(list[str], _list_of(call, str))
    for key in keys:
        kv_store.delete(call.storage, namespace, key)
    return _counted(len(keys))


def _bulk_get(call: Call) -> Reply:
    namespace = namespace_id(call, "bulk get")
    body = call.object()
    keys = body.get("keys")
    if not isinstance(keys, list) or not keys:
        raise BULK_EMPTY.because()
    if len(cast(list[object], keys)) > _MOST_READ:
        raise BULK_TOO_MANY.because(limit=_MOST_READ)
    values: Json = {}
    for key in cast(list[str], keys):
        entry = kv_store.get(call.storage, namespace, key)
        values[key] = None if entry is None else _read(entry, body)
    return succeeded({"values": values})


def _read(entry: kv_store.StoredValue, body: Json) -> object:
    try:
        text = entry.value.decode()
        value = cast(object, json.loads(text)) if body.get("type") == "json" else text
    except ValueError:
        raise KV_BODY.because(problem="a value is not of the type asked for") from None
    if body.get("withMetadata") is not True:
        return value
    document: Json = {
        "value": value,
        "metadata": json.loads(entry.metadata) if entry.metadata else None,
    }
    if entry.expiration is not None:
        document["expiration"] = entry.expiration
    return document


def _list_of(call: Call, kind: type[dict[str, object]] | type[str]) -> list[object]:
    items = call.document()
    if not isinstance(items, list):
        raise KV_BODY.because(problem="a list is needed")
    checked = cast(list[object], items)
    if not checked:
        raise BULK_EMPTY.because()
    if len(checked) > _MOST_WRITTEN:
        raise BULK_TOO_MANY.because(limit=_MOST_WRITTEN)
    if not all(isinstance(item, kind) for item in checked):
        raise KV_BODY.because(problem=f"every item must be of type {kind.__name__}")
    return checked


def _counted(count: int) -> Reply:
    return succeeded({"successful_key_count": count, "unsuccessful_keys": []})


_NAMESPACE = "/accounts/{account_id}/storage/kv/namespaces/{namespace_id}"
ROUTES = [
    Route("GET", f"{_NAMESPACE}/keys", _keys),
    Route("PUT", f"{_NAMESPACE}/bulk", _bulk_put, "json"),
    Route("DELETE", f"{_NAMESPACE}/bulk", _bulk_delete, "json"),
    Route("POST", f"{_NAMESPACE}/bulk/delete", _bulk_delete, "json"),
    Route("POST", f"{_NAMESPACE}/bulk/get", _bulk_get, "json"),
    Route("GET", f"{_NAMESPACE}/values/{{key}}", _get),
    Route("PUT", f"{_NAMESPACE}/values/{{key}}", _put, "upload"),
    Route("DELETE", f"{_NAMESPACE}/values/{{key}}", _delete),
    Route("GET", f"{_NAMESPACE}/metadata/{{key}}", _get_metadata),
]
