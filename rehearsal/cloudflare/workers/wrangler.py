"""Paths that wrangler uses and Cloudflare's published API does not list."""

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.api.refusals import ZONE_UNKNOWN
from rehearsal.cloudflare.shapes import Json, objects
from rehearsal.cloudflare.workers.refusals import ROUTE_PATTERN, SCRIPT_BODY
from rehearsal.cloudflare.workers.routes import add_route, checked_route, route_document
from rehearsal.cloudflare.workers.scripts import delete_script, referencing_scripts, script_summary
from rehearsal.cloudflare.workers.store import script_row
from rehearsal.cloudflare.zones.zone import zone_of


def _service(call: Call) -> Reply:
    """The older view of a script."""
    name = call.params["script"]
    summary = script_summary(call, name)
    times: Json = {key: summary[key] for key in ("created_on", "modified_on")}
    environment: Json = {"environment": "production", "script": summary, **times}
    return succeeded({"id": name, "default_environment": environment, **times})


def _references(call: Call) -> Reply:
    name = call.params["script"]
    script_row(call.storage, call.params["account_id"], name)
    incoming: list[Json] = [
        {"service": caller, "environment": "production", "name": caller}
        for caller in referencing_scripts(call, name)
    ]
    return succeeded({"services": {"incoming": incoming, "outgoing": []}} if incoming else {})


def _tail_producers(_: Call) -> Reply:
    return succeeded([])


def _put_routes(call: Call) -> Reply:
    """Make these the script's routes, in all zones; others that it had go."""
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    wanted = objects(call.document())
    if wanted is None:
        raise SCRIPT_BODY.because()
    call.storage.run(
        "DELETE FROM routes WHERE script = ? AND zone_id IN"
        " (SELECT id FROM zones WHERE account_id = ?)",
        *(name, account),
    )
    made: list[Json] = []
    for item in wanted:
        zone_id = _zone_id(call, item)
        body: Json = {"pattern": item.get("pattern"), "script": name}
        row = add_route(call.storage, zone_id, *checked_route(call.storage, zone_id, body, None))
        made.append(route_document(row))
    return succeeded(made)


def _zone_id(call: Call, item: Json) -> str:
    if isinstance(item.get("zone_id"), str):
        column, wanted = "id", item["zone_id"]
    elif isinstance(item.get("zone_name"), str):
        column, wanted = "name", item["zone_name"]
    else:
        pattern = str(item.get("pattern"))
        host = pattern.rpartition("://")[2].partition("/")[0].lstrip("*").lstrip(".")
        zone = zone_of(call.storage, host.lower())
        if zone is None:
            raise ROUTE_PATTERN.because(problem=f"Route pattern must include zone name: {pattern}")
        column, wanted = "id", zone["id"]
    row = call.storage.one(
        f"SELECT id FROM zones WHERE {column} = ? AND account_id = ?",  # noqa: S608 (a constant)
        *(wanted, call.params["account_id"]),
    )
    if row is None:
        raise ZONE_UNKNOWN.because()
    return str(row["id"])


_WORKERS = "/accounts/{account_id}/workers"
ROUTES = [
    Route("GET", f"{_WORKERS}/services/{{script}}", _service),
    Route("DELETE", f"{_WORKERS}/services/{{script}}", delete_script),
    Route("GET", f"{_WORKERS}/scripts/{{script}}/references", _references),
    Route("PUT", f"{_WORKERS}/scripts/{{script}}/routes", _put_routes, "json"),
    Route("GET", f"{_WORKERS}/tails/by-consumer/{{script}}", _tail_producers),
]
