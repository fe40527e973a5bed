"""Our worker and table in a rehearsal: look-ups, the store, regions, third-party hosts."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.rehearsal.platform.conftest import Rehearsal, until

pytestmark = pytest.mark.xdist_group("platform-local")

EMBED = "/thumbnail?url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2F"


@pytest.fixture
def rehearsal(local: Rehearsal) -> Rehearsal:
    return local


@pytest.fixture
def ask(rehearsal: Rehearsal) -> Callable[..., httpx.Response]:
    def asked(label: str, path: str, **headers: str) -> httpx.Response:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        host = {"Host": f"{label}.{rehearsal.domain}"}
        return httpx.get(
            f"{rehearsal.endpoints['edge']}{path}", headers=host | more, trust_env=False
        )

    return asked


Ask = Callable[..., httpx.Response]


def test_redirects_to_aliases_are_kept_in_the_store(rehearsal: Rehearsal, ask: Ask) -> None:
    domain = rehearsal.domain
    for path, target in (
        ("/1855?a=b", f"https://de.{domain}/mathe/1855/addition?a=b"),
        ("/27778", f"https://de.{domain}/mathe/1855/addition#comment-27778"),
        ("/65049", f"https://de.{domain}/error/deleted/Comment"),
        ("/35598", f"https://en.{domain}/math/35598/example-article"),
        (
            "/mathe/18514/2ab31c7f/old-title",
            f"https://de.{domain}/mathe/18514/2ab31c7f/zweite-seite",
        ),
    ):
        answer = ask("de", path)
        assert (answer.status_code, answer.headers["x-serlo-rule"]) == (301, "alias")
        assert answer.headers["location"] == target
    assert ask("de", "/mathe/1855/addition").json()["service"] == "frontend"
    assert ask("de", "/nothing/of/the/kind").json()["service"] == "frontend"

    account = f"/accounts/{rehearsal.zone['account']['id']}"
    (store,) = rehearsal.cloudflare("GET", f"{account}/storage/kv/namespaces")
    keys = f"{account}/storage/kv/namespaces/{store['id']}/keys"

    def stored() -> set[str]:
        return {key["name"] for key in rehearsal.cloudflare("GET", keys)}

    # The worker writes after it has answered.
    until(lambda: stored() >= {"/de/1855", "/de/27778", "/de/nothing/of/the/kind"})


def test_the_edge_is_found_by_hand(rehearsal: Rehearsal) -> None:
    assert rehearsal.by_hand('echo "$SERLO_EDGE"').stdout.strip() == rehearsal.endpoints["edge"]


def test_the_region_decides(ask: Ask) -> None:
    for region, wanted in (("BE", "berlin"), ("NI", "niedersachsen"), ("HE", "bayern")):
        cf = json.dumps({"regionCode": region})
        answer = ask("de", "/mathe-pruefungen", x_rehearsal_cf=cf)
        assert answer.headers["location"].endswith(f"/mathe-pruefungen/{wanted}")


def test_hosts_of_others_answer_from_recordings(rehearsal: Rehearsal, ask: Ask) -> None:
    assert ask("de", "/api/stats/quickbar.json").json()[0]["path"] == "/mathe"
    assert ask("de", "/api/pdf/1855").headers["content-type"] == "application/pdf"
    assert ask("assets", "/5f0f/name.png").headers["content-type"] == "image/png"
    for video, kind in (
        ("sddefault-1", "image/jpeg"),
        ("hqdefault-1", "image/jpeg"),
        ("none0000000", "image/png"),
    ):
        assert ask("embed", f"{EMBED}{video}").headers["content-type"] == kind

    down: list[dict[str, Any]] = [{"url": "https://serlo.github.io/", "status": 503}]
    added = rehearsal.folder / "cloudflare" / "answers.json"
    added.write_text(json.dumps(down))
    try:
        # The rule declines, and the frontend answers in its place.
        assert ask("de", "/api/stats/quickbar.json").json()["service"] == "frontend"
    finally:
        added.unlink()
