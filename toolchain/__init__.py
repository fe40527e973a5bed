"""The pinned tools: how each is found, downloaded or built."""

from toolchain.resolver import Tool, ToolError, resolve

__all__ = ["Tool", "ToolError", "resolve"]
