"""What terraform-provider-cloudflare reads of each answer, on which pulumi-cloudflare is built.

Taken from the JSON tags of the Go structs at a2efdc57 (v5.22.0, July 2026), one file for each
product: `internal/services/<product>/model.go`. Left out are fields that only other kinds of
objects have, such as the data of an SRV record.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

Kind = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def mapping(value: Any) -> bool:
    return isinstance(value, dict)


def anything(value: Any) -> bool:
    return value is not None


def time(value: Any) -> bool:
    """RFC 3339 with a zone: the provider refuses anything else."""
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def maybe(kind: Kind) -> Kind:
    """A field that Cloudflare leaves out, or answers null for."""
    return lambda value: value is None or kind(value)


def every(kind: Kind | Mapping[str, Any]) -> Kind:
    """A list of such elements."""

    def is_list(value: Any) -> bool:
        if not isinstance(value, list):
            return False
        elements = cast("list[Any]", value)
        if callable(kind):
            return all(kind(element) for element in elements)
        return not any(problem for element in elements for problem in problems(kind, element))

    return is_list


Fields = Mapping[str, Kind]

ZONE_SETTING: Fields = {
    "value": anything,
    "editable": flag,
    "modified_on": maybe(time),
    "enabled": maybe(flag),
    "time_remaining": maybe(number),
}

ZONE_DNSSEC: Fields = {
    "status": text,
    "dnssec_multi_signer": flag,
    "dnssec_presigned": flag,
    "dnssec_use_nsec3": flag,
    "algorithm": text,
    "digest": text,
    "digest_algorithm": text,
    "digest_type": text,
    "ds": text,
    "flags": number,
    "key_tag": number,
    "key_type": text,
    "public_key": text,
    "modified_on": time,
}

DNS_RECORD: Fields = {
    "id": text,
    "name": text,
    "type": text,
    "content": text,
    "ttl": number,
    "proxied": flag,
    "proxiable": flag,
    "comment": maybe(text),
    "comment_modified_on": maybe(time),
    "tags": every(text),
    "tags_modified_on": maybe(time),
    "settings": mapping,
    "meta": mapping,
    "priority": maybe(number),
    "private_routing": maybe(flag),
    "created_on": time,
    "modified_on": time,
}

RULESET: Fields = {
    "id": text,
    "kind": text,
    "name": text,
    "phase": text,
    "description": text,
    "version": text,
    "last_updated": time,
    "rules": every(
        {
            "id": text,
            "ref": text,
            "action": text,
            "expression": text,
            "enabled": flag,
            "description": maybe(text),
            "action_parameters": maybe(mapping),
            "exposed_credential_check": maybe(mapping),
            "logging": maybe(mapping),
            "ratelimit": maybe(mapping),
        }
    ),
}

WORKERS_ROUTE: Fields = {"id": text, "pattern": text, "script": maybe(text)}

WORKERS_KV_NAMESPACE: Fields = {"id": text, "title": text, "supports_url_encoding": flag}

# Of an upload, and of `default_environment.script` of a service.
WORKERS_SCRIPT: Fields = {
    "created_on": time,
    "modified_on": time,
    "etag": text,
    "has_assets": flag,
    "has_modules": flag,
    "last_deployed_from": text,
    "migration_tag": maybe(text),
    "placement_mode": maybe(text),
    "placement_status": maybe(text),
    "startup_time_ms": maybe(number),
    "handlers": every(text),
    "named_handlers": every({"name": text, "handlers": every(text)}),
}

# WorkersScriptMetadataModel, of the settings. `resource.go` reads `placement.mode` unasked.
WORKERS_SCRIPT_SETTINGS: Fields = {
    "bindings": every(
        {"name": text, "type": text, "namespace_id": maybe(text), "text": maybe(text)}
    ),
    "compatibility_date": text,
    "compatibility_flags": every(text),
    "usage_model": text,
    "logpush": flag,
    "placement": mapping,
    "tail_consumers": maybe(every({"service": text})),
    "limits": maybe(mapping),
    "observability": maybe(mapping),
}


def problems(fields: Fields, answer: Any) -> Iterator[str]:
    """Each field of an answer that the provider could not read."""
    for name, kind in fields.items():
        value = cast("dict[str, Any]", answer).get(name)
        if not kind(value):
            yield f"{name}: {value!r}"
