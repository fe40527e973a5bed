"""What an upload of a worker script may hold, and what it becomes."""

import gzip
import json
import re
from datetime import UTC, date, datetime
from typing import cast

from rehearsal.cloudflare.api.calls import Call, Part
from rehearsal.cloudflare.runtime.script import MODULE_TYPES, Module, Version
from rehearsal.cloudflare.shapes import Json, objects, texts
from rehearsal.cloudflare.workers.refusals import (
    BINDING_NAMESPACE,
    BINDING_SERVICE,
    SCRIPT_BODY,
    SCRIPT_CONTENT_TYPE,
    SCRIPT_INVALID,
    SCRIPT_NAME,
    SCRIPT_TOO_LARGE,
)
from rehearsal.cloudflare.workers.store import current_version

MOST_COMPRESSED = 10 * 1024 * 1024
"""Bytes of code after gzip, as on the paid plan."""
LONGEST_VARIABLE = 5 * 1024
"""Bytes of a variable's or secret's value."""
MOST_VARIABLES = 128
"""Variables and secrets of a script together, as on the paid plan."""
SECRETS = frozenset({"secret_text"})
_VARIABLES = frozenset({"plain_text", "secret_text", "json"})
_SCRIPT_TYPES = frozenset({"application/javascript", "text/javascript"})
_NOT_RUN = frozenset({"application/source-map"})
# Binding type to the fields it needs. Others exist at Cloudflare and are refused here by name.
_BINDINGS: dict[str, tuple[str, ...]] = {
    "plain_text": ("text",),
    "secret_text": ("text",),
    "json": ("json",),
    "kv_namespace": ("namespace_id",),
    "service": ("service",),
    "version_metadata": (),
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_BINDING_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def check_script_name(name: str) -> None:
    """Raise Refused for a name that no script may have."""
    if not _NAME.fullmatch(name):
        raise SCRIPT_NAME.because()


def uploaded_version(call: Call, name: str) -> tuple[Version, Json]:
    """The version that an upload describes, and its metadata. Raises Refused.

    Handlers are not known yet: the Workers runtime tells them.
    """
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type in _SCRIPT_TYPES:
        modules = [Module("worker.js", content_type, call.body)]
        _check_size(modules)
        version = Version(
            "worker.js", is_module=False, modules=modules, bindings=[], source=_source(call)
        )
        return version, {}
    if content_type != "multipart/form-data":
        raise SCRIPT_CONTENT_TYPE.because()
    metadata = part_object(call.parts, "metadata")
    modules = _modules(call.parts)
    _check_size(modules)
    main, is_module = _main(metadata, modules)
    version = Version(
        main=main,
        is_module=is_module,
        modules=modules,
        bindings=resolved_bindings(call, name, metadata),
        compatibility_date=compatibility_date(metadata),
        compatibility_flags=compatibility_flags(metadata),
        annotations=cast(Json, metadata.get("annotations") or {}),
        limits=cast(Json | None, metadata.get("limits")),
        source=_source(call),
    )
    return version, metadata


def _source(call: Call) -> str:
    return "wrangler" if call.headers.get("user-agent", "").startswith("wrangler/") else "api"


def part_object(parts: list[Part], name: str) -> Json:
    """The JSON object in the part `name`. Raises Refused."""
    for part in parts:
        if part.name == name:
            try:
                document = json.loads(part.content)
            except ValueError:
                raise SCRIPT_BODY.because() from None
            if isinstance(document, dict):
                return cast(Json, document)
    raise SCRIPT_INVALID.because(problem=f"A part {name!r} with a JSON object is required.")


def _modules(parts: list[Part]) -> list[Module]:
    modules: list[Module] = []
    for part in parts:
        if part.name == "metadata":
            continue
        name = part.filename or part.name
        kind = part.content_type.partition(";")[0].strip().lower()
        if kind not in MODULE_TYPES and kind not in _NOT_RUN:
            problem = f"Unsupported content type {kind!r} of module {name!r}."
            raise SCRIPT_INVALID.because(problem=problem)
        modules.append(Module(name, kind, part.content))
    return modules


def _check_size(modules: list[Module]) -> None:
    code = b"".join(module.content for module in modules)
    # Compressing takes time; what is small as it is needs none.
    if len(code) > MOST_COMPRESSED and len(gzip.compress(code, 1)) > MOST_COMPRESSED:
        raise SCRIPT_TOO_LARGE.because()


def _main(metadata: Json, modules: list[Module]) -> tuple[str, bool]:
    main, body = metadata.get("main_module"), metadata.get("body_part")
    name = main or body
    if not isinstance(name, str):
        problem = "Either main_module or body_part must name the script's main part."
        raise SCRIPT_INVALID.because(problem=problem)
    if name not in {module.name for module in modules}:
        raise SCRIPT_INVALID.because(problem=f'Uncaught Error: No such module "{name}".')
    return name, bool(main)


def compatibility_date(metadata: Json) -> str | None:
    """The compatibility date of a metadata object. Raises Refused for no or a future date."""
    text = metadata.get("compatibility_date")
    if text in (None, ""):
        return None
    try:
        day = date.fromisoformat(cast(str, text))
    except (TypeError, ValueError):
        raise SCRIPT_INVALID.because(problem=f"Invalid compatibility date: {text}") from None
    if day > datetime.now(UTC).date():
        problem = f"Can't set compatibility date in the future: {text}"
        raise SCRIPT_INVALID.because(problem=problem)
    return day.isoformat()


def compatibility_flags(metadata: Json) -> list[str]:
    """The compatibility flags of a metadata object. Raises Refused when they are no list."""
    flags = texts(metadata.get("compatibility_flags"))
    if flags is None:
        raise SCRIPT_INVALID.because(problem="compatibility_flags must be a list of text")
    return flags


def resolved_bindings(call: Call, name: str, metadata: Json) -> list[Json]:
    """The bindings of a new version: those given, those inherited, those kept. Raises Refused."""
    previous = current_version(call.storage, call.params["account_id"], name)
    old = {str(binding["name"]): binding for binding in previous.bindings} if previous else {}
    bindings: dict[str, Json] = {}
    given = objects(metadata.get("bindings"))
    if given is None:
        raise SCRIPT_INVALID.because(problem="bindings must be a list of objects")
    for item in given:
        binding = _checked_binding(call, item)
        key = str(binding["name"])
        if key in bindings:
            raise SCRIPT_INVALID.because(problem=f"{key} is bound more than once")
        if binding["type"] != "inherit":
            bindings[key] = binding
            continue
        source = str(binding.get("old_name") or key)
        if source in old:
            bindings[key] = old[source] | {"name": key}
        elif call.query.get("bindings_inherit") == "strict":
            problem = f"Binding {key} cannot be inherited: the previous version has no {source}."
            raise SCRIPT_INVALID.because(problem=problem)
    # Secrets outlive an upload that says nothing of them; a list, even an empty one, decides.
    kept = SECRETS if metadata.get("keep_bindings") is None else texts(metadata["keep_bindings"])
    if kept is None:
        raise SCRIPT_INVALID.because(problem="keep_bindings must be a list of text")
    for key, binding in old.items():
        if binding["type"] in kept:
            bindings.setdefault(key, binding)
    if sum(binding["type"] in _VARIABLES for binding in bindings.values()) > MOST_VARIABLES:
        raise SCRIPT_INVALID.because(problem=f"a script has at most {MOST_VARIABLES} variables")
    return list(bindings.values())


def _checked_binding(call: Call, binding: Json) -> Json:
    name, kind = binding.get("name"), binding.get("type")
    if not isinstance(name, str) or not _BINDING_NAME.fullmatch(name):
        raise SCRIPT_INVALID.because(problem=f"A binding needs a valid name, not {name!r}.")
    if kind == "inherit":
        return binding
    if not isinstance(kind, str) or kind not in _BINDINGS:
        problem = (
            f"binding {name} of type {kind} cannot be run in a rehearsal; "
            f"these can: {', '.join(sorted(_BINDINGS))}"
        )
        raise SCRIPT_INVALID.because(problem=problem)
    for field in _BINDINGS[kind]:
        if field not in binding or (field != "json" and not isinstance(binding[field], str)):
            problem = f"binding {name} of type {kind} must have a valid `{field}` specified"
            raise SCRIPT_INVALID.because(problem=problem)
    if kind in _VARIABLES and _size(binding) > LONGEST_VARIABLE:
        problem = f"the value of binding {name} has more than {LONGEST_VARIABLE} bytes"
        raise SCRIPT_INVALID.because(problem=problem)
    _check_target(call, binding)
    return binding


def _size(binding: Json) -> int:
    text = json.dumps(binding["json"]) if binding["type"] == "json" else str(binding["text"])
    return len(text.encode())


def _check_target(call: Call, binding: Json) -> None:
    account = call.params["account_id"]
    if binding["type"] == "kv_namespace":
        namespace = binding["namespace_id"]
        row = call.storage.one(
            "SELECT id FROM kv_namespaces WHERE id = ? AND account_id = ?", namespace, account
        )
        if row is None:
            raise BINDING_NAMESPACE.because(namespace=namespace)
    if binding["type"] == "service":
        service = str(binding["service"])
        if current_version(call.storage, account, service) is None:
            raise BINDING_SERVICE.because(binding=binding["name"], service=service)


def public_bindings(version: Version) -> list[Json]:
    """A version's bindings as the API shows them: without the values of secrets."""
    return [
        {key: value for key, value in binding.items() if key != "text"}
        if binding["type"] in SECRETS
        else binding
        for binding in version.bindings
    ]
