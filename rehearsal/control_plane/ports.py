"""Free ports on the loopback address, remembered so that a restart keeps them."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rehearsal.files import write_private

# Below the range from which systems take ports for outgoing connections: a component that is
# restarted must find its port as it left it.
FIRST, LAST = 20000, 29999


class PortTaken(Exception):
    """Somebody else listens on a port that was given to a component."""


def ensure(path: Path, names: Iterable[str]) -> dict[str, int]:
    """A free port for each name: the remembered one where it is still free, else a new one.

    Call only while none of the components runs. Raises PortTaken when none can be found.
    """
    remembered = _read(path)
    chosen: dict[str, int] = {}
    for name in names:
        port = remembered.get(name)
        if port is None or port in chosen.values() or not _free(port):
            port = _new({*remembered.values(), *chosen.values()})
        chosen[name] = port
    # Ports of components that are not asked for this time are kept for the next.
    write_private(path, json.dumps({**remembered, **chosen}, indent=2) + "\n")
    return chosen


def _read(path: Path) -> dict[str, int]:
    try:
        document: Any = json.loads(path.read_text())
        return {str(name): int(port) for name, port in document.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _new(avoid: set[int]) -> int:
    for _ in range(200):
        port = random.randint(FIRST, LAST)  # noqa: S311 - not for cryptography
        if port not in avoid and _free(port):
            return port
    raise PortTaken(f"no free port found on 127.0.0.1 between {FIRST} and {LAST}")


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port whose old connections are just closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
