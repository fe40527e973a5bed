"""A worker script as the runtime needs it: code, bindings, settings."""

import hashlib
from dataclasses import dataclass, field

from rehearsal.cloudflare.shapes import Json

MODULE_TYPES = {
    "application/javascript+module": "esModule",
    "text/javascript+module": "esModule",
    "application/javascript": "commonJsModule",
    "text/javascript": "commonJsModule",
    "application/wasm": "wasm",
    "text/plain": "text",
    "application/octet-stream": "data",
    "application/json": "json",
}
"""Content type of a part to the kind of module that workerd makes of it."""


@dataclass(frozen=True)
class Module:
    """One uploaded file of a script."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Version:
    """What runs: code, bindings (with their secrets) and runtime settings.

    Attributes:
        main: name of the module that holds the handlers.
        is_module: ES module syntax; otherwise service worker syntax.
        source: `wrangler` or `api`, by what uploaded it.
    """

    main: str
    is_module: bool
    modules: list[Module]
    bindings: list[Json]
    compatibility_date: str | None = None
    compatibility_flags: list[str] = field(default_factory=list[str])
    handlers: list[str] = field(default_factory=list[str])
    named_handlers: list[Json] = field(default_factory=list[Json])
    annotations: Json = field(default_factory=dict[str, object])
    limits: Json | None = None
    source: str = "api"
    id: str = ""
    number: int = 0
    created_on: str = ""

    @property
    def etag(self) -> str:
        """A hash of the code."""
        digest = hashlib.sha256()
        for module in self.modules:
            digest.update(f"{module.name}\0{module.content_type}\0".encode())
            digest.update(module.content)
        return digest.hexdigest()
