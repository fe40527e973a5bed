"""Secrets of a worker script: put and named, never shown."""

import dataclasses
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.runtime.script import Version
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.workers.refusals import SCRIPT_INVALID, SECRET_UNKNOWN
from rehearsal.cloudflare.workers.store import released, script_row, version
from rehearsal.cloudflare.workers.upload import SECRETS


def _current(call: Call) -> Version:
    account, name = call.params["account_id"], call.params["script"]
    row = script_row(call.storage, account, name)
    return version(call.storage, account, name, str(row["version_id"]))


def _shown(binding: Json) -> Json:
    return {"name": binding["name"], "type": binding["type"]}


def _release(call: Call, current: Version, bindings: list[Json]) -> None:
    draft = dataclasses.replace(current, bindings=bindings)
    released(call.storage, call.params["account_id"], call.params["script"], draft)


def _checked(body: Json) -> Json:
    name, text = body.get("name"), body.get("text")
    if not isinstance(name, str) or not name or not isinstance(text, str):
        raise SCRIPT_INVALID.because(problem="A secret needs `name` and `text`.")
    if body.get("type", "secret_text") not in SECRETS:
        problem = f"Secrets of type {body['type']} cannot be run in a rehearsal."
        raise SCRIPT_INVALID.because(problem=problem)
    return {"name": name, "text": text, "type": "secret_text"}


def _with(bindings: list[Json], secret: Json) -> list[Json]:
    for binding in bindings:
        if binding["name"] == secret["name"] and binding["type"] not in SECRETS:
            problem = f"Binding name '{secret['name']}' already in use."
            raise SCRIPT_INVALID.because(problem=problem)
    return [binding for binding in bindings if binding["name"] != secret["name"]] + [secret]


def _put(call: Call) -> Reply:
    current, secret = _current(call), _checked(call.object())
    _release(call, current, _with(current.bindings, secret))
    return succeeded(_shown(secret))


def _list(call: Call) -> Reply:
    secrets = [binding for binding in _current(call).bindings if binding["type"] in SECRETS]
    return succeeded([_shown(binding) for binding in secrets])


def _find(call: Call, current: Version) -> Json:
    for binding in current.bindings:
        if binding["name"] == call.params["secret"] and binding["type"] in SECRETS:
            return binding
    raise SECRET_UNKNOWN.because(name=call.params["secret"])


def _get(call: Call) -> Reply:
    return succeeded(_shown(_find(call, _current(call))))


def _delete(call: Call) -> Reply:
    current = _current(call)
    secret = _find(call, current)
    _release(call, current, [binding for binding in current.bindings if binding != secret])
    return succeeded(None)


def _bulk(call: Call) -> Reply:
    """Set those with a value, remove those with null: a JSON merge patch over the names."""
    current = _current(call)
    bindings, given = current.bindings, call.object().get("secrets")
    if not isinstance(given, dict):
        raise SCRIPT_INVALID.because(problem="`secrets` must be an object")
    for name, value in cast(Json, given).items():
        if isinstance(value, dict):
            bindings = _with(bindings, _checked({"name": name, **cast(Json, value)}))
        else:
            bindings = [binding for binding in bindings if binding["name"] != name]
    _release(call, current, bindings)
    secrets = [binding for binding in bindings if binding["type"] in SECRETS]
    return succeeded({str(binding["name"]): _shown(binding) for binding in secrets})


_SECRETS = "/accounts/{account_id}/workers/scripts/{script}/secrets"
ROUTES = [
    Route("PUT", _SECRETS, _put, "json"),
    Route("GET", _SECRETS, _list),
    Route("PATCH", f"{_SECRETS}-bulk", _bulk, "json"),
    Route("GET", f"{_SECRETS}/{{secret}}", _get),
    Route("DELETE", f"{_SECRETS}/{{secret}}", _delete),
]
