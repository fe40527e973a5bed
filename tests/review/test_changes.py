"""What changelogs say about versions that change."""

from pathlib import Path

import pytest

from operations.releases.changelog.sources import MIRROR
from operations.review.changes import from_copies, nothing_read
from operations.review.dangers import DangerKind
from operations.review.markdown import markdown
from operations.review.report import report
from tests.review.scenario import Snapshots
from tests.review.scenarios import SCENARIOS

_CHANGELOG = """# Changelog

## [0.53.0] - 2023-08-01

### Breaking Changes

- Remove `Query.notificationEvent` <script>

### Added

- Add a migration of the table `event_log`
- Add a field

## [0.52.1] - 2023-07-01

### Fixed

- Not of this span
"""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "serlo" / "api.serlo.org" / "CHANGELOG.md"
    file.parent.mkdir(parents=True)
    file.write_text(_CHANGELOG)
    monkeypatch.setenv(MIRROR, str(tmp_path))
    return file


@pytest.mark.usefixtures("mirror")
def test_a_changelog_at_hand_tells_what_changes_and_what_is_dangerous(tmp_path: Path) -> None:
    scenario = next(s for s in SCENARIOS if s.name == "shared-version-bumped")
    (tmp_path / "checkouts").mkdir()
    with Snapshots(tmp_path / "checkouts") as snapshots:
        found = report(*snapshots.both(scenario), ["staging"], from_copies)

    (stack,) = found.stacks
    (release,) = stack.releases
    assert list(release.changes) == [
        "Breaking Changes: Remove `Query.notificationEvent` <script> (0.53.0)",
        "Added: Add a migration of the table `event_log` (0.53.0)",
        "Added: Add a field (0.53.0)",
    ]
    assert [danger.kind for danger in stack.dangers] == [DangerKind.MIGRATION, DangerKind.BREAKING]
    assert {danger.where for danger in stack.dangers} == {"stacks/Pulumi.staging.yaml:16"}
    text = markdown(found, lambda _: "")
    assert "<script>" not in text
    assert "Not of this span" not in text


@pytest.mark.usefixtures("mirror")
def test_a_way_back_is_told_as_what_is_taken_back() -> None:
    meaning = from_copies("server", "serlo/api.serlo.org", "0.53.0", "0.52.1")

    assert meaning.lines[-1] == "taken back: Added: Add a field (0.53.0)"
    assert meaning.link == "https://github.com/serlo/api.serlo.org/compare/v0.52.1...v0.53.0"


def test_without_a_changelog_there_is_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    link = "https://github.com/serlo/api.serlo.org/compare/v0.52.1...v0.53.0"
    for read in (from_copies, nothing_read):
        meaning = read("server", "serlo/api.serlo.org", "0.52.1", "0.53.0")
        assert (list(meaning.lines), meaning.link, list(meaning.concerns)) == ([], link, [])
    # A service that this checkout does not know, and a digest that is pinned.
    assert nothing_read("new", "serlo/new", "1.0.0", "1.1.0").link == "https://github.com/serlo/new"
    assert from_copies("server", "serlo/api.serlo.org", "0.52.1", "0.52.1@sha256:0").lines == []


def test_nothing_is_fetched_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("operations.releases.changelog.sources._get", refuse)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for mirror in ("", "https://changelogs.example/"):
        monkeypatch.setenv(MIRROR, mirror)
        assert from_copies("server", "serlo/api.serlo.org", "0.52.1", "0.53.0").lines == []
