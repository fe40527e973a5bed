"""What the API's pods answer to look-ups of paths, from `paths.yaml`.

A look-up is a POST to /graphql whose variables are {"alias": {"instance", "path"}}, as the worker
at the edge sends it. Anything else is answered as by every pod. Look-ups have to be signed by the
worker: the claims of its token are checked, but not the signature, since the secret is none of the
origin's business.
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast
from urllib.parse import unquote

import yaml

from k8s import JsonObject

SERVICE = "server"
"""The API's Service."""
MOST_BYTES = 100_000
"""Longer bodies are no look-ups."""

_TOKEN = re.compile(r"Serlo\s+Service=(?P<token>[^;\s]+)")
_CLAIMS = {"aud": "api.serlo.org", "iss": "serlo.org-cloudflare-worker"}
_NUMBER = re.compile(r"/(?:[^/]+/)?(?P<id>[0-9]+)(?:/.*)?")
_PATHS = Path(__file__).with_name("paths.yaml")


def is_lookup(service: str, method: str, path: str) -> bool:
    """Whether a request to a Service may be a look-up, so that its body is worth reading."""
    return (service, method, path) == (SERVICE, "POST", "/graphql")


def look_up(headers: Mapping[str, str], body: bytes) -> tuple[int, JsonObject] | None:
    """Status and document of the answer, None if it is no look-up. Header names in lower case."""
    alias = _alias(body)
    if alias is None:
        return None
    complaint = _complaint(headers.get("authorization", ""))
    if complaint is not None:
        message = f"Context creation failed: Invalid service token: {complaint}"
        return 400, {"errors": [{"message": message}]}
    return 200, {"data": {"uuid": _find(*alias)}}


def _alias(body: bytes) -> tuple[str, str] | None:
    try:
        alias = json.loads(body)["variables"]["alias"]
        instance, path = alias["instance"], alias["path"]
    except (ValueError, LookupError, TypeError):
        return None
    return (instance, path) if isinstance(instance, str) and isinstance(path, str) else None


def _complaint(authorization: str) -> str | None:
    """What is wrong with a request's token; None if nothing is."""
    found = _TOKEN.match(authorization)
    if found is None:
        return "jwt must be provided"
    try:
        header, claims, _signature = found["token"].split(".")
        algorithm = cast(JsonObject, json.loads(_decoded(header)))["alg"]
        said = cast(JsonObject, json.loads(_decoded(claims)))
        expires = float(said["exp"])
    except (ValueError, LookupError, TypeError):
        return "jwt malformed"
    if algorithm != "HS256":
        return "invalid algorithm"
    for name, value in _CLAIMS.items():
        if said.get(name) != value:
            return f"jwt {name} invalid. expected: {value}"
    return None if expires > time.time() else "jwt expired"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _find(instance: str, path: str) -> JsonObject | None:
    by_path, by_number = _known()
    found = by_path.get((instance, unquote(path)))
    number = _NUMBER.fullmatch(path)
    if found is None and number is not None:
        found = by_number.get(int(number["id"]))
    return found


@cache
def _known() -> tuple[dict[tuple[str, str], JsonObject], dict[int, JsonObject]]:
    """The entities by instance and path, and by number."""
    by_path: dict[tuple[str, str], JsonObject] = {}
    by_number: dict[int, JsonObject] = {}
    for entry in cast(list[JsonObject], yaml.safe_load(_PATHS.read_text(encoding="utf-8"))):
        uuid = entry["uuid"]
        by_number[uuid["id"]] = uuid
        paths: list[str] = [uuid["alias"], *entry.get("paths", [])]
        by_path |= {(uuid.get("instance", "de"), path): uuid for path in paths}
    return by_path, by_number
