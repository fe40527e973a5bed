"""Configuration files for workerd, the Workers runtime. Pure functions; nothing is started here.

Every script runs once per zone that routes to it, because what a worker fetches depends on the
zone of the request it answers. Each such service has a socket of its own. KV bindings, the cache
and all that workers fetch go to one address, the emulator's egress; headers that workerd adds say
who asks, so that a worker cannot claim to be another.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from rehearsal.cloudflare.runtime.script import MODULE_TYPES, Module, Version
from rehearsal.cloudflare.shapes import Json

SECRET_HEADER = "x-rehearsal-egress"  # noqa: S105 (the header's name, not its value)
KIND_HEADER = "x-rehearsal-kind"
NAMESPACE_HEADER = "x-rehearsal-namespace"
SCRIPT_HEADER = "x-rehearsal-script"
ZONE_HEADER = "cf-worker"
SCHEME_HEADER = "x-rehearsal-proto"
CF_HEADER = "x-rehearsal-cf-blob"
DEFAULT_DATE = "2021-11-02"
"""The compatibility date of an upload that names none, as at Cloudflare."""
PROBE = "__rehearsal_probe.mjs"
_PROBE_CODE = """
import * as user from {main};
const named = Object.entries(user).filter(([name]) => name !== "default");
const names = (value) => typeof value === "function"
  ? Object.getOwnPropertyNames(value.prototype ?? {{}}).filter((name) => name !== "constructor")
  : Object.keys(value ?? {{}});
export default {{ fetch() {{ return Response.json({{
  handlers: names(user.default),
  named_handlers: named.map(([name, value]) => ({{ name, handlers: names(value) }})),
}}); }} }};
"""


@dataclass(frozen=True)
class Egress:
    """Where workers' requests go, and the secret that proves they come from workerd."""

    address: str
    secret: str


@dataclass(frozen=True)
class Placed:
    """A script's deployed version, to be run for requests of one zone."""

    script: str
    zone: str
    version: Version

    @property
    def service(self) -> str:
        """The name of its service and socket."""
        return f"{self.script}@{self.zone}"


def serving(placed: Sequence[Placed], egress: Egress) -> tuple[str, dict[str, bytes]]:
    """The configuration that runs these scripts, and the files that it embeds, by name."""
    services: list[str] = []
    sockets: list[str] = []
    files: dict[str, bytes] = {}
    known = {one.service for one in placed}
    for one in placed:
        modules = _modules(one.version, one.script, files)
        bindings = [_binding(binding, one, known) for binding in one.version.bindings]
        outbound = f"fetch:{one.service}"
        services.append(
            f"(name = {_text(one.service)}, worker = ({modules}, {_compatibility(one.version)}, "
            f"bindings = [{', '.join(bindings)}], globalOutbound = {_text(outbound)}, "
            'cacheApiOutbound = "cache"))'
        )
        who = {SCRIPT_HEADER: one.script, ZONE_HEADER: one.zone, KIND_HEADER: "fetch"}
        services.append(_external(outbound, egress, who))
        sockets.append(
            f'(name = {_text(one.service)}, address = "127.0.0.1:0", '
            f"service = {_text(one.service)}, http = (forwardedProtoHeader = "
            f"{_text(SCHEME_HEADER)}, cfBlobHeader = {_text(CF_HEADER)}))"
        )
    services.append(_external("cache", egress, {KIND_HEADER: "cache"}))
    services.append(_external("gone", egress, {KIND_HEADER: "gone"}))
    for namespace in sorted(_namespaces(placed)):
        headers = {KIND_HEADER: "kv", NAMESPACE_HEADER: namespace}
        services.append(_external(f"kv:{namespace}", egress, headers))
    return _config(services, sockets), files


def inspecting(version: Version) -> tuple[str, dict[str, bytes]]:
    """The configuration that loads a script and answers which handlers it exports."""
    files: dict[str, bytes] = {}
    modules, compatibility = _modules(version, "script", files), _compatibility(version)
    # While a script is only checked, it can reach no host.
    services = ['(name = "nowhere", network = (allow = []))']
    services.append(_unplaced("script", modules, compatibility))
    if not version.is_module:
        return _config(services, []), files
    files["probe"] = _PROBE_CODE.format(main=json.dumps(f"./{version.main}")).encode()
    probe = f'modules = [(name = {_text(PROBE)}, esModule = embed "probe"), '
    modules = modules.replace("modules = [", probe, 1)
    services.append(_unplaced("probe", modules, compatibility))
    return _config(
        services, ['(name = "probe", address = "127.0.0.1:0", service = "probe")']
    ), files


def _unplaced(name: str, code: str, compatibility: str) -> str:
    return f'(name = {_text(name)}, worker = ({code}, {compatibility}, globalOutbound = "nowhere"))'


def _config(services: list[str], sockets: list[str]) -> str:
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n'
        "const config :Workerd.Config = (\n"
        f"  services = [\n    {(',' + chr(10) + '    ').join(services)}],\n"
        f"  sockets = [\n    {(',' + chr(10) + '    ').join(sockets)}]);\n"
    )


def _modules(version: Version, script: str, files: dict[str, bytes]) -> str:
    if not version.is_module:
        body = next(module for module in version.modules if module.name == version.main)
        return f"serviceWorkerScript = embed {_file(script, 0, body, files)}"
    # The main module comes first: workerd takes the first one for it.
    ordered = sorted(version.modules, key=lambda module: module.name != version.main)
    entries = [
        f"(name = {_text(module.name)}, {_kind(module, version)} = embed "
        f"{_file(script, position, module, files)})"
        for position, module in enumerate(ordered)
        if module.content_type in MODULE_TYPES
    ]
    return f"modules = [{', '.join(entries)}]"


def _kind(module: Module, version: Version) -> str:
    if module.name == version.main:
        return "esModule"
    return MODULE_TYPES[module.content_type]


def _file(script: str, position: int, module: Module, files: dict[str, bytes]) -> str:
    name = f"{script}.{position}"
    files[name] = module.content
    return _text(name)


def _compatibility(version: Version) -> str:
    flags = ", ".join(_text(flag) for flag in version.compatibility_flags)
    date = version.compatibility_date or DEFAULT_DATE
    return f"compatibilityDate = {_text(date)}, compatibilityFlags = [{flags}]"


def _binding(binding: Json, one: Placed, known: set[str]) -> str:
    name = f"name = {_text(str(binding['name']))}"
    match binding["type"]:
        case "plain_text" | "secret_text":
            return f"({name}, text = {_text(str(binding['text']))})"
        case "json":
            return f"({name}, json = {_text(json.dumps(binding['json']))})"
        case "kv_namespace":
            return f"({name}, kvNamespace = {_text('kv:' + str(binding['namespace_id']))})"
        case "version_metadata":
            about = {"id": one.version.id, "tag": "", "timestamp": one.version.created_on}
            return f"({name}, json = {_text(json.dumps(about))})"
        case _:
            target = f"{binding['service']}@{one.zone}"
            if target not in known:
                # Deleted by force after it was bound.
                return f'({name}, service = "gone")'
            entrypoint = cast(str | None, binding.get("entrypoint"))
            suffix = f", entrypoint = {_text(entrypoint)}" if entrypoint else ""
            return f"({name}, service = (name = {_text(target)}{suffix}))"


def _namespaces(placed: Iterable[Placed]) -> set[str]:
    return {
        str(binding["namespace_id"])
        for one in placed
        for binding in one.version.bindings
        if binding["type"] == "kv_namespace"
    }


def _external(name: str, egress: Egress, headers: dict[str, str]) -> str:
    added = ", ".join(
        f"(name = {_text(key)}, value = {_text(value)})"
        for key, value in (headers | {SECRET_HEADER: egress.secret}).items()
    )
    return (
        f"(name = {_text(name)}, external = (address = {_text(egress.address)}, "
        f"http = (style = host, forwardedProtoHeader = {_text(SCHEME_HEADER)}, "
        f"injectRequestHeaders = [{added}])))"
    )


def _text(value: str) -> str:
    """A Cap'n Proto text literal."""
    escaped = "".join(
        f"\\{character}"
        if character in '"\\'
        else f"\\x{ord(character):02x}"
        if ord(character) < 32
        else character
        for character in value
    )
    return f'"{escaped}"'
