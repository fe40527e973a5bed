"""DNS records of a zone."""

import json
from collections.abc import Callable
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, paged, succeeded
from rehearsal.cloudflare.api.refusals import BODY_INVALID
from rehearsal.cloudflare.dns.export import zone_file
from rehearsal.cloudflare.dns.refusals import (
    ADDRESS_OR_CNAME_EXISTS,
    CNAME_EXISTS,
    NS_EXISTS,
    RECORD_IDENTICAL,
    RECORD_UNKNOWN,
    RECORD_VALIDATION,
)
from rehearsal.cloudflare.dns.validation import validated
from rehearsal.cloudflare.shapes import Json, objects
from rehearsal.cloudflare.storage import Storage, new_id, now
from rehearsal.cloudflare.zones.zone import NAME_SERVERS, zone_name

_EXCLUSIVE = {"A", "AAAA", "CNAME"}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda text, wanted: text == wanted,
    "contains": lambda text, wanted: wanted in text,
    "startswith": lambda text, wanted: text.startswith(wanted),
    "endswith": lambda text, wanted: text.endswith(wanted),
    "present": lambda text, _: bool(text),
    "absent": lambda text, _: not text,
}
_ORDERS = {"type", "name", "content", "ttl", "proxied"}


def _find(call: Call, record_id: str) -> Json:
    row = call.storage.one(
        "SELECT document FROM dns_records WHERE id = ? AND zone_id = ?",
        *(record_id, call.params["zone_id"]),
    )
    if row is None:
        raise RECORD_UNKNOWN.because()
    return cast(Json, json.loads(str(row["document"])))


def _check_neighbours(storage: Storage, zone_id: str, record: Json, own_id: str | None) -> None:
    rows = storage.all(
        "SELECT id, type, content, document FROM dns_records WHERE zone_id = ? AND name = ?",
        *(zone_id, record["name"]),
    )
    for row in rows:
        if row["id"] == own_id:
            continue
        other = cast(Json, json.loads(str(row["document"])))
        same = ("type", "content", "priority", "data")
        if all(other.get(field) == record.get(field) for field in same):
            raise RECORD_IDENTICAL.because()
        if record["type"] not in _EXCLUSIVE:
            continue
        if row["type"] == "NS":
            raise NS_EXISTS.because()
        if record["type"] == "CNAME" and row["type"] in _EXCLUSIVE:
            raise ADDRESS_OR_CNAME_EXISTS.because()
        if row["type"] == "CNAME":
            raise CNAME_EXISTS.because()


def _store(call: Call, fields: Json, old: Json | None) -> Json:
    zone_id, time = call.params["zone_id"], now()
    record = validated(fields, zone_name(call.storage, zone_id))
    if old is not None and old["type"] != record["type"]:
        raise RECORD_VALIDATION.because(problem="the type of a record cannot be changed")
    _check_neighbours(call.storage, zone_id, record, None if old is None else str(old["id"]))
    record["id"] = new_id() if old is None else old["id"]
    record["meta"] = {}
    record["created_on"] = time if old is None else old["created_on"]
    record["modified_on"] = time
    for field in ("comment", "tags"):
        changed = record[field] != (old or {}).get(field, [] if field == "tags" else None)
        stamp = time if changed else (old or {}).get(f"{field}_modified_on")
        if record[field] and stamp:
            record[f"{field}_modified_on"] = stamp
    values = (zone_id, record["type"], record["name"], record["content"], json.dumps(record))
    if old is None:
        call.storage.run(
            "INSERT INTO dns_records (zone_id, type, name, content, document, id)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(*values, record["id"]),
        )
    else:
        call.storage.run(
            "UPDATE dns_records SET zone_id = ?, type = ?, name = ?, content = ?, document = ?"
            " WHERE id = ?",
            *(*values, record["id"]),
        )
    return record


def _create(call: Call) -> Reply:
    return succeeded(_store(call, call.object(), None))


def _get(call: Call) -> Reply:
    return succeeded(_find(call, call.params["record_id"]))


def _put(call: Call) -> Reply:
    return succeeded(_store(call, call.object(), _find(call, call.params["record_id"])))


def _patch(call: Call) -> Reply:
    old = _find(call, call.params["record_id"])
    return succeeded(_store(call, _merged(old, call.object()), old))


def _merged(old: Json, changes: Json) -> Json:
    merged = old | changes
    # A new content replaces what was built from the old data, and the other way round.
    if "content" in changes and "data" not in changes:
        merged.pop("data", None)
    return merged


def _remove(call: Call, record_id: str) -> Json:
    record = _find(call, record_id)
    call.storage.run("DELETE FROM dns_records WHERE id = ?", record_id)
    return record


def _delete(call: Call) -> Reply:
    return succeeded({"id": _remove(call, call.params["record_id"])["id"]})


def _records(call: Call) -> list[Json]:
    rows = call.storage.all(
        "SELECT document FROM dns_records WHERE zone_id = ? ORDER BY name, type, id",
        call.params["zone_id"],
    )
    return [cast(Json, json.loads(str(row["document"]))) for row in rows]


def _export(call: Call) -> Reply:
    name = zone_name(call.storage, call.params["zone_id"])
    text = zone_file(name, NAME_SERVERS, _records(call), now()[:19].replace("T", " "))
    return Reply(200, text.encode(), {"content-type": "text/plain; charset=utf-8"})


def _list(call: Call) -> Reply:
    records = _records(call)
    tests = _tests(call)
    quantifier = any if call.query.get("match") == "any" else all
    if tests:
        records = [record for record in records if quantifier(test(record) for test in tests)]
    order = call.query.get("order")
    if order in _ORDERS:
        records.sort(key=lambda record: (str(type(record[order])), record[order]))  # pyright: ignore[reportArgumentType]
    if call.query.get("direction") == "desc":
        records.reverse()
    page, info = paged(records, call.query, default=100, most=5_000_000)
    return succeeded(page, result_info=info)


def _tests(call: Call) -> list[Callable[[Json], bool]]:
    tests: list[Callable[[Json], bool]] = []
    for parameter, wanted in call.query.items():
        field, _, operator = parameter.partition(".")
        if field in ("name", "content", "comment", "tag"):
            tests.append(_text_test(field, _TEXT_TESTS.get(operator or "exact"), wanted))
        elif field == "type":
            tests.append(lambda record, wanted=wanted: record["type"] == wanted)
        elif field == "proxied":
            tests.append(lambda record, wanted=wanted: record["proxied"] == (wanted == "true"))
        elif field == "search":
            tests.append(
                lambda record, wanted=wanted: any(
                    wanted.lower() in str(record.get(name) or "").lower()
                    for name in ("name", "content", "comment")
                )
            )
    return tests


def _text_test(
    field: str, test: Callable[[str, str], bool] | None, wanted: str
) -> Callable[[Json], bool]:
    if test is None:
        raise RECORD_VALIDATION.because(problem=f"unknown filter on {field}")
    if field == "tag":
        return lambda record: any(
            test(tag.lower(), wanted.lower()) for tag in cast(list[str], record["tags"])
        )
    folded = wanted.lower() if field == "name" else wanted
    return lambda record: test(str(record.get(field) or ""), folded)


def _batch(call: Call) -> Reply:
    """Deletes, patches, puts, posts, in this order and all or nothing."""
    body = call.object()
    result: Json = {}
    result["deletes"] = [_remove(call, str(item.get("id"))) for item in _items(body, "deletes")]
    patched: list[Json] = []
    for item in _items(body, "patches"):
        old = _find(call, str(item.get("id")))
        patched.append(_store(call, _merged(old, item), old))
    result["patches"] = patched
    result["puts"] = [
        _store(call, item, _find(call, str(item.get("id")))) for item in _items(body, "puts")
    ]
    result["posts"] = [_store(call, item, None) for item in _items(body, "posts")]
    return succeeded(result)


def _items(body: Json, name: str) -> list[Json]:
    items = objects(body.get(name))
    if items is None:
        raise BODY_INVALID.because()
    return items


_RECORDS = "/zones/{zone_id}/dns_records"
ROUTES = [
    Route("GET", _RECORDS, _list),
    Route("POST", _RECORDS, _create, "json"),
    Route("POST", f"{_RECORDS}/batch", _batch, "json"),
    Route("GET", f"{_RECORDS}/export", _export),
    Route("GET", f"{_RECORDS}/{{record_id}}", _get),
    Route("PUT", f"{_RECORDS}/{{record_id}}", _put, "json"),
    Route("PATCH", f"{_RECORDS}/{{record_id}}", _patch, "json"),
    Route("DELETE", f"{_RECORDS}/{{record_id}}", _delete),
]
