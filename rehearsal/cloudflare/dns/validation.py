"""What Cloudflare accepts as a DNS record. Pure functions over one record."""

import ipaddress
import re
from collections.abc import Mapping
from typing import cast

from rehearsal.cloudflare.dns.refusals import (
    CNAME_TO_ITSELF,
    CONTENT_A,
    CONTENT_AAAA,
    CONTENT_CNAME,
    CONTENT_MX,
    CONTENT_NS,
    CONTENT_TXT,
    NOT_PROXIABLE,
    PROXY_TARGET,
    RECORD_NAME,
    RECORD_TTL,
    RECORD_VALIDATION,
)
from rehearsal.cloudflare.shapes import Json, texts

TYPES = frozenset(
    (
        *("A", "AAAA", "CAA", "CERT", "CNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR"),
        *("NS", "OPENPGPKEY", "PTR", "SMIMEA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"),
    )
)
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Ranges of private use; the ranges for documentation are allowed, as tests use them.
_NO_TARGETS = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
    )
]
_DATA_FIELDS: dict[str, tuple[str, ...]] = {
    "CAA": ("flags", "tag", "value"),
    "SRV": ("priority", "weight", "port", "target"),
}


def qualified_name(name: object, zone: str) -> str:
    """A record's full name, lower case, in ASCII. Raises Refused for what is no name."""
    if not isinstance(name, str):
        raise RECORD_NAME.because()
    try:
        # Non-ASCII labels are stored in their ASCII form.
        text = name.rstrip(".").lower().encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        raise RECORD_NAME.because() from None
    text = text.rstrip(".").lower()
    if text in ("", "@"):
        text = zone
    elif text != zone and not text.endswith(f".{zone}"):
        text = f"{text}.{zone}"
    labels = text.split(".")
    if labels[0] == "*":
        labels = labels[1:]
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise RECORD_NAME.because()
    return text


def is_hostname(text: str) -> bool:
    """Whether `text` is a host name of at least two labels."""
    labels = text.rstrip(".").lower().split(".")
    return (
        len(text) <= 254
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )


def validated(record: Mapping[str, object], zone: str) -> Json:
    """The record as it is stored. Raises Refused, with Cloudflare's code, for a wrong one.

    Args:
        record: the fields of a create or update request.
        zone: the zone's domain.
    """
    kind = record.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise RECORD_VALIDATION.because(problem=f"unknown record type {kind!r}")
    stored: Json = {"type": kind, "name": qualified_name(record.get("name"), zone)}
    _set_content(stored, record)
    if kind == "CNAME" and stored["content"] == stored["name"]:
        raise CNAME_TO_ITSELF.because()
    stored["proxiable"] = kind in PROXIABLE
    stored["proxied"] = _proxied(kind, stored, record)
    stored["ttl"] = 1 if stored["proxied"] else _ttl(record.get("ttl", 1))
    settings = record.get("settings")
    stored["settings"] = settings if isinstance(settings, dict) else {}
    stored["comment"] = record.get("comment") or None
    tags = texts(record.get("tags"))
    if tags is None:
        raise RECORD_VALIDATION.because(problem="tags must be a list of text")
    stored["tags"] = sorted(tags)
    return stored


def _set_content(stored: Json, record: Mapping[str, object]) -> None:
    kind = str(stored["type"])
    data = record.get("data")
    if isinstance(data, dict) and data:
        stored["data"] = data
        stored["content"] = _from_data(kind, cast(Json, data))
        return
    content = record.get("content")
    if not isinstance(content, str) or not content:
        if kind in _DATA_FIELDS:
            raise RECORD_VALIDATION.because(problem=f"{kind} record needs `data`")
        content = ""
    content = content.strip()
    _check_content(kind, content)
    if kind in ("CNAME", "NS", "MX", "PTR"):
        content = content.rstrip(".").lower()
    elif kind == "AAAA":
        content = str(ipaddress.IPv6Address(content))
    stored["content"] = content
    if kind in ("MX", "URI"):
        priority = record.get("priority")
        if not isinstance(priority, int) or not 0 <= priority <= 65535:
            raise RECORD_VALIDATION.because(problem="priority must be between 0 and 65535")
        stored["priority"] = priority


def _from_data(kind: str, data: Json) -> str:
    fields = _DATA_FIELDS.get(kind)
    if fields is None:
        return " ".join(str(value) for value in data.values())
    missing = [name for name in fields if data.get(name) is None]
    if missing:
        raise RECORD_VALIDATION.because(problem=f"{kind} record needs data.{missing[0]}")
    if kind == "CAA":
        return f'{data["flags"]} {data["tag"]} "{data["value"]}"'
    return " ".join(str(data[name]) for name in fields)


def _check_content(kind: str, content: str) -> None:
    if kind in ("A", "AAAA"):
        try:
            (ipaddress.IPv4Address if kind == "A" else ipaddress.IPv6Address)(content)
        except ValueError:
            raise (CONTENT_A if kind == "A" else CONTENT_AAAA).because() from None
    if kind == "CNAME" and not is_hostname(content):
        raise CONTENT_CNAME.because()
    if kind == "MX" and not is_hostname(content):
        raise CONTENT_MX.because()
    if kind == "NS" and not is_hostname(content):
        raise CONTENT_NS.because()
    if kind == "TXT" and not 0 < len(content.encode()) <= 8192:
        raise CONTENT_TXT.because()
    if not content:
        raise RECORD_VALIDATION.because(problem=f"{kind} record needs content")


def _proxied(kind: str, stored: Json, record: Mapping[str, object]) -> bool:
    proxied = record.get("proxied", False)
    if not isinstance(proxied, bool):
        raise RECORD_VALIDATION.because(problem="proxied must be true or false")
    if not proxied:
        return False
    if kind not in PROXIABLE:
        raise NOT_PROXIABLE.because()
    if kind != "CNAME":
        target = ipaddress.ip_address(str(stored["content"]))
        if any(target in network for network in _NO_TARGETS if network.version == target.version):
            raise PROXY_TARGET.because(target=target)
    return True


def _ttl(ttl: object) -> int:
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or int(ttl) != ttl:
        raise RECORD_TTL.because()
    if ttl != 1 and not 60 <= ttl <= 86400:
        raise RECORD_TTL.because()
    return int(ttl)
