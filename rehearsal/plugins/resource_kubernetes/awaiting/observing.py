"""Objects as they change: one watch per kind and namespace, shared by all that wait."""

import threading
import time
from collections.abc import Callable

from rehearsal.kubernetes_api import (
    Cluster,
    Gone,
    JsonObject,
    NotFound,
    UnknownKind,
    Unreachable,
)

WATCH_SECONDS = 300.0
RECONNECT_SECONDS = 0.3
# An outage is reported anew at every attempt to reconnect; older trouble is over.
TROUBLE_SECONDS = 3.0

Filter = Callable[[JsonObject], bool]


class Bell:
    """Rings when something happens that somebody waits for."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so long; then be ready for the next ring."""
        self._event.wait(max(0.0, seconds))
        self._event.clear()


class View:
    """The objects of one kind in one namespace (or of a kind that has none), kept up to date."""

    def __init__(self, cluster: Cluster, api_version: str, kind: str, namespace: str | None):
        self._cluster = cluster
        self._api_version = api_version
        self._kind = kind
        self._namespace = namespace
        self._lock = threading.Lock()
        self._objects: dict[str, JsonObject] = {}
        self._listeners: dict[Bell, Filter] = {}
        self.synced = threading.Event()
        self._trouble: tuple[float, str] | None = None
        thread = threading.Thread(target=self._follow, name=f"watch {kind}", daemon=True)
        thread.start()

    @property
    def problem(self) -> str | None:
        """Why nothing can be seen at the moment, in the API server's words."""
        trouble = self._trouble
        if trouble is None or time.monotonic() - trouble[0] > TROUBLE_SECONDS:
            return None
        return trouble[1]

    def listen(self, bell: Bell, concerns: Filter) -> None:
        """Ring the bell on every change to an object that `concerns` it."""
        with self._lock:
            self._listeners[bell] = concerns

    def forget(self, bell: Bell) -> None:
        """Stop ringing the bell."""
        with self._lock:
            self._listeners.pop(bell, None)

    def get(self, name: str) -> JsonObject | None:
        """The object of that name, if it is there."""
        with self._lock:
            return self._objects.get(name)

    def select(self, concerns: Filter) -> list[JsonObject]:
        """All objects that satisfy a condition."""
        with self._lock:
            return [found for found in self._objects.values() if concerns(found)]

    def _follow(self) -> None:
        version = ""
        while True:
            try:
                if not version:
                    version = self._list()
                version = self._watch(version)
            except (Gone, UnknownKind, NotFound) as error:
                self._report(error)
                version = ""
                if not isinstance(error, Gone):
                    time.sleep(RECONNECT_SECONDS)
            except Unreachable as error:
                # The watch goes on where it broke off, once the API server is back.
                self._report(error)
                time.sleep(RECONNECT_SECONDS)
            except Exception as error:
                # Whatever it is (an answer cut short, an error of the API server's), a view
                # that stopped would leave everybody waiting for news that never comes.
                self._report(error)
                version = ""
                time.sleep(RECONNECT_SECONDS)

    def _report(self, error: Exception) -> None:
        self._trouble = (time.monotonic(), str(error))
        self.synced.set()
        with self._lock:
            bells = list(self._listeners)
        for bell in bells:
            bell.ring()

    def _list(self) -> str:
        found, version = self._cluster.list_with_version(
            self._api_version, self._kind, self._namespace
        )
        with self._lock:
            self._objects = {str(obj["metadata"]["name"]): obj for obj in found}
            bells = list(self._listeners)
        self._trouble = None
        self.synced.set()
        for bell in bells:
            bell.ring()
        return version

    def _watch(self, version: str) -> str:
        events = self._cluster.watch(
            self._api_version,
            self._kind,
            self._namespace,
            resource_version=version,
            timeout_seconds=WATCH_SECONDS,
        )
        try:
            for event in events:
                version = str(event.object["metadata"].get("resourceVersion") or version)
                if event.type == "BOOKMARK":
                    continue
                name = str(event.object["metadata"]["name"])
                with self._lock:
                    if event.type == "DELETED":
                        self._objects.pop(name, None)
                    else:
                        self._objects[name] = event.object
                    bells = [
                        bell for bell, concerns in self._listeners.items() if concerns(event.object)
                    ]
                for bell in bells:
                    bell.ring()
        except Unreachable as error:
            # Keep the version reached, so that nothing is missed and nothing listed again.
            self._report(error)
            time.sleep(RECONNECT_SECONDS)
        return version


class Observer:
    """All views of one cluster; each is opened when it is first asked for."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._views: dict[tuple[str, str, str | None], View] = {}
        self._bells: set[Bell] = set()
        self.cancelled = False

    def view(self, api_version: str, kind: str, namespace: str | None) -> View:
        """The view of a kind in a namespace."""
        key = (api_version, kind, namespace)
        with self._lock:
            view = self._views.get(key)
            if view is None:
                view = self._views[key] = View(self._cluster, api_version, kind, namespace)
            return view

    def new_bell(self) -> Bell:
        """A bell that also rings when everything is cancelled."""
        bell = Bell()
        with self._lock:
            self._bells.add(bell)
        return bell

    def retire(self, bell: Bell) -> None:
        """Take a bell out of service."""
        with self._lock:
            self._bells.discard(bell)
            views = list(self._views.values())
        for view in views:
            view.forget(bell)

    def cancel(self) -> None:
        """Wake everybody who waits; `cancelled` tells them to give up."""
        self.cancelled = True
        with self._lock:
            bells = list(self._bells)
        for bell in bells:
            bell.ring()
