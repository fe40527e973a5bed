"""Reads a kubeconfig: which server, which CA, which credentials."""

import base64
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from k8s.objects import JsonObject


class KubeconfigError(ValueError):
    """A kubeconfig that cannot be used; the message names what is missing and where."""


@dataclass(frozen=True)
class Access:
    """How to reach one cluster: its address, how to verify it and how to prove who we are."""

    server: str
    tls: ssl.SSLContext | None
    headers: dict[str, str] = field(repr=False)
    proxy: str | None


def read_kubeconfig(path_or_text: str, context: str | None = None) -> Access:
    """Access as a kubeconfig describes it.

    `path_or_text` is a path or the document itself (YAML or JSON); `context` defaults to the
    document's current context. Raises KubeconfigError.
    """
    document, folder, origin = _load(path_or_text)
    name = context or document.get("current-context")
    if not name:
        raise KubeconfigError(f"{origin}: no context is named and current-context is not set")
    chosen = _entry(document, "contexts", "context", str(name), origin)
    cluster_name = str(chosen.get("cluster") or "")
    where = _entry(document, "clusters", "cluster", cluster_name, origin)
    server = str(where.get("server") or "")
    if not server:
        raise KubeconfigError(f"{origin}: cluster {cluster_name!r} has no server")
    user_name = chosen.get("user")
    user = _entry(document, "users", "user", str(user_name), origin) if user_name else {}
    return Access(
        server=server.rstrip("/"),
        tls=_tls(where, user, folder, origin) if server.startswith("https:") else None,
        headers=_headers(user, folder, origin),
        proxy=where.get("proxy-url"),
    )


def _load(path_or_text: str) -> tuple[JsonObject, Path, str]:
    is_text = "\n" in path_or_text.strip() or path_or_text.lstrip().startswith("{")
    if is_text:
        text, folder, origin = path_or_text, Path.cwd(), "kubeconfig"
    else:
        path = Path(path_or_text).expanduser()
        try:
            text = path.read_text()
        except OSError as error:
            raise KubeconfigError(f"{path}: cannot read the kubeconfig: {error.strerror}") from None
        folder, origin = path.parent, str(path)
    try:
        document: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{origin}: not YAML: {error}") from None
    if not isinstance(document, dict):
        raise KubeconfigError(f"{origin}: not a kubeconfig: expected a mapping")
    return cast(JsonObject, document), folder, origin


def _entry(document: JsonObject, section: str, key: str, name: str, origin: str) -> JsonObject:
    entries: list[JsonObject] = document.get(section) or []
    for entry in entries:
        if entry.get("name") == name:
            return entry.get(key) or {}
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise KubeconfigError(f"{origin}: no {key} named {name!r} (there are: {known})")


def _bytes(section: JsonObject, key: str, folder: Path, origin: str) -> bytes | None:
    """The contents of `<key>-data` (base64) or of the file that `<key>` names."""
    if data := section.get(f"{key}-data"):
        try:
            return base64.b64decode(str(data), validate=True)
        except ValueError:
            raise KubeconfigError(f"{origin}: {key}-data is not base64") from None
    if file := section.get(key):
        path = folder / Path(str(file)).expanduser()
        try:
            return path.read_bytes()
        except OSError as error:
            raise KubeconfigError(
                f"{origin}: {key}: cannot read {path}: {error.strerror}"
            ) from None
    return None


def _tls(where: JsonObject, user: JsonObject, folder: Path, origin: str) -> ssl.SSLContext:
    authority = _bytes(where, "certificate-authority", folder, origin)
    try:
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"{origin}: certificate-authority is not a PEM file") from error
    if where.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = _bytes(user, "client-certificate", folder, origin)
    key = _bytes(user, "client-key", folder, origin)
    if certificate and key:
        # The ssl module reads key pairs from files only; this one is private and short-lived.
        with tempfile.NamedTemporaryFile() as pair:
            pair.write(certificate + b"\n" + key)
            pair.flush()
            context.load_cert_chain(pair.name)
    return context


def _headers(user: JsonObject, folder: Path, origin: str) -> dict[str, str]:
    if user.get("exec") or user.get("auth-provider"):
        raise KubeconfigError(
            f"{origin}: credential plugins (exec, auth-provider) are not supported"
        )
    token = user.get("token")
    if not token and user.get("tokenFile"):
        token = (_bytes(user, "tokenFile", folder, origin) or b"").decode().strip()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user.get("username"):
        pair = f"{user['username']}:{user.get('password', '')}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}
