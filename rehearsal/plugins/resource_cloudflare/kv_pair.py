"""A key with its value in a KV namespace: raw bytes to the API, text to the program."""

import json
from dataclasses import dataclass
from typing import Any

from k8s.properties import PropertyMap, reveal
from rehearsal.plugins.resource_cloudflare.api import ApiError, Part
from rehearsal.plugins.resource_cloudflare.resource import (
    ExistingResource,
    Location,
    Operation,
    Resource,
)


@dataclass(frozen=True, kw_only=True)
class KvPair(Resource):
    """A pair. Its identifier is the key; writing creates and replaces alike."""

    @property
    def import_form(self) -> str:
        """See Resource."""
        return "<accountId>/<namespaceId>/<keyName>"

    def create(self, operation: Operation, inputs: PropertyMap) -> ExistingResource:
        """See Resource."""
        location = Location(self.scope_of(inputs), str(reveal(inputs["keyName"])))
        return self.update(operation, location, inputs)

    def update(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource:
        """See Resource."""
        parts: list[Part] = [
            ("value", (None, str(reveal(inputs["value"])).encode(), "text/plain; charset=utf-8"))
        ]
        metadata = reveal(inputs.get("metadata"))
        if metadata is not None:
            parts.append(("metadata", (None, str(metadata).encode(), "application/json")))
        query = {
            name: reveal(inputs[key])
            for name, key in (("expiration", "expiration"), ("expiration_ttl", "expirationTtl"))
            if reveal(inputs.get(key)) is not None
        }
        operation.api.call("PUT", self.path(location), query=query, parts=parts)
        return ExistingResource(location.id, inputs, inputs)

    def read(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource | None:
        """See Resource."""
        try:
            answer = operation.api.call("GET", self.path(location))
        except ApiError as error:
            if error.missing:
                return None
            raise
        document: dict[str, Any] = {
            "key_name": location.id,
            # What is no text is shown with its bytes replaced: a program can only write text.
            "value": answer.content.decode("utf-8", "replace"),
            "metadata": self._metadata(operation, location),
        }
        # When a pair expires is a wish at the time of writing, and no drift afterwards.
        wishes = {k: inputs[k] for k in ("expiration", "expirationTtl") if k in inputs}
        found = self.found(operation, location, document, inputs)
        return ExistingResource(found.id, {**found.inputs, **wishes}, {**found.state, **wishes})

    def _metadata(self, operation: Operation, location: Location) -> str | None:
        path = self.path(location).replace("/values/", "/metadata/", 1)
        document = operation.api.call("GET", path).result
        return None if document is None else json.dumps(document, sort_keys=True)


def same_json(said: str, there: str | None) -> bool:
    """Whether two texts are the same JSON, however written."""
    try:
        return json.loads(said) == json.loads(there or "null")
    except ValueError:
        return said == there
