"""What the API's pods answer to look-ups of paths.

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
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import yaml

from k8s import JsonObject

MOST_BYTES = 100_000
"""Longer bodies are no look-ups."""

_NUMBER = re.compile(r"/(?:[^/]+/)?(?P<id>[0-9]+)(?:/.*)?")


class Lookups:
    """The look-ups that a file has answers to."""

    def __init__(self, file: Path) -> None:
        """Read the YAML file.

        It has `service`, the API's Service; `authorization`, the scheme of its callers' tokens;
        `claims`, what these have to claim; and `entities`, a list of {"uuid", "paths"?}: the
        answer, and the paths that lead to it beside its alias and its number.
        """
        document: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        self._service: str = document["service"]
        scheme = r"\s+".join(re.escape(word) for word in document["authorization"].split())
        self._token = re.compile(rf"{scheme}=(?P<token>[^;\s]+)")
        self._claims: dict[str, str] = document["claims"]
        self._by_path: dict[tuple[str, str], JsonObject] = {}
        self._by_number: dict[int, JsonObject] = {}
        for entity in cast(list[JsonObject], document["entities"]):
            uuid = entity["uuid"]
            self._by_number[uuid["id"]] = uuid
            paths: list[str] = [uuid["alias"], *entity.get("paths", [])]
            self._by_path |= {(uuid.get("instance", "de"), path): uuid for path in paths}

    def may_be(self, service: str, method: str, path: str) -> bool:
        """Whether a request to a Service may be a look-up, so that its body is worth reading."""
        return (service, method, path) == (self._service, "POST", "/graphql")

    def answer(self, headers: Mapping[str, str], body: bytes) -> tuple[int, JsonObject] | None:
        """Status and document of the answer, None if it is no look-up.

        Names of headers are in lower case.
        """
        alias = _alias(body)
        if alias is None:
            return None
        complaint = self._complaint(headers.get("authorization", ""))
        if complaint is not None:
            message = f"Context creation failed: Invalid service token: {complaint}"
            return 400, {"errors": [{"message": message}]}
        return 200, {"data": {"uuid": self._find(*alias)}}

    def _complaint(self, authorization: str) -> str | None:
        """What is wrong with a request's token; None if nothing is."""
        found = self._token.match(authorization)
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
        for name, value in self._claims.items():
            if said.get(name) != value:
                return f"jwt {name} invalid. expected: {value}"
        return None if expires > time.time() else "jwt expired"

    def _find(self, instance: str, path: str) -> JsonObject | None:
        found = self._by_path.get((instance, unquote(path)))
        number = _NUMBER.fullmatch(path)
        if found is None and number is not None:
            found = self._by_number.get(int(number["id"]))
        return found


def _alias(body: bytes) -> tuple[str, str] | None:
    try:
        alias = json.loads(body)["variables"]["alias"]
        instance, path = alias["instance"], alias["path"]
    except (ValueError, LookupError, TypeError):
        return None
    return (instance, path) if isinstance(instance, str) and isinstance(path, str) else None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
