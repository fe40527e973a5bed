"""Refuse to deploy a commit when the main branch holds a newer change of the platform.

Runs may start in any order and wait for an approval for days: approving an old one would
take back what came after it.
"""

import os
import re
import sys
from urllib.parse import quote

from operations.github.api import GitHub

DEPLOYED = re.compile(r"(infra|stacks)/.*(?<!\.md)|Pulumi\.yaml|pyproject\.toml|uv\.lock")
"""The files that deploying depends on, as in the triggers of .github/workflows/deploy.yml."""

_MOST_FILES = 300  # more are not listed


def main() -> int:
    """Exit code 1, with what to do, if there is a newer change."""
    commit, branch = os.environ["GITHUB_SHA"], os.environ["GITHUB_REF_NAME"]
    changed = newer(GitHub.of_this_run(), commit, branch)
    if changed:
        print(
            f"{branch} has a newer change than {commit[:12]} ({', '.join(changed[:5])}): "
            "nothing is deployed here. Agree to the run of the newest commit instead; "
            "to go back, revert in a pull request.",
            file=sys.stderr,
        )
    return int(bool(changed))


def newer(github: GitHub, commit: str, branch: str) -> list[str]:
    """The files, of those that matter, in which the branch's tip differs from the commit."""
    found = github.get(f"/compare/{quote(commit)}...{quote(branch, safe='')}")
    names = [file["filename"] for file in found["files"]]
    changed = [name for name in names if DEPLOYED.fullmatch(name)]
    return changed or (["very many files"] if len(names) >= _MOST_FILES else [])


if __name__ == "__main__":
    sys.exit(main())
