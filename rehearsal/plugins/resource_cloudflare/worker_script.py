"""A worker script: uploaded as a multipart form, read back from three places of the API."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rehearsal.plugins.properties import PropertyMap, PropertyValue, Secret, reveal
from rehearsal.plugins.resource_cloudflare.api import (
    Answer,
    ApiError,
    JsonObject,
    Part,
    path_of,
)
from rehearsal.plugins.resource_cloudflare.drift import as_inputs
from rehearsal.plugins.resource_cloudflare.kv_pair import same_json
from rehearsal.plugins.resource_cloudflare.resource import Found, Location, Operation, Resource
from rehearsal.plugins.resource_cloudflare.schema import (
    Problem,
    from_api,
    inputs_of,
    outputs_of,
    to_api,
)
from rehearsal.plugins.resource_cloudflare.worker_files import (
    as_files_input,
    check_file,
    check_files,
    downloaded,
    files_to_upload,
)

# Fields of a binding that the API takes and never gives back, by the binding's type.
_HIDDEN = {"secret_text": ("text",), "secret_key": ("keyBase64", "keyJwk")}

# Inputs that are no part of the upload's metadata.
_NOT_METADATA = frozenset(
    {
        *("accountId", "scriptName", "assets", "bindingsInherit", "files", "force"),
        *("content", "contentFile", "contentSha256", "contentType"),
    }
)


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
        if len(given & {"content", "contentFile"}) != 1:
            yield Problem("content", "either content or contentFile is required, and not both")
        if given >= {"mainModule", "bodyPart"}:
            yield Problem("mainModule", "excludes bodyPart: a script is a module or it is not")
        if "assets" in given:
            yield Problem("assets", "cannot be uploaded by the rehearsal's plugin")
        if "contentFile" in given:
            yield from check_file(inputs)
        yield from check_files(inputs)
        for index, binding in enumerate(_bindings(inputs)):
            text = reveal(binding.get("json"))
            if isinstance(text, str) and not _is_json(text):
                yield Problem(f"bindings[{index}].json", "must be JSON, as text")

    def prepared(self, inputs: PropertyMap) -> PropertyMap:
        """See Resource."""
        if not isinstance(inputs.get("bindings"), list):
            return inputs
        return {**inputs, "bindings": [_with_secrets(b) for b in _bindings(inputs)]}

    def create(self, operation: Operation, inputs: PropertyMap) -> Found:
        """See Resource."""
        location = Location(self.scope_of(inputs), str(reveal(inputs["scriptName"])))
        return self.update(operation, location, inputs)

    def update(self, operation: Operation, location: Location, inputs: PropertyMap) -> Found:
        """See Resource."""
        inherit = reveal(inputs.get("bindingsInherit"))
        document = operation.api.call(
            "PUT",
            self.path(location),
            query={} if inherit is None else {"bindings_inherit": inherit},
            parts=_upload(inputs),
        ).result
        return self.found(operation, location, document, inputs, applied=True)

    def read(self, operation: Operation, location: Location, inputs: PropertyMap) -> Found | None:
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
                    *("annotations", "bindingsInherit", "contentFile", "contentType", "exports"),
                    *("force", "keepAssets", "keepBindings", "migrations"),
                    *("packageDependencies", "cacheOptions"),
                )
            },
        )
        if reveal(inputs.get("files")) is not None or actual["files"]:
            # As a whole: a file that the program knows nothing of is drift too.
            described["files"] = actual["files"]
        kept: PropertyMap = {
            "accountId": inputs.get("accountId", location.scope["accountId"]),
            "scriptName": inputs.get("scriptName", location.id),
        }
        described = {**kept, **described}
        state = from_api({**settings, **summary}, outputs_of(self.token))
        return Found(location.id, described, {**state, **described})

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
    text = reveal(inputs.get("content"))
    content = Path(str(reveal(inputs["contentFile"]))).read_bytes() if text is None else text
    parts: list[Part] = [
        ("metadata", (None, json.dumps(metadata).encode(), "application/json")),
        (name, (name, content if isinstance(content, bytes) else content.encode(), kind)),
    ]
    parts += [
        (file.name, (file.name, file.content, file.content_type))
        for file in files_to_upload(inputs)
    ]
    return parts


def _code_as_inputs(answer: Answer, inputs: PropertyMap) -> PropertyMap:
    """The script's files, in the way that the inputs give them."""
    entry = answer.headers.get("cf-entrypoint")
    main, others = downloaded(answer)
    named: PropertyMap = {"files": as_files_input(others, inputs)}
    if entry is not None and (reveal(inputs.get("mainModule")) is not None or not inputs):
        named["mainModule"] = main.name
    elif reveal(inputs.get("bodyPart")) is not None:
        named["bodyPart"] = inputs["bodyPart"]
    if reveal(inputs.get("contentFile")) is not None:
        return {**named, "contentSha256": hashlib.sha256(main.content).hexdigest()}
    return {**named, "content": main.content.decode("utf-8", "replace")}


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
