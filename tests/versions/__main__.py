"""`make test-versions`: bump, promote and roll back each service, and run tests each time.

After each change of a single service the tests that read the real stacks are run, and after each
kind of change of all services all fast tests. `--all` runs all fast tests each time, for hours.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.versions.copies import CHANGES, Copy, Failure, Release, releases


def main() -> int:
    """Print a line for each change; the status tells whether all tests passed."""
    services = releases()
    markers = () if "--all" in sys.argv[1:] else ("real_stacks",)
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy.create(Path(folder) / "copy")
        failed = _changed(copy, "all services", services, ())
        for service in services:
            failed += _changed(copy, service.key, [service], markers)
    print(f"{len(CHANGES) * (1 + len(services))} changes, {failed} failed")
    return failed > 0


def _changed(copy: Copy, name: str, services: Sequence[Release], markers: Sequence[str]) -> int:
    """Make every kind of change, one after the other; answers how many failed."""
    failed = 0
    copy.reset()
    for kind, change in CHANGES.items():
        started = time.monotonic()
        try:
            change(copy, services)
            copy.fast_tests(*markers)
            result = "passed"
        except Failure as failure:
            failed += 1
            result = f"FAILED\n{failure}\n"
        print(f"{name}: {kind}: {time.monotonic() - started:.0f} s: {result}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
