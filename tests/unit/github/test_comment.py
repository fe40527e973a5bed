"""One comment per pull request, whatever the pull request's own code left behind."""

from typing import Any

import pytest

from operations.github.comment import MARK, comment
from tests.unit.github.fake import REPOSITORY, Fake, packed, serving

SHA, OLDER = "a" * 40, "b" * 40
TEXT = f"{MARK}\n## Infrastructure review\n\nserver 0.52.1 ➔ 0.53.0\n"


def _event(name: str = "review", sha: str = SHA, fork: str = REPOSITORY) -> dict[str, Any]:
    owner = fork.partition("/")[0]
    return {
        "repository": {"default_branch": "main"},
        "workflow_run": {
            "id": 5,
            "name": name,
            "head_sha": sha,
            "head_branch": "bump",
            "html_url": "https://github.invalid/run/5",
            "head_repository": {"full_name": fork, "owner": {"login": owner}},
            "repository": {"full_name": REPOSITORY},
        },
    }


def _pull(number: int = 12, sha: str = SHA, owner: str = "serlo", base: str = "main") -> Any:
    head = {"sha": sha, "label": f"{owner}:bump"}
    return {"number": number, "head": head, "base": {"ref": base}}


def _fake(text: bytes = TEXT.encode()) -> Fake:
    fake = Fake()
    fake.pulls = [_pull()]
    fake.artifacts = {3: packed(text)}
    return fake


def _said(fake: Fake, event: dict[str, Any]) -> str:
    with serving(fake) as github:
        return comment(github, event)


def test_the_first_review_makes_the_comment_and_the_next_change_it() -> None:
    fake = _fake()
    assert _said(fake, _event()) == "Commented on #12."
    assert "server 0.52.1 ➔ 0.53.0" in fake.comments[0]["body"]
    fake.artifacts = {3: packed(TEXT.replace("0.53.0", "0.54.0").encode())}
    fake.pulls = [_pull(sha=OLDER)]
    assert _said(fake, _event(sha=OLDER)) == "Changed the comment on #12."
    assert len(fake.comments) == 1
    assert "➔ 0.54.0" in fake.comments[0]["body"]
    assert fake.comments[0]["body"].count(MARK) == 1


def test_only_our_own_comment_is_changed() -> None:
    fake = _fake()
    others = [{"id": n, "user": {"login": "x"}, "body": f"{MARK} hello"} for n in range(150)]
    ours = {"id": 500, "user": {"login": "github-actions[bot]"}, "body": f"{MARK}\nold"}
    fake.comments = [*others, ours]
    assert _said(fake, _event()) == "Changed the comment on #12."
    assert fake.changes == [("PATCH", f"/repos/{REPOSITORY}/issues/comments/500")]


def test_the_pull_request_is_the_one_with_that_commit_at_its_head() -> None:
    fake = _fake()
    fake.pulls = [
        _pull(1, owner="stranger"),  # the same branch's name elsewhere
        _pull(2, sha=OLDER),  # has other commits by now
        _pull(3, base="other"),
        _pull(4),
    ]
    assert _said(fake, _event()) == "Commented on #4."
    fake.pulls = fake.pulls[:3]
    assert "no open pull request" in _said(fake, _event())


def test_a_fork_cannot_choose_another_pull_request_and_is_named_as_one() -> None:
    fake = _fake(b"<!-- serlo review -->\nnumber: 1\npull_request: 1\n")
    fake.pulls = [_pull(1), _pull(2, owner="stranger")]
    assert _said(fake, _event(fork="stranger/infrastructure")) == "Commented on #2."
    assert "comes from a fork" in fake.comments[0]["body"]


def test_a_fork_that_is_gone_gets_no_comment() -> None:
    event = _event()
    event["workflow_run"]["head_repository"] = None
    assert "no open pull request" in _said(_fake(), event)


@pytest.mark.parametrize("branch", ["bump&head=serlo:main", "../../x", "a b", "ü#?"])
def test_a_branchs_name_does_not_change_what_is_asked(branch: str) -> None:
    fake = _fake()
    event = _event()
    event["workflow_run"]["head_branch"] = branch
    assert "no open pull request" in _said(fake, event)
    assert fake.queries[0]["head"] == f"serlo:{branch}"


def test_the_rehearsal_completes_the_review_and_is_not_overwritten_by_it() -> None:
    fake = _fake()
    _said(fake, _event())
    fake.artifacts = {3: packed(f"{TEXT}\nrehearsed: 0 lost".encode())}
    _said(fake, _event("rehearsal"))
    fake.artifacts = {3: packed(TEXT.encode())}
    assert "already says more" in _said(fake, _event())
    assert "rehearsed: 0 lost" in fake.comments[0]["body"]
    fake.pulls = [_pull(sha=OLDER)]  # another commit: what was rehearsed is the past
    assert "Changed" in _said(fake, _event(sha=OLDER))
    assert "rehearsed" not in fake.comments[0]["body"]


def test_a_review_that_failed_is_said() -> None:
    fake = _fake()
    fake.artifacts = {}
    _said(fake, _event())
    assert "failed for aaaaaaaaaaaa" in fake.comments[0]["body"]
    assert "https://github.invalid/run/5" in fake.comments[0]["body"]


def test_a_rehearsal_that_failed_leaves_the_review() -> None:
    fake = _fake()
    _said(fake, _event())
    fake.artifacts = {}
    assert "stays" in _said(fake, _event("rehearsal"))
    assert "0.53.0" in fake.comments[0]["body"]


@pytest.mark.parametrize(
    "artifact",
    [
        b"no zip file",
        packed(TEXT.encode())[:-30],
        packed(b"x", name="other.md"),
        packed(b"0" * 500_000),  # a bomb: little packed, much unpacked
        b"x" * 1_000_001,
    ],
    ids=["garbage", "torn", "other member", "bomb", "large"],
)
def test_what_is_no_review_becomes_no_text(artifact: bytes) -> None:
    fake = _fake()
    fake.artifacts = {3: artifact}
    _said(fake, _event())
    assert "failed" in fake.comments[0]["body"]
    assert len(fake.comments[0]["body"]) < 500


def test_a_damaged_byte_in_the_zip_file_becomes_no_text() -> None:
    fake = _fake()
    whole = bytearray(packed(b"".join(b"%d," % n for n in range(3000))))
    for place in range(60, len(whole) - 200, 97):
        whole[place] ^= 0xFF
    fake.artifacts = {3: bytes(whole)}
    _said(fake, _event())
    assert "failed" in fake.comments[0]["body"]


def test_a_text_that_is_too_long_is_cut() -> None:
    fake = _fake(b"@x " * 60_000)
    _said(fake, _event())
    assert len(fake.comments[0]["body"]) <= 65_536
    assert "cut off" in fake.comments[0]["body"]


def test_nobody_is_called_and_nothing_is_hidden() -> None:
    text = f"{MARK}\n@serlo/all `@x` 0.52.1@sha256:5e a\u202eb\x00 {MARK} \xff"
    fake = _fake(text.encode("latin-1", errors="ignore") + "\u202e".encode())
    _said(fake, _event())
    body = fake.comments[0]["body"]
    assert "@serlo" not in body
    assert "@x" not in body
    assert "0.52.1@sha256:5e" in body
    assert "\u202e" not in body
    assert "\x00" not in body
    assert body.count(MARK) == 1


def test_the_token_is_not_sent_to_where_the_files_lie() -> None:
    fake = _fake()
    _said(fake, _event())
    assert fake.sent_to_storage == [None]
