"""The shape in which Kubernetes objects travel through this project."""

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
JsonObjects: TypeAlias = list[JsonObject]
