"""One issue says what is not as it was deployed."""

from pathlib import Path

from operations.github.issue import LABEL, MARK, tell
from tests.unit.github.fake import Fake, serving

STACKS = ("staging", "production")


def _tell(fake: Fake, folder: Path, staging: int | None, production: int | None) -> str:
    for stack, code in zip(STACKS, (staging, production), strict=True):
        (folder / f"{stack}.code").unlink(missing_ok=True)
        if code is not None:
            (folder / f"{stack}.code").write_text(f"{code}\n")
            (folder / f"{stack}.md").write_text(f"## Drift in {stack}\n\nset by @kubectl\n")
    with serving(fake) as github:
        return tell(github, folder, STACKS)


def test_it_is_opened_changed_and_closed(tmp_path: Path) -> None:
    fake = Fake()
    assert _tell(fake, tmp_path, 0, 0) == "All is as it was deployed."
    assert _tell(fake, tmp_path, 0, 2) == "Opened #7."
    issue = fake.issues[0]
    issue["user"] = {"login": "github-actions[bot]"}
    assert issue["labels"] == [LABEL]
    assert issue["body"].startswith(MARK)
    assert "Drift in production" in issue["body"]
    assert "Drift in staging" not in issue["body"]
    assert "@kubectl" not in issue["body"]
    assert _tell(fake, tmp_path, 2, 2) == "Changed #7."
    assert "Drift in staging" in issue["body"]
    assert _tell(fake, tmp_path, 0, 0) == "Closed #7."
    assert issue["state"] == "closed"
    assert len(fake.issues) == 1
    assert "again" in fake.comments[-1]["body"]


def test_what_was_not_looked_at_closes_nothing(tmp_path: Path) -> None:
    fake = Fake()
    assert "no issue" in _tell(fake, tmp_path, 0, 1)
    _tell(fake, tmp_path, 0, 2)
    assert _tell(fake, tmp_path, 0, 1) == "Changed #7."
    assert "Could not be looked at" in fake.issues[0]["body"]
    assert _tell(fake, tmp_path, 0, None) == "Changed #7."
    assert fake.issues[0]["state"] == "open"


def test_other_issues_are_left_alone(tmp_path: Path) -> None:
    fake = Fake()
    fake.issues = [
        {"number": 1, "state": "open", "body": f"about {MARK}"},
        {"number": 2, "state": "open", "body": MARK, "pull_request": {}},
        {"number": 3, "state": "open", "body": None},
    ]
    assert _tell(fake, tmp_path, 2, 0) == "Opened #7."
    assert [one["body"] for one in fake.issues[:3]] == [f"about {MARK}", MARK, None]
