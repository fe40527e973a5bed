"""The emulator's state: one SQLite file, written before anything is acknowledged.

One connection, used by one thread: handlers do not interleave inside a transaction. In WAL mode a
committed transaction survives the process being killed.
"""

import sqlite3
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

Row = dict[str, object]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS zones (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0, created_on TEXT NOT NULL, modified_on TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dns_records (
    id TEXT PRIMARY KEY, zone_id TEXT NOT NULL REFERENCES zones ON DELETE CASCADE,
    type TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS dns_records_by_name ON dns_records (name);
CREATE TABLE IF NOT EXISTS zone_settings (
    zone_id TEXT NOT NULL REFERENCES zones ON DELETE CASCADE, id TEXT NOT NULL,
    value TEXT NOT NULL, modified_on TEXT NOT NULL, PRIMARY KEY (zone_id, id));
CREATE TABLE IF NOT EXISTS rulesets (
    id TEXT PRIMARY KEY, zone_id TEXT NOT NULL REFERENCES zones ON DELETE CASCADE,
    phase TEXT NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scripts (
    account_id TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
    version_id TEXT NOT NULL, PRIMARY KEY (account_id, name));
CREATE TABLE IF NOT EXISTS versions (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL, script TEXT NOT NULL, number INTEGER NOT NULL,
    document TEXT NOT NULL,
    FOREIGN KEY (account_id, script) REFERENCES scripts (account_id, name) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS modules (
    version_id TEXT NOT NULL REFERENCES versions ON DELETE CASCADE, position INTEGER NOT NULL,
    name TEXT NOT NULL, content_type TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (version_id, position));
CREATE TABLE IF NOT EXISTS deployments (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL, script TEXT NOT NULL, position INTEGER NOT NULL,
    document TEXT NOT NULL,
    FOREIGN KEY (account_id, script) REFERENCES scripts (account_id, name) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS routes (
    id TEXT PRIMARY KEY, zone_id TEXT NOT NULL REFERENCES zones ON DELETE CASCADE,
    pattern TEXT NOT NULL, script TEXT, UNIQUE (zone_id, pattern));
CREATE TABLE IF NOT EXISTS kv_namespaces (
    id TEXT PRIMARY KEY, account_id TEXT NOT NULL, title TEXT NOT NULL,
    UNIQUE (account_id, title));
CREATE TABLE IF NOT EXISTS kv_values (
    namespace_id TEXT NOT NULL REFERENCES kv_namespaces ON DELETE CASCADE, key TEXT NOT NULL,
    value BLOB NOT NULL, expiration INTEGER, metadata TEXT, PRIMARY KEY (namespace_id, key));
CREATE TABLE IF NOT EXISTS audit (
    position INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL,
    actor TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, status INTEGER NOT NULL,
    detail TEXT NOT NULL);
"""


class Storage:
    """The state file; see the module's docstring."""

    def __init__(self, path: Path) -> None:
        """Open or create `path` (mode 0600)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)
        self.scripts_revision = 0
        """Grows with every change of scripts, their bindings or routes; starts at 0 per process."""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All writes inside are committed together, or none on an exception. May be nested."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def all(self, statement: str, *values: object) -> list[Row]:
        """The rows of a SELECT."""
        rows = self._connection.execute(statement, cast(tuple[str, ...], values)).fetchall()
        return [dict(cast(sqlite3.Row, row)) for row in rows]

    def one(self, statement: str, *values: object) -> Row | None:
        """The first row of a SELECT, or None."""
        row = self._connection.execute(statement, cast(tuple[str, ...], values)).fetchone()
        return None if row is None else dict(cast(sqlite3.Row, row))

    def run(self, statement: str, *values: object) -> int:
        """Run a writing statement; returns how many rows it touched."""
        return self._connection.execute(statement, cast(tuple[str, ...], values)).rowcount

    def audit(
        self, kind: str, actor: str, request: tuple[str, str], status: int, detail: str = ""
    ) -> None:
        """Add one line to the audit table; `request` is method and target."""
        self.run(
            "INSERT INTO audit (at, kind, actor, method, target, status, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(now(), kind, actor, *request, status, detail),
        )


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def now() -> str:
    """The time as Cloudflare writes it: UTC, microseconds, Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
