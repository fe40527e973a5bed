"""Keeps the servers of a rehearsal running: one detached process is the parent of them all."""

from rehearsal.supervisor.client import (
    CONTROL_PLANE,
    EVERYTHING,
    StartFailed,
    StopFailed,
    start,
    stop,
)
from rehearsal.supervisor.status import (
    Endpoints,
    ProcessStatus,
    Status,
    read_endpoints,
    read_status,
)

__all__ = [
    "CONTROL_PLANE",
    "EVERYTHING",
    "Endpoints",
    "ProcessStatus",
    "StartFailed",
    "Status",
    "StopFailed",
    "read_endpoints",
    "read_status",
    "start",
    "stop",
]
