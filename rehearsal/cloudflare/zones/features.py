"""DNSSEC and authenticated origin pulls of a zone: each a switch beside the settings."""

import base64
import hashlib
import json
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, succeeded
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import now
from rehearsal.cloudflare.zones.refusals import SETTING_VALUE
from rehearsal.cloudflare.zones.zone import zone_name

_DNSSEC, _PULLS = "dnssec", "origin_tls_client_auth"


def _read(call: Call, name: str) -> Json:
    row = call.storage.one(
        "SELECT value FROM zone_settings WHERE zone_id = ? AND id = ?",
        *(call.params["zone_id"], f"/{name}"),
    )
    return {} if row is None else cast(Json, json.loads(str(row["value"])))


def _write(call: Call, name: str, value: Json) -> None:
    # The slash keeps these apart from the settings proper.
    call.storage.run(
        "INSERT OR REPLACE INTO zone_settings (zone_id, id, value, modified_on)"
        " VALUES (?, ?, ?, ?)",
        *(call.params["zone_id"], f"/{name}", json.dumps(value), now()),
    )


def _signing_key(domain: str) -> Json:
    """What a registrar has to publish for a zone. The key is made up, and always the same."""
    key = hashlib.sha512(domain.encode()).digest()
    digest = hashlib.sha256(key).hexdigest().upper()
    tag = int.from_bytes(key[:2], "big")
    return {
        "algorithm": "13",
        "digest": digest,
        "digest_algorithm": "SHA256",
        "digest_type": "2",
        "ds": f"{domain}. 3600 IN DS {tag} 13 2 {digest}",
        "flags": 257,
        "key_tag": tag,
        "key_type": "ECDSAP256SHA256",
        "public_key": base64.b64encode(key).decode(),
    }


def _dnssec(call: Call) -> Reply:
    stored = _read(call, _DNSSEC)
    status = stored.get("status", "disabled")
    key = _signing_key(zone_name(call.storage, call.params["zone_id"]))
    document: Json = {
        **(dict.fromkeys(key) if status == "disabled" else key),
        "status": status,
        "dnssec_multi_signer": stored.get("dnssec_multi_signer", False),
        "dnssec_presigned": stored.get("dnssec_presigned", False),
        "dnssec_use_nsec3": stored.get("dnssec_use_nsec3", False),
        "modified_on": stored.get("modified_on"),
    }
    return succeeded(document)


def _edit_dnssec(call: Call) -> Reply:
    body = call.object()
    changed = _read(call, _DNSSEC) | {
        name: value for name, value in body.items() if name.startswith("dnssec_")
    }
    if "status" in body:
        if body["status"] not in ("active", "disabled"):
            raise SETTING_VALUE.because(setting="dnssec")
        # No registrar publishes the DS record here, so it stays pending.
        changed["status"] = "pending" if body["status"] == "active" else "disabled"
    changed["modified_on"] = now()
    _write(call, _DNSSEC, changed)
    return _dnssec(call)


def _delete_dnssec(call: Call) -> Reply:
    _write(call, _DNSSEC, {})
    return succeeded("")


def _pulls(call: Call) -> Reply:
    return succeeded({"enabled": _read(call, _PULLS).get("enabled", False)})


def _edit_pulls(call: Call) -> Reply:
    enabled = call.object().get("enabled")
    if not isinstance(enabled, bool):
        raise SETTING_VALUE.because(setting="origin_tls_client_auth")
    _write(call, _PULLS, {"enabled": enabled})
    return _pulls(call)


ROUTES = [
    Route("GET", "/zones/{zone_id}/dnssec", _dnssec),
    Route("PATCH", "/zones/{zone_id}/dnssec", _edit_dnssec, "json"),
    Route("DELETE", "/zones/{zone_id}/dnssec", _delete_dnssec),
    Route("GET", "/zones/{zone_id}/origin_tls_client_auth/settings", _pulls),
    Route("PUT", "/zones/{zone_id}/origin_tls_client_auth/settings", _edit_pulls, "json"),
]
