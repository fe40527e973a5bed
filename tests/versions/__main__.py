"""`make test-versions`: bump, promote and roll back each service, and run tests each time.

After each change of a single service the tests that read the real stacks are run, and after each
kind of change of all services all fast tests. `--all` runs all fast tests each time, for hours.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.versions.copies import CHANGES, Copy, Failure, Release, changed, releases


def main() -> int:
    """Print a line for each change; the status tells whether all tests passed."""
    services = releases()
    markers = () if "--all" in sys.argv[1:] else ("real_stacks",)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy.create(Path(folder) / "copy")
        for change in CHANGES:
            runs = [(release.key, [release], markers) for release in services]
            for name, chosen, only in [*runs, ("all services", services, ())]:
                failures += _run(copy, change, name, chosen, only)
    print(f"{len(CHANGES) * (len(services) + 1)} changes, {len(failures)} failed")
    return bool(failures)


def _run(
    copy: Copy, change: str, name: str, chosen: Sequence[Release], markers: Sequence[str]
) -> list[str]:
    started = time.monotonic()
    try:
        changed(copy, change, chosen)
        copy.fast_tests(*markers)
    except Failure as failure:
        print(f"{change} {name}: failed: {failure}", flush=True)
        return [f"{change} {name}"]
    print(f"{change} {name}: passed in {time.monotonic() - started:.0f} s", flush=True)
    return []


if __name__ == "__main__":
    sys.exit(main())
