"""Where a kind lives in the API: asked of the API server once per group and version."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from k8s.errors import NotFound, UnknownKind
from k8s.objects import JsonObject


class DiscoveredKind(NamedTuple):
    """What discovery says of a kind: its plural name in paths, and whether it is namespaced."""

    plural: str
    namespaced: bool


def group_version_path(api_version: str) -> str:
    """The path of a group and version: `/api/v1`, `/apis/apps/v1`."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


class Discovery:
    """A cache of the kinds that the API server serves. A miss asks again, once: CRDs come late."""

    def __init__(self, fetch: Callable[[str], JsonObject]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._kinds: dict[str, dict[str, DiscoveredKind]] = {}

    def find(self, api_version: str, kind: str) -> DiscoveredKind:
        """Where the kind lives. Raises UnknownKind."""
        known = self._kinds.get(api_version, {}).get(kind)
        if known:
            return known
        with self._lock:
            known = self._kinds.get(api_version, {}).get(kind)
            if known is None:
                self._kinds[api_version] = self._discover(api_version)
                known = self._kinds[api_version].get(kind)
        if known is None:
            raise UnknownKind(
                404, "UnknownKind", f'no matches for kind "{kind}" in version "{api_version}"'
            )
        return known

    def _discover(self, api_version: str) -> dict[str, DiscoveredKind]:
        try:
            document = self._fetch(group_version_path(api_version))
        except NotFound:
            return {}
        resources: list[JsonObject] = document.get("resources") or []
        return {
            str(resource["kind"]): DiscoveredKind(
                str(resource["name"]), bool(resource["namespaced"])
            )
            for resource in resources
            # A name with a slash is a subresource (deployments/scale), with a kind of its own.
            if "/" not in resource["name"]
        }
