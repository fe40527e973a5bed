"""The worker in a form that people can compare: its modules, and the rules of its table."""

from collections.abc import Mapping
from typing import Any

TABLE = "the routing table"
_WORKER = ":WorkersScript"


def readable(type_: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a resource, with a worker's code taken apart."""
    shown = dict(properties)
    if type_.endswith(_WORKER):
        try:
            from infra.edge.bundle import (  # noqa: PLC0415 (older checkouts have none)
                TABLE_MODULE,
                bundled_table,
                sections,
            )
        except ImportError:
            return shown
        code = shown.pop("content")
        modules = {name: text for name, text in sections(code).items() if name != TABLE_MODULE}
        shown |= {"modules": modules, TABLE: bundled_table(code)}
    return shown
