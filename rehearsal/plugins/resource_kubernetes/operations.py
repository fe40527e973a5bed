"""Create, Read, Update and Delete against a real cluster, with what comes before and after."""

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rehearsal.kubernetes_api import ApiError, Cluster, JsonObject, NotFound, section
from rehearsal.kubernetes_api.kubeconfig import Access
from rehearsal.plugins.properties import UNKNOWN, PropertyMap
from rehearsal.plugins.resource_kubernetes.annotations import (
    SKIP_AWAIT,
    is_true,
    timeout_seconds,
)
from rehearsal.plugins.resource_kubernetes.awaiting.observing import Observer
from rehearsal.plugins.resource_kubernetes.awaiting.waiting import (
    DEFAULT_TIMEOUT_SECONDS,
    NotGone,
    NotReady,
    Watchtower,
    is_workload,
    until_ready,
)
from rehearsal.plugins.resource_kubernetes.configuration import Configuration
from rehearsal.plugins.resource_kubernetes.deleting import delete
from rehearsal.plugins.resource_kubernetes.diffing import parse_property_path
from rehearsal.plugins.resource_kubernetes.errors import already_exists, api_failure, not_ready
from rehearsal.plugins.resource_kubernetes.identity import Token, describe, id_of
from rehearsal.plugins.resource_kubernetes.manifests import (
    FIELD_MANAGER,
    INITIAL_API_VERSION,
    manifest_of,
    state_of,
)
from rehearsal.plugins.resource_kubernetes.ownership import field_manager
from rehearsal.plugins.resource_kubernetes.reading import read
from rehearsal.plugins.resource_kubernetes.writing import AlreadyThere, Writer
from rehearsal.plugins.serving import Engine, RpcFailure

_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


# How long a refresh gives a workload that is not ready: it may just be on its way.
SETTLE_SECONDS = 3.0


class Outcome(NamedTuple):
    """What an operation leaves: an ID, outputs, and the reasons why it is not quite done."""

    id: str
    outputs: PropertyMap
    inputs: PropertyMap
    problems: list[str]


class Operations:
    """All that needs the cluster. One per provider process; safe to use from many threads."""

    def __init__(
        self,
        access: Access,
        engine: Engine,
        default_namespace: str,
        configuration: Configuration,
    ) -> None:
        self._engine = engine
        self._default_namespace = default_namespace
        self._configuration = configuration
        self._current = threading.local()
        self._warned: set[tuple[str, str]] = set()
        self.cancelled = threading.Event()
        self.cluster = Cluster(access, cancelled=self.cancelled, on_warning=self._warn)
        self._tower = Watchtower(self.cluster, Observer(self.cluster))

    def cancel(self) -> None:
        """End all waiting at once. What was written stays written, and is reported."""
        self.cancelled.set()
        self._tower.observer.cancel()

    def namespaced(self, api_version: str, kind: str) -> bool | None:
        """Whether a kind is namespaced; None if the cluster does not know it (yet)."""
        try:
            return self.cluster.namespaced(api_version, kind)
        except ApiError:
            return None

    def create(
        self, urn: str, inputs: PropertyMap, *, preview: bool, timeout: float
    ) -> Outcome | None:
        """Create an object and wait for it; None when a preview cannot tell more than the inputs.

        Raises RpcFailure.
        """
        manifest = manifest_of(inputs)
        manager = field_manager(urn, manifest)
        writer = self._writer(urn)
        try:
            if preview:
                made = writer.preview_create(manifest, manager)
                if made is None:
                    return None
                _hide_what_will_differ(made, manifest)
                return Outcome("", self._state(made, inputs, manager), inputs, [])
            applied = writer.create(manifest, manager)
        except AlreadyThere as error:
            raise RpcFailure(already_exists(error.live)) from None
        except NotGone as error:
            raise RpcFailure(f"{describe(manifest)}: {error.reason}") from None
        except ApiError as error:
            raise RpcFailure(api_failure(manifest, error)) from None
        return self._finish(
            urn,
            applied,
            inputs=inputs,
            manifest=manifest,
            manager=manager,
            timeout=timeout,
        )

    def update(
        self,
        urn: str,
        inputs: PropertyMap,
        state: PropertyMap,
        *,
        preview: bool,
        timeout: float,
        ignored: Sequence[str],
    ) -> Outcome | None:
        """Update an object and wait for it; None when a preview cannot tell more than the inputs.

        Raises RpcFailure.
        """
        manifest = manifest_of(inputs)
        manager = field_manager(urn, manifest, state)
        paths = [parse_property_path(text) for text in ignored]
        writer = self._writer(urn)
        try:
            applied = writer.update(manifest, manager, ignored=paths, dry_run=preview)
            former = state.get(FIELD_MANAGER)
            if not preview and former and former != manager:
                writer.relinquish(applied, str(former))
        except ApiError as error:
            if preview and (error.status == 403 or isinstance(error, NotFound)):
                return None
            raise RpcFailure(api_failure(manifest, error)) from None
        if preview:
            _hide_versions(applied)
            outputs = self._state(applied, inputs, manager, state)
            return Outcome("", outputs, inputs, [])
        return self._finish(
            urn,
            applied,
            inputs=inputs,
            manifest=manifest,
            manager=manager,
            timeout=timeout,
            state=state,
        )

    def read(
        self, urn: str, token: Token, object_id: str, inputs: PropertyMap, state: PropertyMap
    ) -> Outcome | None:
        """The object behind an ID as it is now; None when there is none. Raises RpcFailure."""
        self._current.urn = urn
        try:
            found = read(
                self.cluster,
                urn=urn,
                token=token,
                object_id=object_id,
                inputs=inputs,
                state=state,
                default_namespace=self._default_namespace,
            )
        except ApiError as error:
            raise RpcFailure(f"{token.kind} {object_id}: {error.message}") from None
        if found is None:
            return None
        problems: list[str] = []
        if inputs and is_workload(found.live) and not is_true(found.live, SKIP_AWAIT):
            try:
                until_ready(
                    self._tower,
                    found.live,
                    timeout_seconds=SETTLE_SECONDS,
                    report=self._reporter(urn),
                )
            except NotReady as error:
                problems = not_ready(found.live, error.reason, error.problems)
        return Outcome(object_id, found.outputs, found.inputs, problems)

    def delete(self, urn: str, state: PropertyMap, timeout: float) -> None:
        """Delete an object and wait until it is gone. Raises RpcFailure."""
        known = manifest_of(state)
        self._current.urn = urn
        try:
            delete(
                self._tower,
                known,
                field_manager(urn, known, state),
                timeout_seconds=timeout_seconds(known, timeout, DEFAULT_TIMEOUT_SECONDS),
                report=self._reporter(urn),
            )
        except NotGone as error:
            raise RpcFailure(f"{describe(known)}: {error.reason}") from None
        except ApiError as error:
            raise RpcFailure(api_failure(known, error)) from None

    def job_is_unready(self, state: PropertyMap) -> bool:
        """Whether a Job has not completed, for `pulumi.com/replaceUnready`."""
        known = manifest_of(state)
        metadata = known["metadata"]
        try:
            live = self.cluster.get(
                known["apiVersion"], known["kind"], metadata["name"], metadata.get("namespace")
            )
        except ApiError:
            return False
        conditions: list[JsonObject] = section(live, "status").get("conditions") or []
        return not any(c["type"] == "Complete" and c["status"] == "True" for c in conditions)

    def _finish(
        self,
        urn: str,
        applied: JsonObject,
        *,
        inputs: PropertyMap,
        manifest: JsonObject,
        manager: str,
        timeout: float,
        state: PropertyMap | None = None,
    ) -> Outcome:
        problems: list[str] = []
        live = applied
        if not is_true(manifest, SKIP_AWAIT):
            try:
                live = until_ready(
                    self._tower,
                    applied,
                    timeout_seconds=timeout_seconds(manifest, timeout, DEFAULT_TIMEOUT_SECONDS),
                    report=self._reporter(urn),
                )
            except NotReady as error:
                live = error.live
                problems = not_ready(live, error.reason, error.problems)
        return Outcome(id_of(live), self._state(live, inputs, manager, state), inputs, problems)

    def _state(
        self,
        live: JsonObject,
        inputs: PropertyMap,
        manager: str,
        state: PropertyMap | None = None,
    ) -> PropertyMap:
        initial = (state or {}).get(INITIAL_API_VERSION) or inputs.get("apiVersion")
        return state_of(live, inputs, field_manager=manager, initial_api_version=str(initial))

    def _writer(self, urn: str) -> Writer:
        self._current.urn = urn
        return Writer(
            self._tower,
            self.cancelled,
            self._reporter(urn),
            self._informer(urn),
            self._configuration.patch_force,
        )

    def _informer(self, urn: str) -> Callable[[str], None]:
        return lambda message: self._engine.info(urn, message)

    def _reporter(self, urn: str) -> Callable[[str], None]:
        return lambda message: self._engine.status(urn, message)

    def _warn(self, header: str) -> None:
        """Show what the API server warns of (a deprecated version, a policy that would object)."""
        urn = str(getattr(self._current, "urn", ""))
        for text in _WARNING.findall(header):
            message = text.replace('\\"', '"')
            if self._configuration.suppress_deprecation_warnings and "deprecated" in message:
                continue
            if (urn, message) not in self._warned:
                self._warned.add((urn, message))
                self._engine.warning(urn, message)


def _hide_versions(made: JsonObject) -> None:
    for key in ("generation", "resourceVersion"):
        if key in made["metadata"]:
            made["metadata"][key] = UNKNOWN


def _hide_what_will_differ(made: JsonObject, manifest: JsonObject) -> None:
    """Mark what a dry run invents anew each time as not known yet."""
    made.pop("status", None)
    _hide_versions(made)
    for key in ("creationTimestamp", "uid"):
        made["metadata"][key] = UNKNOWN
    if (made.get("apiVersion"), made.get("kind")) != ("v1", "Service"):
        return
    spec, wanted = section(made, "spec"), section(manifest, "spec")
    for key in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
        if key in spec and key not in wanted and spec[key] != "None":
            spec[key] = UNKNOWN
    ports: list[Any] = spec.get("ports") or []
    wanted_ports: list[Any] = wanted.get("ports") or []
    for index, port in enumerate(ports):
        given: JsonObject = wanted_ports[index] if index < len(wanted_ports) else {}
        if "nodePort" in port and "nodePort" not in given:
            port["nodePort"] = UNKNOWN
