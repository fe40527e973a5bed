"""KV namespaces of an account."""

import re

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, paged, succeeded
from rehearsal.cloudflare.kv.refusals import (
    NAMESPACE_ID,
    NAMESPACE_TITLE,
    NAMESPACE_TITLE_EXISTS,
    NAMESPACE_UNKNOWN,
)
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Row, new_id

_IDENTIFIER = re.compile(r"[0-9a-f]{32}")


def namespace_id(call: Call, operation: str) -> str:
    """The id of the namespace in the path. Raises Refused when there is none; see `operation`."""
    identifier = call.params["namespace_id"]
    if not _IDENTIFIER.fullmatch(identifier):
        raise NAMESPACE_ID.because(namespace=identifier)
    row = call.storage.one(
        "SELECT id FROM kv_namespaces WHERE id = ? AND account_id = ?",
        *(identifier, call.params["account_id"]),
    )
    if row is None:
        raise NAMESPACE_UNKNOWN.because(operation=operation)
    return identifier


def _document(row: Row) -> Json:
    return {"id": row["id"], "title": row["title"], "supports_url_encoding": True}


def _title(call: Call, operation: str, own_id: str) -> str:
    title = call.object().get("title")
    if not isinstance(title, str) or not title.strip() or len(title.encode()) > 512:
        raise NAMESPACE_TITLE.because(operation=operation)
    taken = call.storage.one(
        "SELECT id FROM kv_namespaces WHERE account_id = ? AND title = ? AND id != ?",
        *(call.params["account_id"], title, own_id),
    )
    if taken is not None:
        raise NAMESPACE_TITLE_EXISTS.because(operation=operation)
    return title


def _create(call: Call) -> Reply:
    row: Row = {"id": new_id(), "title": _title(call, "create namespace", "")}
    call.storage.run(
        "INSERT INTO kv_namespaces (id, account_id, title) VALUES (?, ?, ?)",
        *(row["id"], call.params["account_id"], row["title"]),
    )
    return succeeded(_document(row))


def _rename(call: Call) -> Reply:
    identifier = namespace_id(call, "rename namespace")
    title = _title(call, "rename namespace", identifier)
    call.storage.run("UPDATE kv_namespaces SET title = ? WHERE id = ?", title, identifier)
    return succeeded(_document({"id": identifier, "title": title}))


def _get(call: Call) -> Reply:
    identifier = namespace_id(call, "get namespace")
    row = call.storage.one("SELECT id, title FROM kv_namespaces WHERE id = ?", identifier)
    return succeeded(_document(row or {}))


def _list(call: Call) -> Reply:
    order = "title" if call.query.get("order") == "title" else "id"
    direction = "DESC" if call.query.get("direction") == "desc" else "ASC"
    rows = call.storage.all(
        f"SELECT id, title FROM kv_namespaces WHERE account_id = ? ORDER BY {order} {direction}",  # noqa: S608 (both are chosen from constants above)
        call.params["account_id"],
    )
    page, info = paged([_document(row) for row in rows], call.query, most=1000)
    return succeeded(page, result_info=info)


def _delete(call: Call) -> Reply:
    identifier = namespace_id(call, "remove namespace")
    call.storage.run("DELETE FROM kv_namespaces WHERE id = ?", identifier)
    return succeeded({})


_NAMESPACES = "/accounts/{account_id}/storage/kv/namespaces"
ROUTES = [
    Route("GET", _NAMESPACES, _list),
    Route("POST", _NAMESPACES, _create, "json"),
    Route("GET", f"{_NAMESPACES}/{{namespace_id}}", _get),
    Route("PUT", f"{_NAMESPACES}/{{namespace_id}}", _rename, "json"),
    Route("DELETE", f"{_NAMESPACES}/{{namespace_id}}", _delete),
]
