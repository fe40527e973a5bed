"""Writes docs/reference/commands.md and stack-file.md: `python -m operations.reference`."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.stack.schema import StackKeys
from operations.command import EXIT_CODES, app

_FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}

Schema = Mapping[str, Any]


def commands() -> str:
    """The reference of all commands: exit codes, arguments, options."""
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    title, _, rest = app.generate_docs(output_format="markdown").partition("\n")
    return (
        f"{title}\n\nWritten by `make golden` from the commands.\n\n"
        f"| exit code | means |\n|---|---|\n{codes}\n{rest.rstrip()}\n"
    )


def stack_file() -> str:
    """The reference of all keys of a stack file."""
    schema = StackKeys.model_json_schema()
    rows = "\n".join(_rows(schema, "serlo:", schema["$defs"]))
    return (
        "# Stack files\n\nWritten by `make golden` from `infra/stack/schema.py`. "
        "`serlo set KEY VALUE --stack STACK` changes a key, without `serlo:`.\n\n"
        f"| key | value | default | what it is |\n|---|---|---|---|\n{rows}\n"
    )


def _rows(schema: Schema, prefix: str, types: Schema) -> Iterator[str]:
    for name, field in schema["properties"].items():
        default = (
            "required" if name in schema.get("required", ()) else _default(field.get("default"))
        )
        value, below, suffix = _value(field, types)
        yield f"| `{prefix}{name}` | {value} | {default} | {field['description']} |"
        if below is not None:
            yield from _rows(below, f"{prefix}{name}{suffix}.", types)


def _value(field: Schema, types: Schema) -> tuple[str, Schema | None, str]:
    """What a key holds in words, the keys below it, and what stands between it and those."""
    if "anyOf" in field:
        return _value(field["anyOf"][0], types)
    if "$ref" in field:
        return "keys", types[field["$ref"].rpartition("/")[2]], ""
    if "enum" in field:
        return " or ".join(field["enum"]), None, ""
    if field["type"] == "array":
        value, below, suffix = _value(field["items"], types)
        return f"list of {value}", below, suffix
    if field["type"] == "object":
        value, below, suffix = _value(field["additionalProperties"], types)
        return f"{value} by name", below, f".<name>{suffix}"
    return _WORDS[field["type"]], None, ""


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value}" if value else "none"


TEXTS: Mapping[Path, Callable[[], str]] = {
    _FOLDER / "commands.md": commands,
    _FOLDER / "stack-file.md": stack_file,
}
"""Each file and what writes it."""

if __name__ == "__main__":
    for file, text in TEXTS.items():
        file.write_text(text(), encoding="utf-8")
