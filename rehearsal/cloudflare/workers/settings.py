"""Settings of a worker script, its workers.dev switch and its cron triggers."""

import dataclasses
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.runtime.script import Version
from rehearsal.cloudflare.shapes import Json, objects
from rehearsal.cloudflare.storage import now
from rehearsal.cloudflare.workers.refusals import SCRIPT_BODY
from rehearsal.cloudflare.workers.scripts import SCRIPT_FIELDS, validated_version
from rehearsal.cloudflare.workers.store import (
    released,
    save_document,
    script_document,
    script_row,
    version,
)
from rehearsal.cloudflare.workers.upload import (
    compatibility_date,
    compatibility_flags,
    part_object,
    public_bindings,
    resolved_bindings,
)


def _current(call: Call) -> Version:
    account, name = call.params["account_id"], call.params["script"]
    row = script_row(call.storage, account, name)
    return version(call.storage, account, name, str(row["version_id"]))


def _document(call: Call) -> Json:
    return script_document(call.storage, call.params["account_id"], call.params["script"])


def _save(call: Call, document: Json) -> None:
    save_document(call.storage, call.params["account_id"], call.params["script"], document)


def _settings(call: Call) -> Reply:
    current, document = _current(call), _document(call)
    settings: Json = {
        "bindings": public_bindings(current),
        "compatibility_date": current.compatibility_date,
        "compatibility_flags": current.compatibility_flags,
        "annotations": current.annotations,
        "usage_model": document.get("usage_model") or "standard",
        "logpush": bool(document.get("logpush")),
        "tags": document.get("tags") or [],
        "tail_consumers": document.get("tail_consumers"),
        # The official provider cannot read a script whose settings lack it.
        "placement": document.get("placement") or {},
    }
    optional: Json = {
        "limits": current.limits,
        "observability": document.get("observability"),
    }
    settings |= {field: value for field, value in optional.items() if value}
    return succeeded(settings)


async def _edit_settings(call: Call) -> Reply:
    """Change what is given; bindings and compatibility make a new version."""
    changes = part_object(call.parts, "settings")
    current, document = _current(call), _document(call)
    draft = current
    if "bindings" in changes:
        bindings = resolved_bindings(call, call.params["script"], changes)
        draft = dataclasses.replace(draft, bindings=bindings)
    if "compatibility_date" in changes:
        draft = dataclasses.replace(draft, compatibility_date=compatibility_date(changes))
    if "compatibility_flags" in changes:
        draft = dataclasses.replace(draft, compatibility_flags=compatibility_flags(changes))
    if draft != current:
        draft, _ = await validated_version(call, draft)
    with call.storage.transaction():
        if draft != current:
            released(call.storage, call.params["account_id"], call.params["script"], draft)
        document |= {field: changes[field] for field in SCRIPT_FIELDS if field in changes}
        _save(call, document)
    return _settings(call)


def _script_settings(call: Call) -> Reply:
    document = _document(call)
    settings: Json = {
        "logpush": bool(document.get("logpush")),
        "tags": document.get("tags") or [],
        "tail_consumers": document.get("tail_consumers"),
    }
    if document.get("observability") is not None:
        settings["observability"] = document["observability"]
    return succeeded(settings)


def _edit_script_settings(call: Call) -> Reply:
    fields = ("logpush", "observability", "tags", "tail_consumers")
    changes = call.object()
    _save(call, _document(call) | {field: changes[field] for field in fields if field in changes})
    return _script_settings(call)


def _subdomain(call: Call) -> Reply:
    stored = cast(Json, _document(call).get("subdomain") or {})
    off: Json = {"enabled": False, "previews_enabled": False}
    return succeeded(off | stored)


def _edit_subdomain(call: Call) -> Reply:
    body = call.object()
    stored: Json = {
        field: body[field]
        for field in ("enabled", "previews_enabled")
        if isinstance(body.get(field), bool)
    }
    old = cast(Json, _document(call).get("subdomain") or {})
    _save(call, _document(call) | {"subdomain": old | stored})
    return _subdomain(call)


def _delete_subdomain(call: Call) -> Reply:
    _save(call, {name: value for name, value in _document(call).items() if name != "subdomain"})
    return _subdomain(call)


def _account_subdomain(_: Call) -> Reply:
    return succeeded({"subdomain": "rehearsal"})


def _schedules(call: Call) -> Reply:
    return succeeded({"schedules": _document(call).get("schedules") or []})


def _edit_schedules(call: Call) -> Reply:
    """Kept, never run."""
    schedules, time = objects(call.document()), now()
    if schedules is None or not all(isinstance(item.get("cron"), str) for item in schedules):
        raise SCRIPT_BODY.because()
    stored = [{"cron": item["cron"], "created_on": time, "modified_on": time} for item in schedules]
    _save(call, _document(call) | {"schedules": stored})
    return _schedules(call)


_SCRIPT = "/accounts/{account_id}/workers/scripts/{script}"
ROUTES = [
    Route("GET", f"{_SCRIPT}/settings", _settings),
    Route("PATCH", f"{_SCRIPT}/settings", _edit_settings, "upload"),
    Route("GET", f"{_SCRIPT}/script-settings", _script_settings),
    Route("PATCH", f"{_SCRIPT}/script-settings", _edit_script_settings, "json"),
    Route("GET", f"{_SCRIPT}/subdomain", _subdomain),
    Route("POST", f"{_SCRIPT}/subdomain", _edit_subdomain, "json"),
    Route("DELETE", f"{_SCRIPT}/subdomain", _delete_subdomain),
    Route("GET", "/accounts/{account_id}/workers/subdomain", _account_subdomain),
    Route("GET", f"{_SCRIPT}/schedules", _schedules),
    Route("PUT", f"{_SCRIPT}/schedules", _edit_schedules, "json"),
]
