"""Copies of the objects that decide who answers, kept current by watching the API server."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from k8s import ApiError, Cluster, Gone, JsonObject, Unreachable

log = logging.getLogger(__name__)

Key = tuple[str, str]  # namespace, name

_WATCH_SECONDS = 300
_RETRY_SECONDS = 0.2


class Cache:
    """All objects of one kind. While the API server is away, what was known last stands."""

    def __init__(
        self, cluster: Cluster, api_version: str, kind: str, changed: Callable[[], None]
    ) -> None:
        self.kind = kind
        self.synced = threading.Event()
        """Set once the objects have been read."""
        self._cluster = cluster
        self._api_version = api_version
        self._changed = changed
        self._objects: dict[Key, JsonObject] = {}

    def start(self) -> None:
        """Follow the API server in a thread that ends with the process."""
        name = f"watch-{self.kind}"
        threading.Thread(target=self._follow, name=name, daemon=True).start()

    def objects(self) -> Mapping[Key, JsonObject]:
        """The objects as they are now. The mapping is not changed afterwards."""
        return self._objects

    def _follow(self) -> None:
        version = ""
        while True:
            try:
                if not version:
                    version = self._read()
                for event in self._cluster.watch(
                    self._api_version,
                    self.kind,
                    resource_version=version,
                    timeout_seconds=_WATCH_SECONDS,
                ):
                    version = str(event.object["metadata"]["resourceVersion"])
                    if event.type != "BOOKMARK":
                        self._put(event.object, present=event.type != "DELETED")
            except Gone:
                version = ""
            except Unreachable as error:
                log.info("%s: %s; trying again", self.kind, error)
                time.sleep(_RETRY_SECONDS)
            except ApiError as error:
                # Not allowed yet, or the kind is not there yet; both change while a cluster starts.
                log.warning("%s: %s; trying again", self.kind, error)
                version = ""
                time.sleep(_RETRY_SECONDS)

    def _read(self) -> str:
        objects, version = self._cluster.list_with_version(self._api_version, self.kind)
        self._objects = {_key(obj): obj for obj in objects}
        self.synced.set()
        self._changed()
        return version

    def _put(self, obj: JsonObject, *, present: bool) -> None:
        # A new mapping each time: readers hold the old one without a lock.
        objects = dict(self._objects)
        if present:
            objects[_key(obj)] = obj
        else:
            objects.pop(_key(obj), None)
        self._objects = objects
        self._changed()


def _key(obj: JsonObject) -> Key:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
