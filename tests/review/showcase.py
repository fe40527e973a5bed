"""A change with something of everything: for the browser, and the screenshot in docs/.

`python -m tests.review.showcase` takes the screenshot again.
"""

import tempfile
from pathlib import Path

from operations.review.changes import nothing_read
from operations.review.html import html
from operations.review.report import report
from operations.topology.model import compared, graph
from operations.topology.svg import svg
from tests.review.browser import look_at
from tests.review.scenario import Scenario, Snapshots, stack
from tests.review.scenarios import SCENARIOS
from tests.stack_files import ROOT, STACKS

_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
SHOWCASE = Scenario(
    "showcase",
    (
        *_BY_NAME["service-with-a-host-added"].edits,
        *_BY_NAME["call-no-longer-allowed"].edits,
        *_BY_NAME["redirect-leads-elsewhere"].edits,
        *_BY_NAME["fewer-pods-at-least"].edits,
        *stack("production", ("    server: 0.52.1\n", "    server: 0.53.0\n")),
    ),
)
PICTURE = ROOT / "docs" / "concepts" / "review.png"


def page(scratch: Path, stacks: tuple[str, ...] = STACKS) -> str:
    """The page of the review of that change."""
    with Snapshots(scratch) as snapshots:
        old, new = snapshots.both(SHOWCASE, stacks)

    def picture(name: str) -> str:
        drawn = compared(graph(old.snapshots[name]), graph(new.snapshots[name]))
        return svg(drawn, f"The platform in {name}, and what changes")

    return html(report(old, new, stacks, nothing_read), picture)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "page.html").write_text(page(scratch, ("production",)))
        (scratch / "browser").mkdir()
        look_at(scratch / "page.html", scratch / "browser", PICTURE)
