"""What counts as drift of what the official provider of Cloudflare reads."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from operations.platform.drift import refresh

_DNSSEC = "cloudflare:index/zoneDnssec:ZoneDnssec"
# Writes the events that it is given to the event log.
_PULUMI = """\
import sys
from pathlib import Path
log = sys.argv[sys.argv.index("--event-log") + 1]
Path(log).write_text(Path(sys.argv[1]).read_text())
"""


def _event(type_: str, deployed: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    fields = {name: {"diffKind": "update", "inputDiff": True} for name in deployed}
    metadata = {
        **{"op": "update", "urn": f"urn:pulumi:production::serlo::{type_}::name", "type": type_},
        "old": {"id": "an-id", "inputs": deployed, "outputs": deployed},
        "new": {"id": "an-id", "inputs": found, "outputs": found},
        "detailedDiff": fields,
    }
    return {"resOutputsEvent": {"metadata": metadata}}


@pytest.mark.parametrize(
    ("type_", "deployed", "found", "fields"),
    [
        # Until the registrar publishes the DS record.
        (_DNSSEC, {"status": "active"}, {"status": "pending"}, None),
        (_DNSSEC, {"status": "active"}, {"status": "disabled"}, ["status"]),
        (
            _DNSSEC,
            {"status": "active", "dnssecMultiSigner": False},
            {"status": "pending", "dnssecMultiSigner": True},
            ["dnssecMultiSigner"],
        ),
        ("a:b:C", {"status": "active"}, {"status": "pending"}, ["status"]),
        ("a:b:C", {}, {}, []),
    ],
)
def test_what_is_drift(
    tmp_path: Path,
    type_: str,
    deployed: dict[str, Any],
    found: dict[str, Any],
    fields: list[str] | None,
) -> None:
    (tmp_path / "pulumi.py").write_text(_PULUMI)
    (tmp_path / "events").write_text(json.dumps(_event(type_, deployed, found)))
    pulumi = [sys.executable, str(tmp_path / "pulumi.py"), str(tmp_path / "events")]
    drifted = refresh(pulumi, tmp_path, {})
    assert [[field.path for field in one.fields] for one in drifted] == (
        [] if fields is None else [fields]
    )
