"""Builds the worker's modules and the routing table into the one module that is uploaded.

Every 6.x release of the Cloudflare provider uploads one module; only the newest ones take more.
The modules use named imports and exports alone, so each becomes a function that returns what it
exports, and no compiler is needed. A line that starts with `import` or `export` counts as code,
even in a text of several lines.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from infra.edge.compiler import Document

TABLE_MODULE = "compiled-table.mjs"
"""The module that holds the routing table; `table_module` writes it."""

_IMPORT = re.compile(r'^import \{\s*(\w+(?:,\s*\w+)*),?\s*\} from "\./([\w.-]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|function|async function) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:(?:import|export)\b|.*\bimport(?:\(|\.meta\b)).*", re.MULTILINE)
_SECTION = re.compile(r"^// ---- (\S+) ----\n", re.MULTILINE)
_TABLE = re.compile(r"^const COMPILED_TABLE = (\{$.*?^\});$", re.MULTILINE | re.DOTALL)


class BundleError(ValueError):
    """The modules cannot be put together. The message names the module and the line."""


def table_module(table: Document) -> str:
    """Return the module that exports a compiled table, with one rule on each line."""
    fields = {name: value for name, value in table.items() if name != "rules"}
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in fields.items()]
    rules = ",\n".join(f"    {json.dumps(rule)}" for rule in cast(list[object], table["rules"]))
    text = "\n".join(["{", *lines, '  "rules": [', *([rules] if rules else []), "  ]", "}"])
    return f"export const COMPILED_TABLE = {text};\n"


def bundle(entry: str, modules: Mapping[str, str]) -> str:
    """Return one module that behaves as `entry` does with the modules that it imports.

    `modules` has the texts by file name. Raises BundleError for imports and exports in another form
    than `import { a, b } from "./c.mjs";`, `export const`, `export class` and `export function`
    (the entry's `export default` stays), for names that are not exported, and for circles.
    """
    bundled = [
        f"// ---- {name} ----\n{_section(name, modules)}" for name in _in_order(entry, modules)
    ]
    text = _without_imports(entry, modules[entry])
    _refuse_others(entry, re.sub("^export default", "", text, flags=re.MULTILINE))
    return "\n".join([*bundled, f"// ---- {entry} ----\n{text}"])


def sections(code: str) -> dict[str, str]:
    """Return the text of each module in a bundle by its file name, in their order."""
    _, *parts = _SECTION.split(code)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def bundled_table(code: str) -> Document:
    """Return the compiled routing table that is built into a bundle.

    Raises BundleError if there is none.
    """
    found = _TABLE.search(sections(code).get(TABLE_MODULE, ""))
    if found is None:
        raise BundleError(f"there is no {TABLE_MODULE} in this worker")
    return json.loads(found[1])


def _in_order(entry: str, modules: Mapping[str, str]) -> list[str]:
    """The imported modules, each one behind those that it imports itself."""
    found: list[str] = []
    _visit(entry, modules, (), found)
    return found[:-1]


def _visit(
    name: str, modules: Mapping[str, str], importers: tuple[str, ...], found: list[str]
) -> None:
    if name in importers:
        circle = " -> ".join([*importers[importers.index(name) :], name])
        raise BundleError(f"modules import each other in a circle: {circle}")
    if name in found:
        return
    for names, other, line in _imports(modules[name]):
        if other not in modules:
            raise BundleError(f"{name}:{line}: there is no module {other}")
        if missing := names - _exports(modules[other]):
            raise BundleError(
                f"{name}:{line}: {other} does not export {', '.join(sorted(missing))}"
            )
        _visit(other, modules, (*importers, name), found)
    found.append(name)


def _section(name: str, modules: Mapping[str, str]) -> str:
    text = _EXPORT.sub("", _without_imports(name, modules[name]))
    _refuse_others(name, text)
    exported = ", ".join(sorted(_exports(modules[name])))
    return f"const {_constant(name)} = (() => {{\n{text}return {{ {exported} }};\n}})();\n"


def _imports(text: str) -> Iterator[tuple[set[str], str, int]]:
    for found in _IMPORT.finditer(text):
        yield set(re.findall(r"\w+", found[1])), found[2], text.count("\n", 0, found.start()) + 1


def _exports(text: str) -> set[str]:
    return {found[1] for found in _EXPORT.finditer(text)}


def _without_imports(name: str, text: str) -> str:
    if not text.endswith("\n"):
        raise BundleError(f"{name}: the last line does not end")
    return _IMPORT.sub(lambda found: f"const {{ {found[1]} }} = {_constant(found[2])};", text)


def _refuse_others(name: str, text: str) -> None:
    if found := _OTHER.search(text):
        raise BundleError(
            f"{name}: cannot be bundled because of `{found[0].strip()}`; write "
            '`import { a } from "./b.mjs";`, or `export` before a const, class or function'
        )


def _constant(name: str) -> str:
    return re.sub(r"\W", "_", name)
