"""Zones. Those of a rehearsal come from `zones.json`; POST makes more."""

import re

from rehearsal.cloudflare.accounts import account
from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, paged, succeeded
from rehearsal.cloudflare.api.refusals import ACCOUNT_FORBIDDEN
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Row, Storage, new_id, now
from rehearsal.cloudflare.zones.refusals import ZONE_EXISTS, ZONE_NAME_INVALID

_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


def add_zone(storage: Storage, identifier: str, name: str, account_id: str) -> None:
    """Store a zone, or give a stored one this name and account."""
    time = now()
    storage.run(
        "INSERT INTO zones (id, name, account_id, created_on, modified_on) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, account_id = excluded.account_id",
        *(identifier, name.lower(), account_id, time, time),
    )


def zone_name(storage: Storage, zone_id: str) -> str:
    """The domain of an existing zone."""
    row = storage.one("SELECT name FROM zones WHERE id = ?", zone_id)
    return "" if row is None else str(row["name"])


def zone_of(storage: Storage, host: str) -> Row | None:
    """The zone that a host name belongs to: the one with the longest name."""
    labels = host.split(".")
    names = [".".join(labels[position:]) for position in range(len(labels))]
    marks = ", ".join("?" * len(names))
    return storage.one(
        f"SELECT * FROM zones WHERE name IN ({marks}) ORDER BY length(name) DESC LIMIT 1",  # noqa: S608 (only question marks are put in)
        *names,
    )


NAME_SERVERS = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
"""The name servers of every emulated zone."""


def _document(row: Row) -> Json:
    return {
        "id": row["id"],
        "name": row["name"],
        "status": "active",
        "paused": bool(row["paused"]),
        "type": "full",
        "development_mode": 0,
        "name_servers": [*NAME_SERVERS],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "created_on": row["created_on"],
        "modified_on": row["modified_on"],
        "activated_on": row["created_on"],
        "meta": {
            "step": 4,
            "custom_certificate_quota": 0,
            "page_rule_quota": 3,
            "phishing_detected": False,
        },
        "owner": {"id": None, "type": "user", "email": None},
        "account": {"id": row["account_id"], "name": account("")["name"]},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": ["#zone:read", "#zone:edit", "#dns_records:edit", "#worker:edit"],
        "plan": {
            "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
            "name": "Free Website",
            "price": 0,
            "currency": "USD",
            "frequency": "",
            "is_subscribed": False,
            "can_subscribe": False,
            "legacy_id": "free",
            "legacy_discount": False,
            "externally_managed": False,
        },
    }


def _matches(row: Row, call: Call) -> bool:
    name = str(row["name"])
    operator, _, operand = call.query.get("name", "").rpartition(":")
    tests = {
        "": name == operand,
        "equal": name == operand,
        "not_equal": name != operand,
        "starts_with": name.startswith(operand),
        "ends_with": name.endswith(operand),
        "contains": operand in name,
    }
    asked = {"account.id": row["account_id"], "status": "active"}
    return (not operand or tests.get(operator, False)) and all(
        call.query.get(field) in (None, value) for field, value in asked.items()
    )


def _list(call: Call) -> Reply:
    rows = call.storage.all("SELECT * FROM zones ORDER BY name")
    if call.query.get("direction") == "desc":
        rows.reverse()
    page, info = paged([_document(row) for row in rows if _matches(row, call)], call.query)
    return succeeded(page, result_info=info)


def _get(call: Call) -> Reply:
    row = call.storage.one("SELECT * FROM zones WHERE id = ?", call.params["zone_id"])
    return succeeded(_document(row or {}))


def _create(call: Call) -> Reply:
    body = call.object()
    name = str(body.get("name", "")).lower()
    if not _NAME.fullmatch(name):
        raise ZONE_NAME_INVALID.because(name=name)
    given = body.get("account")
    account_id = given.get("id") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType]
    if account_id not in call.service.accounts():
        raise ACCOUNT_FORBIDDEN.because()
    if call.storage.one("SELECT id FROM zones WHERE name = ?", name):
        raise ZONE_EXISTS.because(name=name)
    identifier = new_id()
    add_zone(call.storage, identifier, name, str(account_id))  # pyright: ignore[reportUnknownArgumentType]
    row = call.storage.one("SELECT * FROM zones WHERE id = ?", identifier)
    return succeeded(_document(row or {}))


def _edit(call: Call) -> Reply:
    paused = call.object().get("paused")
    if isinstance(paused, bool):
        call.storage.run(
            "UPDATE zones SET paused = ?, modified_on = ? WHERE id = ?",
            *(int(paused), now(), call.params["zone_id"]),
        )
    return _get(call)


def _delete(call: Call) -> Reply:
    call.storage.run("DELETE FROM zones WHERE id = ?", call.params["zone_id"])
    call.storage.scripts_revision += 1
    return succeeded({"id": call.params["zone_id"]})


ROUTES = [
    Route("GET", "/zones", _list),
    Route("POST", "/zones", _create, "json"),
    Route("GET", "/zones/{zone_id}", _get),
    Route("PATCH", "/zones/{zone_id}", _edit, "json"),
    Route("DELETE", "/zones/{zone_id}", _delete),
]
