"""The rules: what may happen to a stack, and what its state is at any moment.

A stack's state is its newest checkpoint and, while an update runs, the entries that the update's
engine has appended to the journal. When the update ends, is cancelled, or is found abandoned, the
journal is replayed into a new checkpoint; what an engine was told is stored is never lost.
"""

import secrets
import sqlite3
import time
from dataclasses import dataclass
from hashlib import sha256
from json import loads
from pathlib import Path

from rehearsal.state_service import processes
from rehearsal.state_service.database import Database, Stack, StateError
from rehearsal.state_service.journal import Json, dumps, items, mapping, replay
from rehearsal.state_service.processes import Process

LEASE_SECONDS = 300  # what the CLI assumes; it renews at half time


@dataclass(frozen=True)
class StackSummary:
    """A stack in a list: start of its latest update (Unix, 0: none), number of its resources."""

    project: str
    name: str
    last_update: int
    resources: int


@dataclass(frozen=True)
class Lease:
    """The right to write one update: the stack's version once it ends, a token, its end (Unix)."""

    version: int
    token: str
    expires: int


class Store:
    """The states of all stacks in the file `path`. For one thread.

    Every method may raise StateError: 404 for what is not there, 409 for what is in the way, 403
    for an update that has ended or whose token is another.
    """

    def __init__(self, path: Path) -> None:
        self._db = Database(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # Stacks

    def stacks(self) -> list[StackSummary]:
        """Every stack, in the order of project and name."""
        rows = self._db.rows(
            "SELECT project, name,"
            " (SELECT max(started) FROM updates u WHERE u.stack = s.id) AS started,"
            " (SELECT resources FROM checkpoints c WHERE c.stack = s.id"
            "  ORDER BY version DESC LIMIT 1) AS resources FROM stacks s ORDER BY project, name"
        )
        return [
            StackSummary(row["project"], row["name"], row["started"] or 0, row["resources"] or 0)
            for row in rows
        ]

    def stack(self, project: str, name: str) -> Stack:
        """The stack."""
        stack = self._db.find_stack(project, name)
        if stack is None:
            raise StateError(404, f"Not Found: Stack '{project}/{name}' not found")
        return stack

    def has_project(self, project: str) -> bool:
        """Whether any stack belongs to the project."""
        return any(summary.project == project for summary in self.stacks())

    def create_stack(self, project: str, name: str, tags: Json, state: Json | None) -> None:
        """Create a stack, with `state` (an untyped deployment) if given."""
        with self._db.transaction():
            self._refuse_name_in_use(project, name)
            number = self._db.insert_stack(project, name, tags)
            if state:
                self._db.save_checkpoint(number, 0, state)

    def set_tags(self, stack: Stack, tags: Json) -> None:
        """Replace the stack's tags."""
        self._db.execute("UPDATE stacks SET tags = ? WHERE id = ?", dumps(tags), stack.number)

    def delete_stack(self, stack: Stack, *, force: bool) -> None:
        """Delete the stack and its history; one with resources only by `force`."""
        with self._db.transaction():
            self._refuse_if_updating(stack)
            deployment = mapping(loads(self.export(stack)), "deployment")
            if items(deployment, "resources") and not force:
                # The CLI knows this sentence.
                raise StateError(400, "Bad Request: Stack still contains resources.")
            self._db.execute("DELETE FROM stacks WHERE id = ?", stack.number)

    def export(self, stack: Stack, version: int | None = None) -> bytes:
        """The untyped deployment as JSON: now, or as the update to `version` left it."""
        checkpoint = self._db.checkpoint(stack, version)
        entries = [] if version is not None else self._db.entries(stack.active_update)
        if not entries:
            return checkpoint
        update = self._db.update(stack, stack.active_update)
        return dumps(replay(loads(checkpoint), entries, update["cli_version"])).encode()

    def import_state(self, stack: Stack, state: Json) -> str:
        """Make `state` (an untyped deployment) the stack's state; the id of the update it was."""
        with self._db.transaction():
            self._refuse_if_updating(stack)
            self._settle(stack)
            identifier = self._db.insert_update(
                stack, "import", writes=True, program={}, cli_version=""
            )
            now, version = int(time.time()), stack.version + 1
            self._db.execute(
                "UPDATE updates SET status = 'succeeded', version = ?, started = ?, ended = ?"
                " WHERE id = ?",
                version,
                now,
                now,
                identifier,
            )
            self._advance(stack, version, identifier, stack.tags)
            self._db.save_checkpoint(stack.number, version, state)
        return identifier

    # Updates

    def create_update(
        self, stack: Stack, kind: str, *, writes: bool, program: Json, cli_version: str
    ) -> str:
        """Note that an update was asked for; its id."""
        with self._db.transaction():
            return self._db.insert_update(
                stack, kind, writes=writes, program=program, cli_version=cli_version
            )

    def start_update(
        self, stack: Stack, identifier: str, tags: Json | None, process: Process | None
    ) -> Lease:
        """Begin the update on behalf of `process`. Only one that writes needs the stack alone."""
        token = secrets.token_urlsafe(32)
        with self._db.transaction():
            update = self._db.update(stack, identifier)
            if update["status"] != "not started":
                raise StateError(409, f"Conflict: update {identifier} was started before")
            version = stack.version
            if update["writes"]:
                self._refuse_if_updating(stack)
                self._settle(stack)
                version += 1
                self._advance(stack, version, identifier, stack.tags if tags is None else tags)
            lease = _lease(version, token)
            self._db.execute(
                "UPDATE updates SET status = 'running', version = ?, token_hash = ?,"
                " lease_expires = ?, pid = ?, process_started = ?, started = ? WHERE id = ?",
                version,
                _hash(token),
                lease.expires,
                process and process.pid,
                process and process.started,
                int(time.time()),
                identifier,
            )
        return lease

    def renew_lease(self, stack: Stack, identifier: str, token: str) -> Lease:
        """Extend the lease from now on."""
        update = self._owned(stack, identifier, token)
        lease = _lease(update["version"], token)
        self._db.execute(
            "UPDATE updates SET lease_expires = ? WHERE id = ?", lease.expires, identifier
        )
        return lease

    def append(self, stack: Stack, identifier: str, token: str, entries: list[Json]) -> None:
        """Append to the update's journal; repeating it, as after a lost answer, changes nothing."""
        with self._db.transaction():
            self._owned(stack, identifier, token)
            self._db.append(identifier, entries)

    def save_checkpoint(self, stack: Stack, identifier: str, token: str, state: Json) -> None:
        """Replace the whole state, for an engine that keeps no journal."""
        with self._db.transaction():
            update = self._owned(stack, identifier, token)
            self._db.save_checkpoint(stack.number, update["version"], state)

    def record_changes(self, stack: Stack, identifier: str, token: str, changes: Json) -> None:
        """Note what the update did: operation → number of resources."""
        self._owned(stack, identifier, token)
        self._db.execute("UPDATE updates SET changes = ? WHERE id = ?", dumps(changes), identifier)

    def complete_update(self, stack: Stack, identifier: str, token: str, status: str) -> None:
        """End the update as `status`; repeating it, as after a lost answer, changes nothing."""
        with self._db.transaction():
            update = self._db.update(stack, identifier)
            if update["status"] == status and _matches(update, token):
                return
            self._owned(stack, identifier, token)
            self._end(stack, update, status)

    def cancel_update(self, stack: Stack, identifier: str) -> None:
        """End the update for its engine, which can append nothing from here on."""
        with self._db.transaction():
            update = self._db.update(stack, identifier)
            if update["status"] not in ("running", "not started"):
                raise StateError(
                    409, f"Conflict: the update has ended already ({update['status']})"
                )
            self._end(stack, update, "cancelled")

    def update_status(self, stack: Stack, identifier: str) -> str:
        """The update's status in the words of the API."""
        return self._db.update(stack, identifier)["status"]

    def history(self, stack: Stack, page_size: int, page: int) -> list[Json]:
        """The updates that changed the stack, newest first; a `page_size` of 0 means all."""
        rows = self._db.rows(
            "SELECT * FROM updates WHERE stack = ? AND writes AND status != 'not started'"
            " ORDER BY version DESC LIMIT ? OFFSET ?",
            stack.number,
            page_size or -1,
            max(page - 1, 0) * page_size,
        )
        return [_history(row) for row in rows]

    def current_operation(self, stack: Stack) -> Json | None:
        """What is running on the stack, if anything is."""
        update = self._running(stack)
        if update is None:
            return None
        return {"kind": update["kind"], "author": "", "started": update["started"]}

    # Inside

    def _owned(self, stack: Stack, identifier: str, token: str) -> sqlite3.Row:
        """The running update, for the engine that holds its token."""
        update = self._db.update(stack, identifier)
        if update["status"] != "running" or not _matches(update, token):
            raise StateError(
                403, f"this update has ended ({update['status']}): it was cancelled or taken over"
            )
        return update

    def _running(self, stack: Stack) -> sqlite3.Row | None:
        """The update that holds the stack: its engine lives, or may live as far as we know."""
        if not stack.active_update:
            return None
        update = self._db.update(stack, stack.active_update)
        if update["status"] != "running":
            return None
        if update["pid"] is None:
            alive = update["lease_expires"] > time.time()
        else:
            process = Process(update["pid"], update["process_started"])
            alive = processes.running(process.pid) == process
        return update if alive else None

    def _refuse_if_updating(self, stack: Stack) -> None:
        update = self._running(stack)
        if update is not None:
            process = f" by process {update['pid']}" if update["pid"] else ""
            raise StateError(
                409,
                f"Conflict: another {update['kind']} of '{stack.name}' is in progress{process};"
                " wait for it, or end it for good with `pulumi cancel`",
            )

    def _refuse_name_in_use(self, project: str, name: str) -> None:
        if self._db.find_stack(project, name) is not None:
            # The CLI looks for "already exists".
            raise StateError(409, f"Stack '{name}' already exists in project '{project}'")

    def _advance(self, stack: Stack, version: int, update: str, tags: Json) -> None:
        self._db.execute(
            "UPDATE stacks SET version = ?, active_update = ?, tags = ? WHERE id = ?",
            version,
            update,
            dumps(tags),
            stack.number,
        )

    def _settle(self, stack: Stack) -> None:
        """End the stack's latest update, if its engine never did: it failed."""
        if stack.active_update:
            update = self._db.update(stack, stack.active_update)
            if update["status"] == "running":
                self._end(stack, update, "failed")

    def _end(self, stack: Stack, update: sqlite3.Row, status: str) -> None:
        entries = self._db.entries(update["id"])
        if entries:
            state = replay(loads(self._db.checkpoint(stack)), entries, update["cli_version"])
            self._db.save_checkpoint(stack.number, update["version"], state)
            self._db.execute("DELETE FROM journal WHERE update_id = ?", update["id"])
        self._db.execute(
            "UPDATE updates SET status = ?, ended = ? WHERE id = ?",
            status,
            int(time.time()),
            update["id"],
        )


def _lease(version: int, token: str) -> Lease:
    return Lease(version, token, int(time.time()) + LEASE_SECONDS)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _matches(update: sqlite3.Row, token: str) -> bool:
    return secrets.compare_digest(update["token_hash"], _hash(token))


def _history(row: sqlite3.Row) -> Json:
    program: Json = loads(row["program"])
    metadata = mapping(program, "metadata")
    result = {"running": "in-progress", "succeeded": "succeeded"}.get(row["status"], "failed")
    return {
        "kind": row["kind"],
        "startTime": row["started"],
        "message": metadata.get("message") or "",
        "environment": mapping(metadata, "environment"),
        "config": mapping(program, "config"),
        "result": result,
        "endTime": row["ended"],
        "version": row["version"],
        "resourceChanges": loads(row["changes"]),
    }
