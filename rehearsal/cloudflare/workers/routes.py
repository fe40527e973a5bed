"""Worker routes of a zone."""

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Row, Storage, new_id
from rehearsal.cloudflare.workers.refusals import (
    ROUTE_DUPLICATE,
    ROUTE_PATTERN,
    ROUTE_SCRIPT,
    ROUTE_UNKNOWN,
    SCRIPT_BODY,
)
from rehearsal.cloudflare.workers.route_matching import PatternError, parse
from rehearsal.cloudflare.zones.zone import zone_name


def route_document(row: Row) -> Json:
    """A route as the API shows it."""
    return {
        "id": row["id"],
        "pattern": row["pattern"],
        "script": row["script"],
        "request_limit_fail_open": False,
    }


def _find(call: Call) -> Row:
    row = call.storage.one(
        "SELECT * FROM routes WHERE id = ? AND zone_id = ?",
        *(call.params["route_id"], call.params["zone_id"]),
    )
    if row is None:
        raise ROUTE_UNKNOWN.because()
    return row


def checked_route(
    storage: Storage, zone_id: str, body: Json, own_id: str | None
) -> tuple[str, str | None]:
    """Pattern and script of a wanted route. Raises Refused; `own_id` is of the one it replaces."""
    pattern, script = body.get("pattern"), body.get("script") or None
    if not isinstance(pattern, str) or not isinstance(script, str | None):
        raise SCRIPT_BODY.because()
    zone = zone_name(storage, zone_id)
    try:
        parsed = parse(pattern, zone)
    except PatternError as error:
        raise ROUTE_PATTERN.because(problem=error) from None
    others = storage.all("SELECT id, pattern FROM routes WHERE zone_id = ?", zone_id)
    # Two spellings of one pattern are one route.
    if any(parse(str(row["pattern"]), zone) == parsed for row in others if row["id"] != own_id):
        raise ROUTE_DUPLICATE.because()
    known = storage.one(
        "SELECT 1 FROM scripts JOIN zones USING (account_id)"
        " WHERE scripts.name = ? AND zones.id = ?",
        *(script, zone_id),
    )
    if script is not None and known is None:
        raise ROUTE_SCRIPT.because()
    return pattern, script


def add_route(storage: Storage, zone_id: str, pattern: str, script: str | None) -> Row:
    """Store a checked route."""
    row: Row = {"id": new_id(), "pattern": pattern, "script": script}
    storage.run(
        "INSERT INTO routes (id, zone_id, pattern, script) VALUES (?, ?, ?, ?)",
        *(row["id"], zone_id, pattern, script),
    )
    storage.scripts_revision += 1
    return row


def _create(call: Call) -> Reply:
    zone_id = call.params["zone_id"]
    pattern, script = checked_route(call.storage, zone_id, call.object(), None)
    return succeeded(route_document(add_route(call.storage, zone_id, pattern, script)))


def _update(call: Call) -> Reply:
    row = _find(call)
    pattern, script = checked_route(
        call.storage, call.params["zone_id"], call.object(), str(row["id"])
    )
    call.storage.run(
        "UPDATE routes SET pattern = ?, script = ? WHERE id = ?", pattern, script, row["id"]
    )
    call.storage.scripts_revision += 1
    return succeeded(route_document(row | {"pattern": pattern, "script": script}))


def _list(call: Call) -> Reply:
    rows = call.storage.all(
        "SELECT * FROM routes WHERE zone_id = ? ORDER BY rowid", call.params["zone_id"]
    )
    return succeeded([route_document(row) for row in rows])


def _get(call: Call) -> Reply:
    return succeeded(route_document(_find(call)))


def _delete(call: Call) -> Reply:
    row = _find(call)
    call.storage.run("DELETE FROM routes WHERE id = ?", row["id"])
    call.storage.scripts_revision += 1
    return succeeded({"id": row["id"]})


_ROUTES = "/zones/{zone_id}/workers/routes"
ROUTES = [
    Route("GET", _ROUTES, _list),
    Route("POST", _ROUTES, _create, "json"),
    Route("GET", f"{_ROUTES}/{{route_id}}", _get),
    Route("PUT", f"{_ROUTES}/{{route_id}}", _update, "json"),
    Route("DELETE", f"{_ROUTES}/{{route_id}}", _delete),
]
