"""Records, routes, settings and the worker: what leads visitors to us, and how."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from infra.cluster.origin_auth import HEADER
from operations.review.comparing import Comparison, FieldChange, Operation, ResourceChange
from operations.review.dangers.danger import Danger, DangerKind

_UNSEEN = ("comment", "tags")
_WHY = {
    "ZoneSetting": "every host of the zone is concerned at once",
    "ZoneDnssec": "resolvers that check signatures find no host while the registrar's key is wrong",
    "Ruleset": "requests are limited or cached by other rules than before",
}
_STRICT_TRANSPORT = "security_header"
_CODE = ("modules", "compatibilityDate", "compatibilityFlags", "mainModule")


def edge_dangers(comparison: Comparison) -> Iterator[Danger]:
    """What changes on the way of a request, other than the table's answers."""
    for change in comparison.changes:
        kind = change.resource.kind
        if change.operation is Operation.UPDATE and kind in ("DnsRecord", "WorkersRoute"):
            yield from _led_elsewhere(change)
        elif change.operation is Operation.CREATE and kind == "WorkersRoute":
            yield from _new_route(change)
        elif kind in _WHY and change.operation in (Operation.UPDATE, Operation.CREATE):
            yield from _zone(change)
        elif kind == "WorkersScript":
            yield from _worker(change)
        elif kind == "Gateway" and change.operation is Operation.UPDATE:
            yield from _gateway(change)
        elif kind == "HTTPRoute" and change.before and change.after:
            yield from _route(change)


def _led_elsewhere(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    said = [field for field in change.fields if field.path not in _UNSEEN]
    for field in said:
        if resource.kind == "DnsRecord":
            kind, why = DangerKind.RECORD, "visitors are led elsewhere, at once since it is proxied"
            if not resource.properties.get("proxied"):
                why = "visitors go past Cloudflare and the worker, and see the address behind it"
        else:
            kind, why = DangerKind.ROUTE, "other requests pass the worker than before"
        yield Danger(kind, _changed(field), resource.label, why)


def _new_route(change: ResourceChange) -> Iterator[Danger]:
    properties = change.resource.properties
    script = properties.get("script")
    why = "its requests go past the worker, table and all" if script is None else "they pass it now"
    what = f"{properties['pattern']} leads to {script or 'no worker'}"
    yield Danger(DangerKind.ROUTE, what, change.resource.label, why)


def _zone(change: ResourceChange) -> Iterator[Danger]:
    resource = change.resource
    why = _WHY[resource.kind]
    if resource.properties.get("settingId") == _STRICT_TRANSPORT:
        why = "browsers keep to it as long as they were told; nothing takes it back sooner"
    if change.operation is Operation.CREATE:
        yield Danger(DangerKind.ZONE, f"{resource.label} is new", resource.label, why)
    for field in change.fields:
        yield Danger(DangerKind.ZONE, f"{resource.label}: {_changed(field)}", resource.label, why)


def _worker(change: ResourceChange) -> Iterator[Danger]:
    if change.before is None or change.after is None:
        return
    code = [field.path for field in change.fields if field.path.startswith(_CODE)]
    if code:
        yield Danger(
            DangerKind.WORKER,
            f"its code or runtime: {', '.join(path.removeprefix('modules.') for path in code)}",
            change.resource.label,
            "every request passes it; the answers named here are those of the table alone",
        )


def _gateway(change: ResourceChange) -> Iterator[Danger]:
    for field in change.fields:
        if field.path.startswith(("spec.addresses", "spec.listeners")):
            yield Danger(
                DangerKind.ROUTE,
                _changed(field),
                change.resource.label,
                "requests for every host come in here, or not at all",
            )


def _route(change: ResourceChange) -> Iterator[Danger]:
    before, after = cast(tuple[Any, Any], (change.before, change.after))
    old, new = (_hosts(side.properties) for side in (before, after))
    for host in sorted(old - new):
        yield Danger(
            DangerKind.ROUTE,
            f"{host} is no longer led to it",
            change.resource.label,
            "the gateway answers 404 unless another route has the host",
        )
    for host in sorted(new - old):
        yield Danger(
            DangerKind.ROUTE,
            f"{host} is led to it",
            change.resource.label,
            "if another route has the host too, the older one wins",
        )
    if _guarded(before.properties) and not _guarded(after.properties):
        yield Danger(
            DangerKind.HARDENING,
            f"it asks for no {HEADER}",
            change.resource.label,
            "a client that knows the gateway's address gets past Cloudflare and the worker",
        )


def _hosts(route: Mapping[str, Any]) -> set[str]:
    return set(route["spec"].get("hostnames", ()))


def _guarded(route: Mapping[str, Any]) -> bool:
    """Whether every match of a route asks for the header that only the worker sends."""
    rules: Sequence[Mapping[str, Any]] = route["spec"].get("rules", ())
    anything: list[dict[str, Any]] = [{}]
    matches: list[dict[str, Any]] = [m for rule in rules for m in rule.get("matches") or anything]
    asked: list[list[dict[str, Any]]] = [match.get("headers", []) for match in matches]
    return all(any(header["name"] == HEADER for header in headers) for headers in asked)


def _changed(field: FieldChange) -> str:
    return f"{field.path} {_said(field.before)} ➔ {_said(field.after)}"


def _said(value: object) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
