"""Workers KV: the one store behind both the API and the binding that workers use.

Values expire as at Cloudflare; unlike there, a write is visible at once everywhere.
"""

import base64
import binascii
import json
import math
import time
from dataclasses import dataclass
from typing import cast

from rehearsal.cloudflare.kv.refusals import (
    KEY_INVALID,
    KEY_TOO_LONG,
    KV_EXPIRATION,
    METADATA_TOO_LARGE,
    VALUE_TOO_LARGE,
)
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Storage

LEAST_TTL = 60
MOST_LISTED = 1000
_MOST_KEY, _MOST_METADATA, _MOST_VALUE = 512, 1024, 25 * 1024 * 1024


@dataclass(frozen=True)
class StoredValue:
    """A stored value; `expiration` in seconds since the epoch, `metadata` as JSON text."""

    value: bytes
    expiration: int | None
    metadata: str | None


@dataclass(frozen=True)
class Listing:
    """Some keys, in order, and the cursor of the next ones (empty at the end)."""

    keys: list[tuple[str, int | None, str | None]]
    cursor: str


def check_key(key: str) -> None:
    """Raise Refused for a name that no key may have."""
    if not key:
        raise KEY_INVALID.because(problem="Key names must not be empty")
    if key in (".", ".."):
        raise KEY_INVALID.because(problem=f'Illegal key name "{key}". Please use a different name.')
    length = len(key.encode())
    if length > _MOST_KEY:
        raise KEY_TOO_LONG.because(length=length)


def expires_at(expiration: object, ttl: object) -> int | None:
    """The time at which a value written now expires; None for never.

    Args:
        expiration: seconds since the epoch, as text or number, or None.
        ttl: seconds from now, as text or number, or None; it wins over `expiration`.

    Raises Refused for what is no whole number or less than 60 seconds ahead.
    """
    now = int(time.time())
    if ttl is not None:
        seconds = _whole(ttl)
        if seconds is None or seconds <= 0:
            problem = f"Invalid expiration_ttl of {ttl}. Please specify integer greater than 0."
            raise KV_EXPIRATION.because(problem=problem)
        if seconds < LEAST_TTL:
            problem = f"Invalid expiration_ttl of {ttl}. Expiration TTL must be at least 60."
            raise KV_EXPIRATION.because(problem=problem)
        return now + seconds
    if expiration is None:
        return None
    moment = _whole(expiration)
    if moment is None or moment <= now:
        problem = (
            f"Invalid expiration of {expiration}. Please specify integer greater than the current "
            "number of seconds since the UNIX epoch."
        )
        raise KV_EXPIRATION.because(problem=problem)
    if moment < now + LEAST_TTL:
        problem = (
            f"Invalid expiration of {expiration}. Expiration times must be at least 60 seconds in "
            "the future."
        )
        raise KV_EXPIRATION.because(problem=problem)
    return moment


def _whole(value: object) -> int | None:
    try:
        number = float(cast(str, value))
    except (TypeError, ValueError):
        return None
    return int(number) if math.isfinite(number) and number == int(number) else None


def put(
    storage: Storage,
    namespace: str,
    key: str,
    value: bytes,
    *,
    expiration: int | None,
    metadata: str | None,
) -> None:
    """Store a value. Raises Refused when key, value or metadata break Cloudflare's limits."""
    check_key(key)
    if len(value) > _MOST_VALUE:
        raise VALUE_TOO_LARGE.because(length=len(value))
    if metadata is not None and len(metadata.encode()) > _MOST_METADATA:
        raise METADATA_TOO_LARGE.because(length=len(metadata.encode()))
    storage.run(
        "INSERT INTO kv_values (namespace_id, key, value, expiration, metadata)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (namespace_id, key) DO UPDATE SET"
        " value = excluded.value, expiration = excluded.expiration, metadata = excluded.metadata",
        *(namespace, key, value, expiration, metadata),
    )


def get(storage: Storage, namespace: str, key: str) -> StoredValue | None:
    """The value of a key, None when there is none or it has expired."""
    check_key(key)
    row = storage.one(
        "SELECT value, expiration, metadata FROM kv_values WHERE namespace_id = ? AND key = ?"
        " AND (expiration IS NULL OR expiration > ?)",
        *(namespace, key, time.time()),
    )
    if row is None:
        return None
    return StoredValue(
        cast(bytes, row["value"]),
        cast(int | None, row["expiration"]),
        cast(str | None, row["metadata"]),
    )


def delete(storage: Storage, namespace: str, key: str) -> None:
    """Remove a key; one that is not there is no error."""
    check_key(key)
    storage.run("DELETE FROM kv_values WHERE namespace_id = ? AND key = ?", namespace, key)


def listing(storage: Storage, namespace: str, prefix: str, limit: int, cursor: str) -> Listing:
    """Up to `limit` keys that begin with `prefix`, in the order of their UTF-8 bytes."""
    try:
        after = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise KEY_INVALID.because(problem="invalid cursor") from None
    rows = storage.all(
        "SELECT key, expiration, metadata FROM kv_values WHERE namespace_id = ? AND key > ?"
        " AND substr(key, 1, length(?)) = ? AND (expiration IS NULL OR expiration > ?)"
        " ORDER BY key LIMIT ?",
        *(namespace, after, prefix, prefix, time.time(), limit + 1),
    )
    keys = [
        (
            str(row["key"]),
            cast(int | None, row["expiration"]),
            cast(str | None, row["metadata"]),
        )
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    return Listing(keys, base64.urlsafe_b64encode(keys[-1][0].encode()).decode() if more else "")


def described(key: tuple[str, int | None, str | None]) -> Json:
    """A listed key as the API shows it."""
    name, expiration, metadata = key
    document: Json = {"name": name}
    if expiration is not None:
        document["expiration"] = expiration
    if metadata is not None:
        document["metadata"] = json.loads(metadata)
    return document
