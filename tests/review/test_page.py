"""The page that `serlo review --html` prints, in a real browser."""

from pathlib import Path

import pytest

from tests.review.browser import WHERE_IT_RUNS, look_at
from tests.review.showcase import page
from tests.stack_files import STACKS

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]


@pytest.mark.skipif(not WHERE_IT_RUNS, reason="the packed Chromium is for Linux on x64 alone")
def test_a_page_is_shown_with_its_picture_and_folds(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page(tmp_path))
    (tmp_path / "browser").mkdir()

    seen = look_at(tmp_path / "page.html", tmp_path / "browser", tmp_path / "seen.png")

    assert seen["complaints"] == []
    assert seen["asked"] == [(tmp_path / "page.html").as_uri()]
    assert seen["scripts"] == 0
    assert not seen["wide"]
    assert seen["title"] == "Infrastructure review: change into main"
    for text in (
        "local",
        "staging",
        "production",
        "A call is no longer allowed",
        "search",
        "1.0.0",
    ):
        assert text.lower() in seen["text"].lower()
    assert len(seen["pictures"]) == len(STACKS)
    for picture in seen["pictures"]:
        assert picture["width"] > 500
        assert picture["height"] > 100
        assert picture["boxes"] > 10
    # The pictures are open at first, all else is not.
    assert len(seen["folds"]) > 10
    assert all(fold["before"] != fold["after"] for fold in seen["folds"])
    assert sum(fold["before"] for fold in seen["folds"]) == len(STACKS)
    assert (tmp_path / "seen.png").read_bytes().startswith(b"\x89PNG")
