"""A worker script of one file: uploaded as a form, read back from three places of the API."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from k8s.properties import PropertyMap, PropertyValue, Secret, reveal
from rehearsal.plugins.resource_cloudflare.api import (
    ApiAnswer,
    ApiError,
    JsonObject,
    Part,
    path_of,
)
from rehearsal.plugins.resource_cloudflare.drift import as_inputs
from rehearsal.plugins.resource_cloudflare.kv_pair import same_json
from rehearsal.plugins.resource_cloudflare.resource import (
    ExistingResource,
    Location,
    Operation,
    Resource,
)
from rehearsal.plugins.resource_cloudflare.schema import (
    Problem,
    from_api,
    inputs_of,
    outputs_of,
    to_api,
)

# Fields of a binding that the API takes and never gives back, by the binding's type.
_HIDDEN = {"secret_text": ("text",), "secret_key": ("keyBase64", "keyJwk")}

# Inputs that are no part of the upload's metadata.
_NOT_METADATA = frozenset(
    {
        *("accountId", "scriptName", "bindingsInherit", "force", "content", "contentType"),
    }
)
_NOT_KNOWN_HERE = ("assets", "contentFile", "contentSha256", "files")


@dataclass(frozen=True, kw_only=True)
class WorkerScript(Resource):
    """A script. Its identifier is its name; uploading creates and replaces alike."""

    @property
    def import_form(self) -> str:
        """See Resource."""
        return "<accountId>/<scriptName>"

    def check(self, inputs: PropertyMap) -> Iterator[Problem]:
        """See Resource."""
        given = {name for name, value in inputs.items() if reveal(value) is not None}
        if "content" not in given:
            yield Problem("content", "is required")
        if given >= {"mainModule", "bodyPart"}:
            yield Problem("mainModule", "excludes bodyPart: a script is a module or it is not")
        for name in sorted(given.intersection(_NOT_KNOWN_HERE)):
            yield Problem(name, "cannot be uploaded by the rehearsal's plugin: use content")
        for index, binding in enumerate(_bindings(inputs)):
            text = reveal(binding.get("json"))
            if isinstance(text, str) and not _is_json(text):
                yield Problem(f"bindings[{index}].json", "must be JSON, as text")

    def prepared(self, inputs: PropertyMap) -> PropertyMap:
        """See Resource."""
        if not isinstance(inputs.get("bindings"), list):
            return inputs
        return {**inputs, "bindings": [_with_secrets(b) for b in _bindings(inputs)]}

    def create(self, operation: Operation, inputs: PropertyMap) -> ExistingResource:
        """See Resource."""
        location = Location(self.scope_of(inputs), str(reveal(inputs["scriptName"])))
        return self.update(operation, location, inputs)

    def update(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource:
        """See Resource."""
        inherit = reveal(inputs.get("bindingsInherit"))
        document = operation.api.call(
            "PUT",
            self.path(location),
            query={} if inherit is None else {"bindings_inherit": inherit},
            parts=_upload(inputs),
        ).result
        return self.found(operation, location, document, inputs, applied=True)

    def read(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource | None:
        """See Resource."""
        api, path = operation.api, self.path(location)
        try:
            settings: JsonObject = api.call("GET", f"{path}/settings").result
            code = api.call("GET", f"{path}/content/v2")
        except ApiError as error:
            if error.missing:
                return None
            raise
        scripts: list[JsonObject] = (
            api.call("GET", path_of(self.collection, location.scope)).result or []
        )
        nothing: JsonObject = {}
        summary = next((s for s in scripts if s.get("id") == location.id), nothing)
        actual: PropertyMap = from_api(settings, inputs_of(self.token))
        actual |= _code_as_inputs(code, inputs)
        actual["bindings"] = _comparable_bindings(_bindings(actual), inputs)
        current = {k: v for k, v in inputs.items() if k not in ("accountId", "scriptName")}
        described = as_inputs(
            current,
            actual,
            defaults=self.defaults,
            filled_in=self.filled_in,
            equivalences={
                # Wishes for the upload and the deletion, which the API does not keep.
                name: lambda _said, _there: True
                for name in (
                    *("annotations", "bindingsInherit", "contentType", "exports"),
                    *("force", "keepAssets", "keepBindings", "migrations"),
                    *("packageDependencies", "cacheOptions"),
                )
            },
        )
        kept: PropertyMap = {
            "accountId": inputs.get("accountId", location.scope["accountId"]),
            "scriptName": inputs.get("scriptName", location.id),
        }
        described = {**kept, **described}
        state = from_api({**settings, **summary}, outputs_of(self.token))
        return ExistingResource(location.id, described, {**state, **described})

    def delete(self, operation: Operation, location: Location, state: PropertyMap) -> None:
        """See Resource."""
        force = reveal(state.get("force")) is True
        try:
            operation.api.call(
                "DELETE", self.path(location), query={"force": "true"} if force else {}
            )
        except ApiError as error:
            if not error.missing:
                raise


def _bindings(inputs: Mapping[str, PropertyValue]) -> list[PropertyMap]:
    found = inputs.get("bindings")
    value = found.value if isinstance(found, Secret) else found
    if not isinstance(value, list):
        return []
    elements = [b.value if isinstance(b, Secret) else b for b in cast(list[PropertyValue], value)]
    return [cast(PropertyMap, b) for b in elements if isinstance(b, dict)]


def _with_secrets(binding: PropertyMap) -> PropertyMap:
    hidden = _HIDDEN.get(str(reveal(binding.get("type"))), ())
    return {
        name: Secret(value)
        if name in hidden and value is not None and not isinstance(value, Secret)
        else value
        for name, value in binding.items()
    }


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _upload(inputs: PropertyMap) -> list[Part]:
    """The multipart form of an upload, with the part names of the official provider."""
    sent = {k: v for k, v in inputs.items() if k not in _NOT_METADATA}
    metadata: JsonObject = to_api(sent, inputs_of("cloudflare:index/workersScript:WorkersScript"))
    bindings: list[JsonObject] = metadata.get("bindings") or []
    for binding in bindings:
        if isinstance(binding.get("json"), str):
            binding["json"] = json.loads(binding["json"])
    if "main_module" in metadata:
        name, kind = str(metadata["main_module"]), "application/javascript+module"
    else:
        name, kind = str(metadata.setdefault("body_part", "script")), "application/javascript"
    kind = reveal(inputs.get("contentType")) or kind
    content = str(reveal(inputs["content"])).encode()
    return [
        ("metadata", (None, json.dumps(metadata).encode(), "application/json")),
        (name, (name, content, kind)),
    ]


def _code_as_inputs(answer: ApiAnswer, inputs: PropertyMap) -> PropertyMap:
    """The script's code and the name of its file. Like the official provider, of the first file."""
    code: PropertyMap = {"content": _first_file(answer).decode("utf-8", "replace")}
    entry = answer.headers.get("cf-entrypoint")
    if entry is not None and (reveal(inputs.get("mainModule")) is not None or not inputs):
        code["mainModule"] = entry
    elif reveal(inputs.get("bodyPart")) is not None:
        code["bodyPart"] = inputs["bodyPart"]
    return code


def _first_file(answer: ApiAnswer) -> bytes:
    kind, _, parameters = answer.headers.get("content-type", "").partition(";")
    if kind.strip() != "multipart/form-data":
        return answer.content
    boundary = parameters.partition("boundary=")[2].strip().strip('"').encode()
    return answer.content.partition(b"\r\n\r\n")[2].partition(b"\r\n--" + boundary)[0]


def _comparable_bindings(found: list[PropertyMap], inputs: PropertyMap) -> list[PropertyMap]:
    """The API's bindings in the program's order, with what the API hides and keeps aside."""
    said = {str(reveal(b.get("name"))): b for b in _bindings(inputs)}
    there = {str(b.get("name")): _like(said.get(str(b.get("name"))), b) for b in found}
    kept_types: list[str] = reveal(inputs.get("keepBindings")) or []
    ordered = [there[name] for name in said if name in there]
    added = [b for name, b in there.items() if name not in said and b.get("type") not in kept_types]
    return ordered + added


def _like(said: PropertyMap | None, there: PropertyMap) -> PropertyMap:
    if said is None:
        return there
    same_type = reveal(said.get("type")) == there.get("type")
    hidden = _HIDDEN.get(str(there.get("type")), ()) if same_type else ()
    result = {**there, **{name: said[name] for name in hidden if name in said}}
    text = reveal(said.get("json"))
    if isinstance(text, str) and same_json(text, there.get("json")):
        result["json"] = text
    return result
