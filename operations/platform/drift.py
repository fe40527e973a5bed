"""What `pulumi refresh --preview-only` finds, as data. It writes nothing."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8s.diffing import parse_property_path, value_at
from operations.errors import CommandError
from operations.platform.field_managers import OwnedField, owned_by_others
from operations.platform.login import login_remedy

_LAST_LINES = 20
# Cloudflare calls DNSSEC pending until the registrar publishes the zone's DS record.
_ON_ITS_WAY = {("cloudflare:index/zoneDnssec:ZoneDnssec", "status"): ("active", "pending")}
_SECRETS = "**kubernetes:core/v1:Secret::**"


class RefreshError(CommandError):
    """Pulumi could not look; the text is what it said."""


@dataclass(frozen=True)
class ChangedField:
    """One field that changed: what was deployed, and what is there (None: nothing)."""

    path: str
    deployed: Any
    found: Any


@dataclass(frozen=True)
class Drifted:
    """One resource that is not as it was deployed; `gone` if it is not there at all."""

    urn: str
    type: str
    id: str
    gone: bool
    fields: Sequence[ChangedField]
    live: Mapping[str, Any]
    """What is there: for a Kubernetes object all of it, with its field managers."""
    owned: Sequence[OwnedField] = ()
    """Fields of a Kubernetes object that others own though they are declared, or that they added,
    those among them that have changed."""
    modified: str | None = None
    """When it was last changed, if Cloudflare says so."""

    @property
    def label(self) -> str:
        """What people call it: `Deployment api/server`, `DnsRecord de`."""
        kind = self.type.rpartition(":")[2]
        name = self.id if self.type.startswith("kubernetes:") else self.urn.rpartition("::")[2]
        return f"{kind} {name}"


def refresh(pulumi: Sequence[str], folder: Path, variables: Mapping[str, str]) -> list[Drifted]:
    """Ask Pulumi what has changed; raises RefreshError.

    `pulumi`: the program and the arguments that say which stack; `folder` of the project.
    """
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "events.json"
        try:
            done = subprocess.run(
                [
                    *(*pulumi, "refresh", "--preview-only", "--non-interactive"),
                    *("--suppress-outputs", "--event-log", str(log)),
                    # Immutable and named after what is in them; a reader may not see them.
                    *("--exclude", _SECRETS),
                ],
                cwd=folder,
                # The event log is an option for "debugging"; the automation API uses it as well.
                env={**os.environ, **variables, "PULUMI_DEBUG_COMMANDS": "true"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise RefreshError(f"{pulumi[0]} is not there: make tools") from None
        if done.returncode or not log.exists():
            said = (done.stdout + done.stderr).strip()
            last = "\n".join(said.splitlines()[-_LAST_LINES:])
            raise RefreshError(last, remedy=login_remedy(said))
        return list(_drifted(log.read_text().splitlines()))


def _drifted(lines: Sequence[str]) -> Iterator[Drifted]:
    for line in lines:
        event = json.loads(line).get("resOutputsEvent")
        if event is None or event["metadata"]["op"] not in {"same", "update", "delete"}:
            continue
        said = event["metadata"]
        gone = said["op"] == "delete"
        old: dict[str, dict[str, Any]] = said.get("old") or {}
        new: dict[str, dict[str, Any]] = said.get("new") or {}
        live = {} if gone else new.get("outputs") or {}
        kubernetes = said["type"].startswith("kubernetes:")
        owned = owned_by_others(live, old.get("inputs") or {}) if kubernetes else []
        fields = tuple(_fields(said)) if said["op"] == "update" else ()
        is_update = said["op"] == "update" and (fields or not said.get("detailedDiff"))
        if gone or is_update or owned:
            yield Drifted(
                urn=said["urn"],
                type=said["type"],
                id=said["old"]["id"],
                gone=gone,
                fields=fields,
                live=live,
                owned=owned,
                modified=live.get("modifiedOn"),
            )


def _fields(said: Mapping[str, Any]) -> Iterator[ChangedField]:
    old, new = said["old"], said["new"]
    differences: dict[str, dict[str, Any]] = said.get("detailedDiff") or {}
    for path, difference in sorted(differences.items()):
        side = "inputs" if difference.get("inputDiff") else "outputs"
        keys = parse_property_path(path)
        deployed, found = (
            value_at(state.get(side) or {}, keys)
            if value_at(state.get(side) or {}, keys) is not None
            else value_at(state.get("outputs") or {}, keys)
            for state in (old, new)
        )
        if _ON_ITS_WAY.get((said["type"], path)) != (deployed, found):
            yield ChangedField(path, deployed, found)
