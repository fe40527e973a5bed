"""Which process of this machine is at the other end of a connection, and whether it still runs.

An engine renews its lease every few minutes only. When it is killed, nobody should have to wait
for the lease to run out: the service remembers the process that began the update and looks whether
it is still there. Known on Linux; elsewhere the lease alone decides.
"""

from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process, told apart from a later one of the same id by its start time (clock ticks)."""

    pid: int
    started: int


def owner_of(client_port: int, server_port: int) -> Process | None:
    """The process that holds the client's end of a loopback connection; None if unknown."""
    inode = _inode(client_port, server_port)
    if inode is None:
        return None
    wanted = f"socket:[{inode}]"
    for folder in _PROC.glob("[0-9]*/fd"):
        try:
            if any(str(fd.readlink()) == wanted for fd in folder.iterdir()):
                return running(int(folder.parent.name))
        except OSError:  # another user's process, or one that ended meanwhile
            continue
    return None


def running(pid: int) -> Process | None:
    """The process with this id, unless there is none or it is a zombie."""
    try:
        # The name, in parentheses, may hold spaces; what follows it does not.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else Process(pid, started)


def _inode(client_port: int, server_port: int) -> str | None:
    try:
        lines = (_PROC / "net/tcp").read_text().splitlines()[1:]
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        local, remote = (int(fields[place].rpartition(":")[2], 16) for place in (1, 2))
        if (local, remote) == (client_port, server_port):
            return fields[9]
    return None
