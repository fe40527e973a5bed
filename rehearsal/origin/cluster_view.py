"""The caches together, and what is derived from them once per change."""

import threading
from collections import defaultdict

from k8s import Cluster, JsonObject, section
from rehearsal.origin.backends import Snapshot
from rehearsal.origin.cache import Cache, Key
from rehearsal.origin.routes import Rule, table

_GATEWAY_API = "gateway.networking.k8s.io/v1"
_KINDS = (
    (_GATEWAY_API, "HTTPRoute"),
    (_GATEWAY_API, "Gateway"),
    ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
    ("v1", "Namespace"),
    ("v1", "Service"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("v1", "Pod"),
)
_SERVICE_LABEL = "kubernetes.io/service-name"


class ClusterView:
    """What the origin knows of the cluster. `rules` and `snapshot` are cheap to ask for."""

    def __init__(self, cluster: Cluster) -> None:
        self._lock = threading.Lock()
        self._stale = True
        self._rules: list[Rule] = []
        self._snapshot = Snapshot({}, {}, {}, {}, {})
        self._caches = {
            kind: Cache(cluster, version, kind, self._changed) for version, kind in _KINDS
        }

    def start(self) -> None:
        """Begin to follow the cluster."""
        for cache in self._caches.values():
            cache.start()

    def wait_synced(self, seconds: float) -> list[str]:
        """Wait until everything has been read once; the kinds that were not in time."""
        return [k for k, cache in self._caches.items() if not cache.synced.wait(seconds)]

    def now(self) -> tuple[list[Rule], Snapshot]:
        """The rules in their order, and the objects behind them."""
        if self._stale:
            with self._lock:
                if self._stale:
                    self._derive()
        return self._rules, self._snapshot

    def _changed(self) -> None:
        self._stale = True

    def _derive(self) -> None:
        self._stale = False  # before reading: a change meanwhile makes it stale again
        objects = {kind: cache.objects() for kind, cache in self._caches.items()}
        slices: dict[Key, list[JsonObject]] = defaultdict(list)
        for (namespace, _), endpoint_slice in objects["EndpointSlice"].items():
            service = section(endpoint_slice, "metadata", "labels").get(_SERVICE_LABEL)
            if service:
                slices[namespace, service].append(endpoint_slice)
        self._snapshot = Snapshot(
            objects["Service"],
            slices,
            objects["Pod"],
            objects["ReferenceGrant"],
            objects["HTTPRoute"],
        )
        self._rules = table(objects["HTTPRoute"], objects["Gateway"], objects["Namespace"])
