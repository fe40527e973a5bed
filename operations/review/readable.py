"""Resources in words that people can compare: what Cloudflare is given in pieces or encoded."""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

TABLE = "the routing table"
_WORKER = ":WorkersScript"
_PIECE = "ROUTES_"


def readable(type_: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a resource, a worker's modules and routing table as text and rules."""
    shown = dict(properties)
    if type_.endswith(_WORKER):
        if isinstance(shown.get("files"), Mapping):
            shown["files"] = {name: _module(file) for name, file in shown["files"].items()}
        if isinstance(shown.get("bindings"), list):
            shown["bindings"] = _bindings(shown["bindings"])
    return shown


def _module(file: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        text = b64decode(file["contentBase64"], validate=True).decode()
    except (KeyError, ValueError):
        return file
    return {**{k: v for k, v in file.items() if k != "contentBase64"}, "content": text}


def _bindings(bindings: list[Any]) -> list[Any]:
    """The pieces of the routing table put together, where the first of them stands."""
    pieces = {b["name"]: b["text"] for b in bindings if b["name"].startswith(_PIECE)}
    numbered = sorted(pieces, key=lambda name: int(name.removeprefix(_PIECE)))
    try:
        table = json.loads("".join(pieces[name] for name in numbered))
    except ValueError:
        return bindings
    rest = [b for b in bindings if b["name"] not in pieces]
    return [*rest, {"name": TABLE, **table}]
