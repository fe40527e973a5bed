"""Worker scripts of an account: upload, list, download, delete."""

import dataclasses
import json
import uuid
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.runtime.script import Version
from rehearsal.cloudflare.runtime.workerd import WorkerdError
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.workers.refusals import SCRIPT_HANDLERS, SCRIPT_INVALID, SCRIPT_REFERENCED
from rehearsal.cloudflare.workers.store import (
    released,
    save_document,
    script_document,
    script_row,
    version,
)
from rehearsal.cloudflare.workers.upload import check_script_name, uploaded_version

# Settings of an upload's metadata that belong to the script, whatever its version.
SCRIPT_FIELDS = ("logpush", "observability", "placement", "tags", "tail_consumers", "usage_model")


def script_summary(call: Call, name: str) -> Json:
    """A script as lists and uploads show it."""
    account = call.params["account_id"]
    document = script_document(call.storage, account, name)
    current = _current(call, name)
    summary: Json = {
        "id": name,
        "tag": document["tag"],
        "tags": document.get("tags") or [],
        "etag": current.etag,
        "created_on": document["created_on"],
        "modified_on": document["modified_on"],
        "compatibility_date": current.compatibility_date,
        "compatibility_flags": current.compatibility_flags,
        "handlers": current.handlers,
        "named_handlers": current.named_handlers,
        "has_assets": False,
        "has_modules": current.is_module,
        "last_deployed_from": current.source,
        "logpush": bool(document.get("logpush")),
        "usage_model": document.get("usage_model") or "standard",
        "deployment_id": current.id,
    }
    for field in ("observability", "tail_consumers"):
        if document.get(field) is not None:
            summary[field] = document[field]
    return summary


def _current(call: Call, name: str) -> Version:
    account = call.params["account_id"]
    row = script_row(call.storage, account, name)
    return version(call.storage, account, name, str(row["version_id"]))


async def validated_version(call: Call, draft: Version) -> tuple[Version, int]:
    """The version with its handlers as the Workers runtime found them, and the milliseconds.

    Raises Refused when the runtime does not accept the script.
    """
    try:
        found = await call.service.runtime.inspect(draft)
    except WorkerdError as error:
        raise SCRIPT_INVALID.because(problem=error) from None
    if not found.handlers and not found.named_handlers:
        raise SCRIPT_HANDLERS.because()
    checked = dataclasses.replace(
        draft, handlers=found.handlers, named_handlers=found.named_handlers
    )
    return checked, found.milliseconds


async def _upload(call: Call) -> Reply:
    account, name = call.params["account_id"], call.params["script"]
    check_script_name(name)
    draft, metadata = uploaded_version(call, name)
    checked, milliseconds = await validated_version(call, draft)
    with call.storage.transaction():
        released(call.storage, account, name, checked)
        document = script_document(call.storage, account, name)
        document |= {field: metadata[field] for field in SCRIPT_FIELDS if field in metadata}
        save_document(call.storage, account, name, document)
        summary = script_summary(call, name)
    return succeeded(summary | {"startup_time_ms": milliseconds, "entry_point": checked.main})


async def _upload_content(call: Call) -> Reply:
    """New code with the old settings and bindings."""
    account, name = call.params["account_id"], call.params["script"]
    old = _current(call, name)
    draft, _ = uploaded_version(call, name)
    draft = dataclasses.replace(
        old, main=draft.main, is_module=draft.is_module, modules=draft.modules
    )
    checked, milliseconds = await validated_version(call, draft)
    with call.storage.transaction():
        released(call.storage, account, name, checked)
        summary = script_summary(call, name)
    return succeeded(summary | {"startup_time_ms": milliseconds})


def _list(call: Call) -> Reply:
    rows = call.storage.all(
        "SELECT name FROM scripts WHERE account_id = ? ORDER BY name", call.params["account_id"]
    )
    return succeeded([script_summary(call, str(row["name"])) for row in rows])


def _content(call: Call) -> Reply:
    current = _current(call, call.params["script"])
    if not current.is_module and len(current.modules) == 1:
        return Reply(200, current.modules[0].content, {"content-type": "application/javascript"})
    boundary = uuid.uuid4().hex
    body = bytearray()
    for module in current.modules:
        body += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{module.name}"; '
            f'filename="{module.name}"\r\nContent-Type: {module.content_type}\r\n\r\n'
        ).encode()
        body += module.content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {
        "content-type": f"multipart/form-data; boundary={boundary}",
        "cf-entrypoint": current.main,
        "etag": current.etag,
    }
    return Reply(200, bytes(body), headers)


def referencing_scripts(call: Call, name: str) -> list[str]:
    """The other scripts of the account whose deployed version binds this one."""
    account = call.params["account_id"]
    rows = call.storage.all(
        "SELECT scripts.name, versions.document FROM scripts JOIN versions"
        " ON versions.id = scripts.version_id WHERE scripts.account_id = ? AND scripts.name != ?",
        *(account, name),
    )
    return sorted(
        str(row["name"])
        for row in rows
        for binding in cast(list[Json], json.loads(str(row["document"]))["bindings"])
        if binding["type"] == "service" and binding["service"] == name
    )


def delete_script(call: Call) -> Reply:
    """Delete a script and the routes that name it, unless others bind it."""
    account, name = call.params["account_id"], call.params["script"]
    script_row(call.storage, account, name)
    workers = referencing_scripts(call, name)
    if workers and call.query.get("force") != "true":
        raise SCRIPT_REFERENCED.because(workers=", ".join(workers))
    call.storage.run("DELETE FROM scripts WHERE account_id = ? AND name = ?", account, name)
    # A route that names a deleted script goes with it.
    call.storage.run(
        "DELETE FROM routes WHERE script = ? AND zone_id IN"
        " (SELECT id FROM zones WHERE account_id = ?)",
        *(name, account),
    )
    call.storage.scripts_revision += 1
    return succeeded(None)


_SCRIPT = "/accounts/{account_id}/workers/scripts/{script}"
ROUTES = [
    Route("GET", "/accounts/{account_id}/workers/scripts", _list),
    Route("PUT", _SCRIPT, _upload, "upload"),
    Route("GET", _SCRIPT, _content),
    Route("DELETE", _SCRIPT, delete_script),
    Route("PUT", f"{_SCRIPT}/content", _upload_content, "upload"),
    Route("GET", f"{_SCRIPT}/content/v2", _content),
]
