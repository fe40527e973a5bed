"""Encrypt values for a Pulumi stack file, as the passphrase secrets provider does.

The CLI offers the same only through its arguments, which every user of the machine can read in
the process list, or one value per call at 0.6 s each. The format is that of Pulumi's
config/crypt.go and secrets/passphrase (AES-256-GCM, PBKDF2-SHA256 with 1,000,000 rounds).
"""

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ROUNDS = 1_000_000
_CHECK_TEXT = "pulumi"


class Encrypter:
    """Encrypts for one stack file; `salt` is its top-level `encryptionsalt`."""

    def __init__(self, passphrase: str, salt: str | None = None) -> None:
        """Derive the key (about 0.3 s). Raises ValueError for a salt of an unknown format."""
        raw = secrets.token_bytes(8) if salt is None else _salt_bytes(salt)
        key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), raw, _ROUNDS, 32)
        self._cipher = AESGCM(key)
        self.salt = salt or f"v1:{_text(raw)}:{self.encrypt(_CHECK_TEXT)}"

    def encrypt(self, plain: str) -> str:
        """Return the value for a `secure:` key."""
        nonce = secrets.token_bytes(12)
        return f"v1:{_text(nonce)}:{_text(self._cipher.encrypt(nonce, plain.encode(), None))}"


def _salt_bytes(salt: str) -> bytes:
    version, encoded, *_ = salt.split(":")
    if version != "v1":
        raise ValueError(f"encryptionsalt of version {version!r}, this code knows v1")
    return base64.b64decode(encoded)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
