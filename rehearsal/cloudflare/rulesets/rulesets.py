"""Rulesets of a zone: stored and checked, not applied to requests."""

import json
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.rulesets.refusals import (
    ENTRYPOINT_UNKNOWN,
    RULE_UNKNOWN,
    RULESET_PHASE_TAKEN,
    RULESET_UNKNOWN,
    RULESET_VALUE,
)
from rehearsal.cloudflare.rulesets.rules import checked_phase, merged_rule, merged_rules, rules_of
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import new_id, now

_KINDS = ("zone", "custom")


def _find(call: Call) -> Json:
    row = call.storage.one(
        "SELECT document FROM rulesets WHERE id = ? AND zone_id = ?",
        *(call.params["ruleset_id"], call.params["zone_id"]),
    )
    if row is None:
        raise RULESET_UNKNOWN.because()
    return cast(Json, json.loads(str(row["document"])))


def _entrypoint(call: Call, phase: str) -> Json | None:
    row = call.storage.one(
        "SELECT document FROM rulesets WHERE zone_id = ? AND phase = ? AND kind = 'zone'",
        *(call.params["zone_id"], phase),
    )
    return None if row is None else cast(Json, json.loads(str(row["document"])))


def _save(call: Call, ruleset: Json) -> Reply:
    ruleset["last_updated"] = now()
    call.storage.run(
        "INSERT INTO rulesets (id, zone_id, phase, kind, document) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
        *(ruleset["id"], call.params["zone_id"], ruleset["phase"], ruleset["kind"]),
        json.dumps(ruleset),
    )
    return succeeded(ruleset)


def _new(phase: str, kind: str, body: Json) -> Json:
    name = body.get("name", "default")
    if not isinstance(name, str) or not name:
        raise RULESET_VALUE.because(value=name, field="name", reason="")
    return {
        "id": new_id(),
        "name": name,
        "description": str(body.get("description") or ""),
        "kind": kind,
        "phase": phase,
        "version": "1",
        "rules": merged_rules(phase, rules_of(body), []),
    }


def _replace(call: Call, old: Json, body: Json) -> Reply:
    for field in ("phase", "kind"):
        if body.get(field) not in (None, old[field]):
            reason = " because it cannot be changed"
            raise RULESET_VALUE.because(value=body[field], field=field, reason=reason)
    for field in ("name", "description"):
        if body.get(field) is not None:
            old[field] = body[field]
    rules = cast(list[Json], old["rules"])
    old["rules"] = merged_rules(str(old["phase"]), rules_of(body), rules)
    return _save(call, _next_version(old))


def _next_version(ruleset: Json) -> Json:
    ruleset["version"] = str(int(str(ruleset["version"])) + 1)
    return ruleset


def _list(call: Call) -> Reply:
    rows = call.storage.all(
        "SELECT document FROM rulesets WHERE zone_id = ? ORDER BY phase, id",
        call.params["zone_id"],
    )
    rulesets = [cast(Json, json.loads(str(row["document"]))) for row in rows]
    for ruleset in rulesets:
        del ruleset["rules"]
    return succeeded(rulesets, result_info={"cursors": {}})


def _create(call: Call) -> Reply:
    body = call.object()
    phase, kind = checked_phase(body.get("phase")), body.get("kind")
    if kind not in _KINDS:
        raise RULESET_VALUE.because(value=kind, field="kind", reason="")
    if kind == "zone" and _entrypoint(call, phase) is not None:
        raise RULESET_PHASE_TAKEN.because(phase=phase)
    return _save(call, _new(phase, str(kind), body))


def _get(call: Call) -> Reply:
    return succeeded(_find(call))


def _update(call: Call) -> Reply:
    return _replace(call, _find(call), call.object())


def _delete(call: Call) -> Reply:
    call.storage.run("DELETE FROM rulesets WHERE id = ?", _find(call)["id"])
    return Reply(204, b"")


def _get_entrypoint(call: Call) -> Reply:
    phase = checked_phase(call.params["phase"])
    ruleset = _entrypoint(call, phase)
    if ruleset is None:
        raise ENTRYPOINT_UNKNOWN.because(phase=phase)
    return succeeded(ruleset)


def _put_entrypoint(call: Call) -> Reply:
    phase, body = checked_phase(call.params["phase"]), call.object()
    old = _entrypoint(call, phase)
    return _save(call, _new(phase, "zone", body)) if old is None else _replace(call, old, body)


def _add_rule(call: Call) -> Reply:
    ruleset = _find(call)
    rules = cast(list[Json], ruleset["rules"])
    rules.append(merged_rule(str(ruleset["phase"]), call.object(), None))
    return _save(call, _next_version(ruleset))


def _position(call: Call, rules: list[Json]) -> int:
    for position, rule in enumerate(rules):
        if rule["id"] == call.params["rule_id"]:
            return position
    raise RULE_UNKNOWN.because()


def _edit_rule(call: Call) -> Reply:
    ruleset = _find(call)
    rules = cast(list[Json], ruleset["rules"])
    position = _position(call, rules)
    changed = rules[position] | call.object()
    rules[position] = merged_rule(str(ruleset["phase"]), changed, rules[position])
    return _save(call, _next_version(ruleset))


def _delete_rule(call: Call) -> Reply:
    ruleset = _find(call)
    rules = cast(list[Json], ruleset["rules"])
    del rules[_position(call, rules)]
    return _save(call, _next_version(ruleset))


_RULESETS = "/zones/{zone_id}/rulesets"
_ENTRYPOINT = f"{_RULESETS}/phases/{{phase}}/entrypoint"
ROUTES = [
    Route("GET", _RULESETS, _list),
    Route("POST", _RULESETS, _create, "json"),
    Route("GET", _ENTRYPOINT, _get_entrypoint),
    Route("PUT", _ENTRYPOINT, _put_entrypoint, "json"),
    Route("GET", f"{_RULESETS}/{{ruleset_id}}", _get),
    Route("PUT", f"{_RULESETS}/{{ruleset_id}}", _update, "json"),
    Route("DELETE", f"{_RULESETS}/{{ruleset_id}}", _delete),
    Route("POST", f"{_RULESETS}/{{ruleset_id}}/rules", _add_rule, "json"),
    Route("PATCH", f"{_RULESETS}/{{ruleset_id}}/rules/{{rule_id}}", _edit_rule, "json"),
    Route("DELETE", f"{_RULESETS}/{{ruleset_id}}/rules/{{rule_id}}", _delete_rule),
]
