"""Worker scripts in the state file: a script, its versions with their modules, its deployments."""

import json
import uuid
from dataclasses import replace
from typing import cast

from rehearsal.cloudflare.runtime.script import Module, Version
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Row, Storage, new_id, now
from rehearsal.cloudflare.workers.refusals import SCRIPT_UNKNOWN, VERSION_UNKNOWN

_KEPT_VERSIONS = 100


_STORED = (
    *("main", "is_module", "bindings", "compatibility_date", "compatibility_flags", "handlers"),
    *("named_handlers", "annotations", "limits", "source", "created_on"),
)


def script_row(storage: Storage, account: str, name: str) -> Row:
    """A script's row. Raises Refused when there is no such script."""
    row = storage.one("SELECT * FROM scripts WHERE account_id = ? AND name = ?", account, name)
    if row is None:
        raise SCRIPT_UNKNOWN.because()
    return row


def script_document(storage: Storage, account: str, name: str) -> Json:
    """A script's settings that belong to no version."""
    return cast(Json, json.loads(str(script_row(storage, account, name)["document"])))


def save_document(storage: Storage, account: str, name: str, document: Json) -> None:
    """Store a script's settings that belong to no version."""
    document["modified_on"] = now()
    storage.run(
        "UPDATE scripts SET document = ? WHERE account_id = ? AND name = ?",
        *(json.dumps(document), account, name),
    )


def current_version(storage: Storage, account: str, name: str) -> Version | None:
    """The deployed version of a script; None when there is no such script."""
    row = storage.one(
        "SELECT version_id FROM scripts WHERE account_id = ? AND name = ?", account, name
    )
    return None if row is None else version(storage, account, name, str(row["version_id"]))


def version(storage: Storage, account: str, name: str, identifier: str) -> Version:
    """One version of a script. Raises Refused when there is none of this id."""
    row = storage.one(
        "SELECT * FROM versions WHERE id = ? AND account_id = ? AND script = ?",
        *(identifier, account, name),
    )
    if row is None:
        raise VERSION_UNKNOWN.because()
    modules = [
        Module(str(module["name"]), str(module["content_type"]), cast(bytes, module["content"]))
        for module in storage.all(
            "SELECT * FROM modules WHERE version_id = ? ORDER BY position", identifier
        )
    ]
    document = cast(dict[str, object], json.loads(str(row["document"])))
    number = cast(int, row["number"])
    return Version(modules=modules, id=identifier, number=number, **document)  # pyright: ignore[reportArgumentType]


def add_version(storage: Storage, account: str, name: str, draft: Version) -> str:
    """Store a version of a script, which is made if it is new; returns the version's id."""
    identifier, time = str(uuid.uuid4()), now()
    stored = {name: getattr(draft, name) for name in _STORED} | {"created_on": time}
    fresh: Json = {"id": name, "tag": new_id(), "created_on": time, "modified_on": time}
    storage.run(
        "INSERT OR IGNORE INTO scripts (account_id, name, document, version_id)"
        " VALUES (?, ?, ?, ?)",
        *(account, name, json.dumps(fresh), identifier),
    )
    last = storage.one(
        "SELECT max(number) AS number FROM versions WHERE account_id = ? AND script = ?",
        *(account, name),
    )
    number = cast(int, (last or {}).get("number") or 0) + 1
    storage.run(
        "INSERT INTO versions (id, account_id, script, number, document) VALUES (?, ?, ?, ?, ?)",
        *(identifier, account, name, number, json.dumps(stored)),
    )
    for position, module in enumerate(draft.modules):
        storage.run(
            "INSERT INTO modules (version_id, position, name, content_type, content)"
            " VALUES (?, ?, ?, ?, ?)",
            *(identifier, position, module.name, module.content_type, module.content),
        )
    storage.run(
        "DELETE FROM versions WHERE account_id = ? AND script = ? AND number <= ?"
        " AND id NOT IN (SELECT version_id FROM scripts)",
        *(account, name, number - _KEPT_VERSIONS),
    )
    return identifier


def deploy(storage: Storage, account: str, name: str, chosen: Version, annotations: Json) -> Json:
    """Make a stored version the one that runs; returns the deployment."""
    deployment: Json = {
        "id": str(uuid.uuid4()),
        "source": chosen.source,
        "strategy": "percentage",
        "author_email": "rehearsal@localhost.invalid",
        "annotations": annotations,
        "versions": [{"version_id": chosen.id, "percentage": 100}],
        "created_on": now(),
    }
    storage.run(
        "UPDATE scripts SET version_id = ? WHERE account_id = ? AND name = ?",
        *(chosen.id, account, name),
    )
    storage.run(
        "INSERT INTO deployments (id, account_id, script, position, document) SELECT"
        " ?, ?, ?, coalesce(max(position), 0) + 1, ? FROM deployments WHERE script = ?",
        *(deployment["id"], account, name, json.dumps(deployment), name),
    )
    storage.scripts_revision += 1
    return deployment


def released(storage: Storage, account: str, name: str, draft: Version) -> str:
    """Store a version and deploy it; returns its id."""
    identifier = add_version(storage, account, name, draft)
    deploy(storage, account, name, replace(draft, id=identifier), draft.annotations)
    save_document(storage, account, name, script_document(storage, account, name))
    return identifier
