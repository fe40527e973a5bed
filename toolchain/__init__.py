"""The pinned tools of the rehearsal: how each is found, downloaded or built.

`resolve(name)` is all that the other packages need; the names stand in `catalogue.py`.
"""

from toolchain.errors import ToolError
from toolchain.resolver import Tool, Toolchain, default, resolve, resolve_all

__all__ = ["Tool", "ToolError", "Toolchain", "default", "resolve", "resolve_all"]
