"""What goes wrong when a tool is looked for."""

from __future__ import annotations


class ToolError(Exception):
    """A tool could not be downloaded, built or installed. The message says what to do."""


class Cancelled(ToolError):
    """The work was given up because the whole run was interrupted."""
