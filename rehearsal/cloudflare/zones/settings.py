"""The settings of a zone."""

import json

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.api.refusals import BODY_INVALID
from rehearsal.cloudflare.shapes import Json, objects
from rehearsal.cloudflare.storage import Storage, now
from rehearsal.cloudflare.zones.refusals import SETTING_READ_ONLY, SETTING_UNDEFINED, SETTING_VALUE
from rehearsal.cloudflare.zones.settings_table import SETTINGS


def setting_value(storage: Storage, zone_id: str, name: str) -> object:
    """The present value of a setting that exists."""
    return _document(storage, zone_id, name)["value"]


def _document(storage: Storage, zone_id: str, name: str) -> Json:
    setting = SETTINGS.get(name)
    if setting is None:
        raise SETTING_UNDEFINED.because(setting=name)
    row = storage.one(
        "SELECT value, modified_on FROM zone_settings WHERE zone_id = ? AND id = ?", zone_id, name
    )
    document: Json = {
        "id": name,
        "value": setting.default if row is None else json.loads(str(row["value"])),
        "modified_on": None if row is None else row["modified_on"],
        "editable": setting.editable,
    }
    if name == "development_mode":
        document["time_remaining"] = 0
    return document


def _set(call: Call, name: str, value: object) -> Json:
    storage, zone_id = call.storage, call.params["zone_id"]
    setting = SETTINGS.get(name)
    if setting is None:
        raise SETTING_UNDEFINED.because(setting=name)
    if not setting.editable:
        raise SETTING_READ_ONLY.because(setting=name)
    if not setting.accepts(value):
        raise SETTING_VALUE.because(setting=name)
    storage.run(
        "INSERT INTO zone_settings (zone_id, id, value, modified_on) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (zone_id, id) DO UPDATE SET"
        " value = excluded.value, modified_on = excluded.modified_on",
        *(zone_id, name, json.dumps(value), now()),
    )
    return _document(storage, zone_id, name)


def _list(call: Call) -> Reply:
    zone_id = call.params["zone_id"]
    return succeeded([_document(call.storage, zone_id, name) for name in SETTINGS])


def _get(call: Call) -> Reply:
    return succeeded(_document(call.storage, call.params["zone_id"], call.params["setting"]))


def _edit(call: Call) -> Reply:
    body = call.object()
    if "value" not in body:
        raise SETTING_VALUE.because(setting=call.params["setting"])
    return succeeded(_set(call, call.params["setting"], body["value"]))


def _edit_many(call: Call) -> Reply:
    items = objects(call.object().get("items"))
    if items is None:
        raise BODY_INVALID.because()
    return succeeded([_set(call, str(item.get("id")), item.get("value")) for item in items])


ROUTES = [
    Route("GET", "/zones/{zone_id}/settings", _list),
    Route("PATCH", "/zones/{zone_id}/settings", _edit_many, "json"),
    Route("GET", "/zones/{zone_id}/settings/{setting}", _get),
    Route("PATCH", "/zones/{zone_id}/settings/{setting}", _edit, "json"),
]
