"""Versions of a worker script and which of them is deployed."""

import json
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, paged, succeeded
from rehearsal.cloudflare.runtime.script import Version
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.workers.refusals import DEPLOYMENT_UNKNOWN, SCRIPT_INVALID
from rehearsal.cloudflare.workers.scripts import validated_version
from rehearsal.cloudflare.workers.store import add_version, deploy, script_row, version
from rehearsal.cloudflare.workers.upload import public_bindings, uploaded_version


def _metadata(one: Version) -> Json:
    return {
        "author_email": "rehearsal@localhost.invalid",
        "author_id": None,
        "created_on": one.created_on,
        "modified_on": one.created_on,
        "source": one.source,
        "hasPreview": False,
    }


def _document(one: Version) -> Json:
    return {
        "id": one.id,
        "number": one.number,
        "metadata": _metadata(one),
        "annotations": one.annotations,
        "resources": {
            "bindings": public_bindings(one),
            "script": {
                "etag": one.etag,
                "handlers": one.handlers,
                "named_handlers": one.named_handlers,
                "last_deployed_from": one.source,
            },
            "script_runtime": {
                "compatibility_date": one.compatibility_date,
                "compatibility_flags": one.compatibility_flags,
                "usage_model": "standard",
            },
        },
    }


async def _upload(call: Call) -> Reply:
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    draft, _ = uploaded_version(call, name)
    checked, milliseconds = await validated_version(call, draft)
    with call.storage.transaction():
        identifier = add_version(call.storage, account, name, checked)
        document = _document(version(call.storage, account, name, identifier))
    return succeeded(document | {"startup_time_ms": milliseconds})


def _list(call: Call) -> Reply:
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    rows = call.storage.all(
        "SELECT id FROM versions WHERE account_id = ? AND script = ? ORDER BY number DESC",
        *(account, name),
    )
    page, info = paged([str(row["id"]) for row in rows], call.query, default=10, most=100)
    found = [version(call.storage, account, name, identifier) for identifier in page]
    items: list[Json] = [
        {
            "id": one.id,
            "number": one.number,
            "metadata": _metadata(one),
            "annotations": one.annotations,
        }
        for one in found
    ]
    return succeeded({"items": items}, result_info=info)


def _get(call: Call) -> Reply:
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    return succeeded(_document(version(call.storage, account, name, call.params["version"])))


def _deployments(call: Call) -> list[Json]:
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    rows = call.storage.all(
        "SELECT document FROM deployments WHERE account_id = ? AND script = ?"
        " ORDER BY position DESC LIMIT 10",
        *(account, name),
    )
    return [cast(Json, json.loads(str(row["document"]))) for row in rows]


def _list_deployments(call: Call) -> Reply:
    return succeeded({"deployments": _deployments(call)})


def _get_deployment(call: Call) -> Reply:
    for deployment in _deployments(call):
        if deployment["id"] == call.params["deployment"]:
            return succeeded(deployment)
    raise DEPLOYMENT_UNKNOWN.because()


def _deploy(call: Call) -> Reply:
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    body = call.object()
    versions = cast(list[Json], body.get("versions") or [])
    if len(versions) != 1 or versions[0].get("percentage") != 100:
        problem = "A rehearsal runs one version: `versions` must name one, with percentage 100."
        raise SCRIPT_INVALID.because(problem=problem)
    chosen = version(call.storage, account, name, str(versions[0].get("version_id")))
    annotations = cast(Json, body.get("annotations") or {})
    return succeeded(deploy(call.storage, account, name, chosen, annotations))


_SCRIPT = "/accounts/{account_id}/workers/scripts/{script}"
ROUTES = [
    Route("GET", f"{_SCRIPT}/versions", _list),
    Route("POST", f"{_SCRIPT}/versions", _upload, "upload"),
    Route("GET", f"{_SCRIPT}/versions/{{version}}", _get),
    Route("GET", f"{_SCRIPT}/deployments", _list_deployments),
    Route("POST", f"{_SCRIPT}/deployments", _deploy, "json"),
    Route("GET", f"{_SCRIPT}/deployments/{{deployment}}", _get_deployment),
]
