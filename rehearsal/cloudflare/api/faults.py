"""Faults on order: `faults.json` makes the next requests fail, so that retries can be rehearsed.

The file holds a list of {"status", "count", "method"?, "path"?, "retry_after"?, "after"?}: the next
`count` requests whose method is `method` and whose path contains `path` get that status. With
`"after": true` the request is carried out and only its answer lost.
The file is read again when it changes; a change restarts the counting.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from rehearsal.cloudflare.api.envelope import Reply, refused
from rehearsal.cloudflare.api.refusals import INTERNAL, THROTTLED, Refused
from rehearsal.cloudflare.steering import SteeringFile


class Fault(BaseModel):
    """One entry of faults.json."""

    model_config = ConfigDict(extra="forbid")

    status: int
    count: int
    method: str | None = None
    path: str = ""
    retry_after: int | None = None
    after: bool = False


_FAULTS = TypeAdapter(list[Fault])


class Faults:
    """The faults still to be served."""

    def __init__(self, file: Path) -> None:
        expected = '[{"status": 429, "count": 2}], see rehearsal/cloudflare/api/faults.py'
        self._left: list[Fault] = []
        self._file = SteeringFile(file, _FAULTS, self._restart, expected)

    def next(self, method: str, path: str) -> Fault | None:
        """The fault that this request gets, counted down; None for no fault.

        Raises SteeringError when the file is not what the module's docstring says.
        """
        self._file.refresh()
        for fault in self._left:
            if fault.count > 0 and fault.method in (None, method) and fault.path in path:
                fault.count -= 1
                return fault
        return None

    def _restart(self, faults: list[Fault]) -> None:
        self._left = faults


def answer(fault: Fault) -> Reply:
    """The answer that a fault stands for: 429 and 500 as JSON, others as the edge's own page."""
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    if fault.status in (429, 500):
        refusal = THROTTLED if fault.status == 429 else INTERNAL
        return refused(Refused(fault.status, [(refusal.code, refusal.message)], headers=headers))
    # Gateway errors do not come from the API: what answers is a page, not an envelope.
    page = f"<html><head><title>{fault.status}</title></head><body>{fault.status}</body></html>"
    return Reply(fault.status, page.encode(), headers | {"content-type": "text/html"})
