"""The SQLite file: its tables, its transactions, and the statements on them.

What a transaction has written is on disk when it ends: the file is in WAL mode with
`synchronous=FULL`, so every commit is flushed before it is acknowledged, and one that a crash cut
off never was.
"""

import secrets
import sqlite3
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from json import loads
from pathlib import Path

from rehearsal.state_service.journal import Json, dumps, empty, items, mapping

CHECKPOINTS_KEPT = 20  # of each stack, for `pulumi stack export --version`
HISTORY_KEPT = 200  # updates of each stack, for `pulumi stack history`

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stacks (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, tags TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0, active_update TEXT NOT NULL DEFAULT '',
    UNIQUE (project, name)
) STRICT;
CREATE TABLE IF NOT EXISTS updates (
    id TEXT PRIMARY KEY, stack INTEGER NOT NULL REFERENCES stacks ON DELETE CASCADE,
    kind TEXT NOT NULL, writes INTEGER NOT NULL, status TEXT NOT NULL, version INTEGER NOT NULL,
    token_hash TEXT NOT NULL DEFAULT '', lease_expires REAL NOT NULL DEFAULT 0,
    pid INTEGER, process_started INTEGER, cli_version TEXT NOT NULL,
    program TEXT NOT NULL, started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,
    changes TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE IF NOT EXISTS checkpoints (
    stack INTEGER NOT NULL REFERENCES stacks ON DELETE CASCADE, version INTEGER NOT NULL,
    deployment BLOB NOT NULL, resources INTEGER NOT NULL, PRIMARY KEY (stack, version)
) STRICT;
CREATE TABLE IF NOT EXISTS journal (
    update_id TEXT NOT NULL REFERENCES updates ON DELETE CASCADE, sequence INTEGER NOT NULL,
    entry TEXT NOT NULL, PRIMARY KEY (update_id, sequence)
) STRICT, WITHOUT ROWID;
"""


class StateError(Exception):
    """A request that cannot be granted: an HTTP status code and what to tell the person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Stack:
    """A stack as stored: `active_update` is the id of its latest update, "" before the first."""

    number: int
    project: str
    name: str
    tags: Json
    version: int
    active_update: str


class Database:
    """The file at `path`, created if there is none. For one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of the statements inside, or none of them."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def execute(self, statement: str, *values: object) -> None:
        """Run a statement that returns nothing."""
        self._connection.execute(statement, values)

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """The rows that a statement returns."""
        return self._connection.execute(statement, values).fetchall()

    def insert_stack(self, project: str, name: str, tags: Json) -> int:
        """Add a stack; its number."""
        cursor = self._connection.execute(
            "INSERT INTO stacks (project, name, tags) VALUES (?, ?, ?)",
            (project, name, dumps(tags)),
        )
        return cursor.lastrowid or 0

    def find_stack(self, project: str, name: str) -> Stack | None:
        """The stack of this name, if there is one."""
        rows = self.rows("SELECT * FROM stacks WHERE project = ? AND name = ?", project, name)
        for row in rows:
            tags: Json = loads(row["tags"])
            return Stack(row["id"], project, name, tags, row["version"], row["active_update"])
        return None

    def update(self, stack: Stack, identifier: str) -> sqlite3.Row:
        """The row of an update of the stack. StateError 404 if there is none."""
        rows = self.rows(
            "SELECT * FROM updates WHERE id = ? AND stack = ?", identifier, stack.number
        )
        if not rows:
            raise StateError(404, f"Not Found: Update '{identifier}' not found")
        return rows[0]

    def insert_update(
        self, stack: Stack, kind: str, *, writes: bool, program: Json, cli_version: str
    ) -> str:
        """Add an update that has not started, forget the oldest ones; its id."""
        self.execute(
            "DELETE FROM updates WHERE stack = ? AND id != ? AND id NOT IN"
            " (SELECT id FROM updates WHERE stack = ? ORDER BY rowid DESC LIMIT ?)",
            stack.number,
            stack.active_update,
            stack.number,
            HISTORY_KEPT,
        )
        identifier = secrets.token_hex(16)
        self.execute(
            "INSERT INTO updates (id, stack, kind, writes, status, version, cli_version, program)"
            " VALUES (?, ?, ?, ?, 'not started', 0, ?, ?)",
            identifier,
            stack.number,
            kind,
            writes,
            cli_version,
            dumps(program),
        )
        return identifier

    def append(self, identifier: str, entries: list[Json]) -> None:
        """Append to the update's journal. Entries that are there already are left as they are."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO journal VALUES (?, ?, ?)",
            [(identifier, entry["sequenceID"], dumps(entry)) for entry in entries],
        )

    def entries(self, identifier: str) -> list[Json]:
        """The update's journal, in order."""
        rows = self.rows(
            "SELECT entry FROM journal WHERE update_id = ? ORDER BY sequence", identifier
        )
        return [loads(row["entry"]) for row in rows]

    def checkpoint(self, stack: Stack, version: int | None = None) -> bytes:
        """The untyped deployment, as JSON, of the newest checkpoint; of that until `version`."""
        if version is not None and not 0 < version <= stack.version:
            raise StateError(404, f"Not Found: '{stack.name}' has no version {version}")
        rows = self.rows(
            "SELECT deployment FROM checkpoints WHERE stack = ? AND version <= ?"
            " ORDER BY version DESC LIMIT 1",
            stack.number,
            stack.version if version is None else version,
        )
        if rows:
            return zlib.decompress(rows[0]["deployment"])
        if version is not None:
            raise StateError(404, f"Not Found: version {version} is older than what is kept")
        return dumps(empty()).encode()

    def save_checkpoint(self, stack: int, version: int, state: Json) -> None:
        """Keep an untyped deployment as what the stack is at `version`."""
        resources = len(items(mapping(state, "deployment"), "resources"))
        self.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
            stack,
            version,
            zlib.compress(dumps(state).encode(), 1),
            resources,
        )
        self.execute(
            "DELETE FROM checkpoints WHERE stack = ? AND version <= ?",
            stack,
            version - CHECKPOINTS_KEPT,
        )
