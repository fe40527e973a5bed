"""Reach Pulumi's gRPC stubs without importing the SDK around them.

`pulumi.runtime.proto` is self-contained, but importing it runs `pulumi/__init__.py`, which costs
as much again as gRPC itself, in each plugin of each run. A plugin that uses nothing else of
the SDK calls `without_sdk()` first thing in its `__main__`, never when imported.
"""

import importlib.util
import sys
import types
from pathlib import Path


def without_sdk() -> None:
    """Make `pulumi.runtime.proto.*` importable in this process, and nothing else of `pulumi`."""
    specification = importlib.util.find_spec("pulumi")
    if specification is None or specification.submodule_search_locations is None:
        raise ModuleNotFoundError("the Python package pulumi is not installed")
    folder = Path(next(iter(specification.submodule_search_locations)))
    packages = {
        "pulumi": folder,
        "pulumi.runtime": folder / "runtime",
        "pulumi.runtime.proto": folder / "runtime" / "proto",
    }
    for name, path in packages.items():
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
