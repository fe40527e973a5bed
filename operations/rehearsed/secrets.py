"""Stand-ins for a stack's secrets: random, the same from run to run, encrypted for Pulumi."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from operations.rehearsed.certificate import self_signed
from operations.rehearsed.passphrase import Encrypter
from rehearsal.files import write_private

_CERTIFICATE = frozenset({"gateway-tls-certificate", "gateway-tls-key"})


@dataclass(frozen=True)
class StandIns:
    """Secret values of a rehearsal and what to write into its stack file."""

    values: dict[str, str]
    salt: str
    """The stack file's top-level `encryptionsalt`."""
    encrypted: dict[str, dict[str, str]]
    """The stack file's `serlo:secrets`."""


def stand_ins(
    store: Path, passphrase_file: Path, names: Iterable[str], known: Mapping[str, str], domain: str
) -> StandIns:
    """Return a value for each of `names`; those of `known` are given, the others made up.

    `store` and `passphrase_file` keep them (mode 0600); deriving Pulumi's key costs 0.3 s and is
    left out when nothing changed. `domain` goes into the gateway's certificate.
    """
    kept = _read(store)
    have = {**(kept.values if kept else {}), **known}
    wanted = sorted({*names, *known})
    missing = {name for name in wanted if name not in have}
    if missing & _CERTIFICATE:
        have |= dict(zip(sorted(_CERTIFICATE), self_signed(domain), strict=True))
        missing -= _CERTIFICATE
    have |= {name: secrets.token_urlsafe(24) for name in missing}
    values = {name: have[name] for name in wanted}
    if kept and kept.values == values and passphrase_file.is_file():
        return kept
    salt = kept.salt if kept else None
    if not passphrase_file.is_file():
        write_private(passphrase_file, secrets.token_urlsafe(32))
        salt = None
    # With the same key, what is encrypted in the stack file stays readable.
    encrypter = Encrypter(passphrase_file.read_text(), salt)
    encrypted = {name: {"secure": encrypter.encrypt(value)} for name, value in values.items()}
    new = StandIns(values, encrypter.salt, encrypted)
    write_private(store, json.dumps(vars(new)))
    return new


def set_by_hand(store: Path, encrypted: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a rehearsal's `serlo:secrets` that are not the stand-ins in `store`."""
    kept = _read(store)
    # Without the store, a new key is made, which could not read them.
    return {k: v for k, v in encrypted.items() if kept and kept.encrypted.get(k) != v}


def _read(store: Path) -> StandIns | None:
    try:
        return StandIns(**cast(dict[str, dict[str, str]], json.loads(store.read_text())))  # pyright: ignore[reportArgumentType]
    except (FileNotFoundError, ValueError, TypeError):
        return None
