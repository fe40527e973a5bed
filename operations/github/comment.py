"""Write what a review said into the one comment of its pull request.

Runs after the workflows `review` and `rehearsal`, with the right to write. What these say was made
by the pull request's own code. So the text is not trusted; which pull request it
belongs to is not read from it but asked of GitHub.
"""

import io
import json
import os
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from operations.github.api import AUTHOR, LONGEST, GitHub, harmless
from operations.github.cut import cut

MARK = "<!-- serlo review -->"
"""What the comment begins with; operations/review writes it too."""

ARTIFACT = "comment"
"""The artifact that holds the text, and in it:"""
MEMBER = "comment.md"

FULLER = "rehearsal"
"""The workflow that says what `review` says and more."""

_MOST_PACKED = 1_000_000  # bytes
_MOST_UNPACKED = 400_000
_UNUSABLE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError)
"""What reading a zip file raises that is damaged, locked or lacks the member."""
_STATE = re.compile(r"<!-- ([0-9a-f]{40}) by ([a-z]+) -->")
_FROM_FORK = (
    "> This change comes from a fork, and its own code computed what follows. "
    "Look at what it changes in `operations/` and `.github/` first.\n\n"
)


def main() -> int:
    """Say it for the run in GITHUB_EVENT_PATH."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text())
    print(comment(GitHub.of_this_run(), event), file=sys.stderr)
    return 0


def comment(github: GitHub, event: dict[str, Any]) -> str:
    """Write the comment for a finished run (a `workflow_run` event); returns what was done."""
    run = event["workflow_run"]
    number = pull_request(github, run, event["repository"]["default_branch"])
    if number is None:
        return "There is no open pull request with this commit at its head any more."
    existing = _existing(github, number)
    state = _STATE.search(existing["body"]) if existing else None
    same_commit = state is not None and state[1] == run["head_sha"]
    text = said(github, run)
    if same_commit and run["name"] != FULLER and state is not None and state[2] == FULLER:
        return "The comment already says more about this commit."
    if text is None and run["name"] == FULLER and same_commit:
        return "The rehearsal said nothing: what the review said stays."
    body = _body(run, text)
    if existing is None:
        github.send("POST", f"/issues/{number}/comments", {"body": body})
        return f"Commented on #{number}."
    github.send("PATCH", f"/issues/comments/{existing['id']}", {"body": body})
    return f"Changed the comment on #{number}."


def pull_request(github: GitHub, run: dict[str, Any], base: str) -> int | None:
    """The open pull request into `base` whose head is the very commit that the run was about.

    None if there is none: it was closed, or has other commits by now. A run of a fork does not say
    which it belongs to (`pull_requests` is empty), and its artifact is not to be believed.
    """
    if run["head_repository"] is None:  # the fork is gone
        return None
    head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
    for found in github.pages("/pulls", state="open", head=head, base=base):
        if found["head"]["sha"] == run["head_sha"] and found["base"]["ref"] == base:
            return int(found["number"])
    return None


def said(github: GitHub, run: dict[str, Any]) -> str | None:
    """The text that the run left, or None if it left none that can be used."""
    artifacts = github.get(f"/actions/runs/{int(run['id'])}/artifacts", name=ARTIFACT)["artifacts"]
    if not artifacts or artifacts[-1]["size_in_bytes"] > _MOST_PACKED:
        return None
    try:
        packed = github.file(f"/actions/artifacts/{int(artifacts[-1]['id'])}/zip", _MOST_PACKED)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive, archive.open(MEMBER) as member:
            content = member.read(_MOST_UNPACKED + 1)  # read in memory, never unpacked to disk
    except (OSError, *_UNUSABLE):
        return None
    if len(content) > _MOST_UNPACKED:
        return None
    return content.decode(errors="replace")


def _body(run: dict[str, Any], text: str | None) -> str:
    head = f"{MARK}\n<!-- {run['head_sha']} by {run['name']} -->\n"
    if text is None:
        return (
            f"{head}**Infrastructure review**: failed for {run['head_sha'][:12]}. "
            f"[The log]({run['html_url']}) says why.\n"
        )
    fork = run["head_repository"]["full_name"] != run["repository"]["full_name"]
    text = harmless(text).replace(MARK, "").lstrip()
    return head + cut((_FROM_FORK if fork else "") + text, LONGEST - len(head))


def _existing(github: GitHub, number: int) -> dict[str, Any] | None:
    for found in github.pages(f"/issues/{number}/comments"):
        if found["user"]["login"] == AUTHOR and found["body"].startswith(MARK):
            return found
    return None


if __name__ == "__main__":
    sys.exit(main())
