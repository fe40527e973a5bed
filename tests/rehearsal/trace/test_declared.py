"""`serlo trace` and `serlo routes` by the declarations alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.routing.model import Exact, PassThrough, Rule
from infra.routing.table import RULES
from infra.stack import current
from operations.commands.routes import markdown_of, routes
from operations.commands.trace import trace
from operations.commands.worker import worker
from operations.routing import managed_worker
from operations.routing.table import rules_in_words
from tests.stack_files import changed_stack_file

CHECKOUT = Path(__file__).parents[3]


def _document(capsys: pytest.CaptureFixture[str], url: str, **more: Any) -> dict[str, Any]:
    trace(url, json=True, rehearsal=False, **more)
    return json.loads(capsys.readouterr().out)


def test_from_the_record_to_the_pods(capsys: pytest.CaptureFixture[str]) -> None:
    found = _document(capsys, "https://de.serlo.org/mathe")
    assert found["stack"] == "production"
    assert found["record"]["host"] == "de.serlo.org"
    assert found["route"] == {
        "label": "all-hosts",
        "pattern": "*serlo.org/*",
        "script": "serlo-production",
    }
    assert [step["rule"] for step in found["steps"] if step["fits"]] == ["subject-mathe"]
    decision = found["decision"]
    assert decision["rule"] == "subject-mathe"
    assert decision["place"].startswith("infra/routing/table.py:")
    assert decision["outcome"]["urls"] == ["https://frontend.serlo.org/mathe"]
    assert decision["outcome"]["headers"]["x-serlo-edge"] == "[ORIGIN_SECRET]"
    (backend,) = found["backends"]
    assert (backend["http_route"], backend["service"]) == ("frontend/frontend",) * 2
    assert [pods["kind"] for pods in backend["pods"]] == ["Deployment"]


@pytest.mark.parametrize(
    ("url", "more", "rule"),
    [
        ("https://de.serlo-staging.dev/1", {}, "alias"),
        ("https://api.serlo-staging.dev/graphql", {"method": "post"}, "graphql"),
        ("https://de.serlo.org/mathe-pruefungen", {"region": "BB"}, "exams-brandenburg"),
        ("HTTP://DE.SERLO.ORG:80/a/../b", {}, "https"),
        ("https://de.serlo-staging.dev/disable-frontend", {}, "disable-frontend"),
        (
            "https://de.serlo-staging.dev/entity/repository/add-revision/1",
            {"cookie": ("useLegacyEditor=1",)},
            "legacy-editor",
        ),
        (
            "https://de.serlo-staging.dev/entity/repository/add-revision/1",
            {"header": ("Cookie: useLegacyEditor=1",)},
            "legacy-editor",
        ),
    ],
)
def test_what_the_request_says_counts(
    capsys: pytest.CaptureFixture[str], url: str, more: dict[str, Any], rule: str
) -> None:
    assert _document(capsys, url, **more)["decision"]["rule"] == rule


def test_a_bypass_leads_past_the_worker(capsys: pytest.CaptureFixture[str]) -> None:
    found = _document(capsys, "https://community.serlo.org/websocket")
    assert found["route"]["script"] is None
    assert found["decision"] is None


def test_what_a_worker_of_others_does_is_not_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    edit = ("  serlo:edge:\n", "  serlo:edge:\n    script: others\n")
    file = changed_stack_file(tmp_path, "local", edit)
    found = _document(capsys, "https://de.serlo.localhost/", stack=str(file))
    assert found["route"]["script"] == "others"
    assert (found["decision"], found["backends"]) == (None, [])
    trace("https://de.serlo.localhost/", stack=str(file), rehearsal=False)
    assert "others, which is published from elsewhere" in capsys.readouterr().out
    for refused in (
        lambda: routes(stack=str(file)),
        lambda: worker(stack=str(file), output=tmp_path / "worker"),
    ):
        with pytest.raises(SystemExit):
            refused()
        assert "is others, which is published from elsewhere" in capsys.readouterr().err


def _trace(_: Path) -> None:
    trace("https://de.serlo.org/impressum", rehearsal=False)


def _routes(_: Path) -> None:
    routes(stack="production")


def _worker(folder: Path) -> None:
    worker(stack="production", output=folder / "worker")


@pytest.mark.parametrize("command", [_trace, _routes, _worker])
def test_a_table_with_mistakes_explains_nothing(
    command: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No update would take it, so what it says holds nowhere."""
    late = Rule("too-late", ("de",), Exact("/impressum"), PassThrough())
    monkeypatch.setattr(managed_worker, "RULES", (*RULES, late))
    monkeypatch.setattr(current, "RULES", (*RULES, late))
    with pytest.raises(SystemExit):
        command(tmp_path)
    told = capsys.readouterr().err
    assert "1 mistake in the routing table:\n" in told
    assert "too-late: never answers, since " in told
    assert not (tmp_path / "worker").exists()


def test_legacy_answers_through_varnish(capsys: pytest.CaptureFixture[str]) -> None:
    found = _document(capsys, "https://de.serlo-staging.dev/a", cookie=("useLegacyFrontend=true",))
    otherwise = found["decision"]["otherwise"]
    assert otherwise["rule"] == "legacy-opt-out"
    assert found["backends"][0]["service"].endswith("/varnish")


def test_the_text_folds_what_is_of_no_interest(capsys: pytest.CaptureFixture[str]) -> None:
    trace("https://de.serlo.org/mathe", rehearsal=False)
    text = capsys.readouterr().out
    assert text.startswith("GET https://de.serlo.org/mathe (production)\nrecord     de.serlo.org ")
    assert "✗ https (infra/routing/table.py:" in text
    assert "rules are for other hosts" in text
    assert "version " in text
    assert len(text.splitlines()) < 20


@pytest.mark.parametrize(
    ("url", "more", "said"),
    [
        ("de.serlo.org/mathe", {}, "is not a URL such as"),
        ("https://serlo.org.evil.example/", {}, "is in none of these zones: "),
        ("https://de.serlo.org/", {"stack": "staging"}, "none of these zones: serlo-staging.dev"),
        ("https://de.serlo.org/", {"stack": "prod"}, "there is no stack prod; there are local"),
        ("https://de.serlo.org/", {"header": ("x",)}, 'write it as "Name: value"'),
        ("https://de.serlo.org/", {"cookie": ("x",)}, "write it as name=value"),
        ("https://de.serlo.org/", {"base": "no-such-ref"}, "git knows no 'no-such-ref'"),
    ],
)
def test_what_makes_no_sense_is_said_so(
    url: str, more: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        trace(url, rehearsal=False, **more)
    assert said in capsys.readouterr().err


def test_base_compares_with_another_ref(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--shared", CHECKOUT, clone], check=True)
    table = clone / "infra" / "routing" / "redirects.py"
    old = '"/impressum", "https://de.serlo.org/legal"'
    text = table.read_text()
    assert old in text
    # A comment above moves the place of every rule below, which is no change.
    table.write_text(
        "# A line.\n" + text.replace(old, '"/impressum", "https://en.serlo.org/legal"')
    )
    shutil.rmtree(clone / ".rehearsal", ignore_errors=True)
    impressum = _in(clone, "https://de.serlo.org/impressum", "--base", "HEAD", "--json")
    found = json.loads(impressum)
    assert found["changed"] == ["decision"]
    assert found["before"]["decision"]["outcome"]["location"] == "https://de.serlo.org/legal"
    assert found["after"]["decision"]["outcome"]["location"] == "https://en.serlo.org/legal"
    said = _in(clone, "https://de.serlo.org/impressum", "--base", "HEAD")
    assert said.startswith("before, at HEAD: GET https://de.serlo.org/impressum (production)\n")
    assert said.endswith("\nchanged: decision\n")
    imprint = _in(clone, "https://de.serlo.org/imprint", "--base", "HEAD")
    assert imprint.endswith("\nsame at HEAD\n")


def _in(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "operations.command", "trace", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_whole_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    routes(json=True)
    found = json.loads(capsys.readouterr().out)
    assert [row["rule"] for row in found] == [rule.name for rule in RULES]
    assert all(row["place"].startswith("infra/routing/") and row["action"] for row in found)
    lines = markdown_of(rules_in_words()).splitlines()
    assert len(lines) == len(RULES) + 2
    assert all(line.replace("\\|", "").count("|") == 8 for line in lines)


def test_a_stacks_table_has_what_holds_there(capsys: pytest.CaptureFixture[str]) -> None:
    routes(stack="staging")
    text = capsys.readouterr().out
    assert "no-robots" in text
    assert "robots-with-sitemap" not in text
    assert "infra/routing/legacy_split.py:" in text
    routes(stack="local", json=True)
    local = {row["rule"]: row for row in json.loads(capsys.readouterr().out)}
    # There is no legacy there.
    assert local["content"]["action"] == "frontend"
    assert "enable-frontend" not in local
