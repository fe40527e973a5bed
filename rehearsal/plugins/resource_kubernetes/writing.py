"""Creates and updates objects by server-side apply, for real or as a dry run."""

import copy
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rehearsal.kubernetes_api import (
    ApiError,
    Cluster,
    Conflict,
    JsonObject,
    NotFound,
    UnknownKind,
    section,
)
from rehearsal.plugins.resource_kubernetes.annotations import forces
from rehearsal.plugins.resource_kubernetes.awaiting.waiting import (
    DEFAULT_TIMEOUT_SECONDS,
    Report,
    Watchtower,
    until_gone,
)
from rehearsal.plugins.resource_kubernetes.identity import describe
from rehearsal.plugins.resource_kubernetes.ownership import (
    conflicts_of,
    is_ours,
    without_foreign_fields,
)
from rehearsal.plugins.resource_kubernetes.replacement_rules import Path

# How long a namespace, or the definition of a custom resource, may be late: programs that do not
# say what depends on what, and API servers that need a moment to serve a new kind.
LATE_SECONDS = 15.0
LATE_BACKOFF_SECONDS = 0.25


class AlreadyThere(Exception):
    """There is an object of that name already, and it is not ours."""

    def __init__(self, live: JsonObject) -> None:
        super().__init__(describe(live))
        self.live = live


class Writer(NamedTuple):
    """What it takes to write: the cluster, the views on it, a way to tell and to be told."""

    tower: Watchtower
    cancelled: threading.Event
    report: Report
    inform: Callable[[str], None]
    patch_force: bool
    """Whether fields of other managers are taken over where no annotation says otherwise."""

    @property
    def cluster(self) -> Cluster:
        """The cluster that is written to."""
        return self.tower.cluster

    def create(self, manifest: JsonObject, manager: str) -> JsonObject:
        """Create an object, or go on with one of ours that an interrupted update left behind.

        Raises AlreadyThere, NotGone, ApiError.
        """
        live = self._existing(manifest)
        if live is not None and section(live, "metadata").get("deletionTimestamp"):
            self.report("an earlier object of that name is still being deleted")
            until_gone(
                self.tower,
                live,
                timeout_seconds=DEFAULT_TIMEOUT_SECONDS,
                report=self.report,
            )
        elif live is not None and not is_ours(live, manager):
            raise AlreadyThere(live)
        deadline = time.monotonic() + LATE_SECONDS
        backoff = LATE_BACKOFF_SECONDS
        while True:
            try:
                return self._apply(self._placed(manifest), manager)
            except (NotFound, UnknownKind) as error:
                if time.monotonic() + backoff > deadline or self.cancelled.wait(backoff):
                    raise
                self.report(f"trying again: {error.message}")
                backoff = min(2 * backoff, 2.0)

    def preview_create(self, manifest: JsonObject, manager: str) -> JsonObject | None:
        """What creating would make of an object; None when the server cannot say yet.

        Raises AlreadyThere, ApiError.
        """
        try:
            live = self._existing(manifest)
            if live is None:
                return self._apply(self._placed(manifest), manager, dry_run=True)
        except (NotFound, UnknownKind):
            return None  # the namespace or the definition is yet to come
        except ApiError as error:
            if error.status == 403:
                return None
            raise
        if not is_ours(live, manager) and not section(live, "metadata").get("deletionTimestamp"):
            raise AlreadyThere(live)
        return None  # ours, to be deleted before it is created anew: no dry run can show that

    def update(
        self,
        manifest: JsonObject,
        manager: str,
        *,
        ignored: Sequence[Path] = (),
        dry_run: bool = False,
    ) -> JsonObject:
        """Make the fields of an object what the manifest says. Raises ApiError."""
        if ignored:
            live = self._existing(manifest)
            if live is not None:
                manifest = copy.deepcopy(manifest)
                without_foreign_fields(manifest, live, manager, ignored)
        return self._apply(self._placed(manifest), manager, dry_run=dry_run)

    def relinquish(self, live: JsonObject, manager: str) -> None:
        """Give up the fields of a field manager that is no longer used. Raises ApiError."""
        metadata = {
            key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]
        }
        empty = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}
        self.cluster.apply(empty, field_manager=manager)

    def _placed(self, manifest: JsonObject) -> JsonObject:
        """The manifest without a namespace if its kind turns out to have none.

        Check had to guess when the definition of the kind was yet to be created.
        """
        metadata = manifest["metadata"]
        if "namespace" not in metadata or self.cluster.namespaced(
            manifest["apiVersion"], manifest["kind"]
        ):
            return manifest
        kept = {key: value for key, value in metadata.items() if key != "namespace"}
        return {**manifest, "metadata": kept}

    def _existing(self, manifest: JsonObject) -> JsonObject | None:
        metadata = manifest["metadata"]
        try:
            return self.cluster.get(
                manifest["apiVersion"],
                manifest["kind"],
                metadata["name"],
                metadata.get("namespace"),
            )
        except (NotFound, UnknownKind):
            return None

    def _apply(self, manifest: JsonObject, manager: str, *, dry_run: bool = False) -> JsonObject:
        force = forces(manifest, self.patch_force)
        try:
            return self.cluster.apply(manifest, field_manager=manager, force=force, dry_run=dry_run)
        except Conflict as error:
            conflicts = conflicts_of(error)
            if not conflicts or not all(found.by_hand for found in conflicts):
                raise
            fields = ", ".join(found.field for found in conflicts)
            managers = ", ".join(sorted({found.manager for found in conflicts}))
            if not dry_run:
                self.inform(f"took back {fields}, changed by hand with {managers}")
            return self.cluster.apply(manifest, field_manager=manager, force=True, dry_run=dry_run)
