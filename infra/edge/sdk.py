"""Imports `pulumi_cloudflare` class by class.

Its own `__init__` imports all 400 modules, in 4.6 s of processor time; the few that this program
uses take 1.9 s, and every preview, update and review pays that.
"""

import re
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

_NAME = "pulumi_cloudflare"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class _Package(ModuleType):
    """The package without its `__init__`; a class is imported when it is first used."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        module = "_inputs" if name.endswith("ArgsDict") else _WORD.sub("_", name).lower()
        return getattr(import_module(f"{_NAME}.{module}"), name)


def import_on_use() -> None:
    """Put the package in the place of the real one, unless that is imported already."""
    spec = PathFinder.find_spec(_NAME)
    if spec is None or _NAME in sys.modules:
        return
    package = _Package(_NAME)
    package.__spec__ = spec
    package.__file__ = spec.origin
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[_NAME] = package
