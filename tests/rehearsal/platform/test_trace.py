"""`serlo trace` against a rehearsal: what is declared, what answers, and where both differ."""

import json
import subprocess
from typing import Any

import pytest

from .conftest import Rehearsal

pytestmark = pytest.mark.xdist_group("platform-local")


@pytest.fixture
def rehearsal(local: Rehearsal) -> Rehearsal:
    return local


def _trace(rehearsal: Rehearsal, url: str, *more: str) -> "subprocess.CompletedProcess[str]":
    command = rehearsal.serlo("trace", url, "--stack", str(rehearsal.stack_file), *more)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _document(rehearsal: Rehearsal, url: str, *more: str) -> dict[str, Any]:
    done = _trace(rehearsal, url, "--json", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("host", "path", "service", "asked"),
    [
        ("de.", "/mathe", "frontend", "frontend.{}/mathe"),
        ("de.", "/a?contentOnly", "frontend", "frontend.{}/de/content-only/a?contentOnly"),
        ("api.", "/graphql", "server", "api.{}/graphql"),
        ("kratos.", "/health", "kratos-public", "kratos.{}/health"),
    ],
)
def test_the_pod_that_answers_is_one_of_those_declared(
    rehearsal: Rehearsal, host: str, path: str, service: str, asked: str
) -> None:
    found = _document(rehearsal, f"https://{host}{rehearsal.domain}{path}")
    assert found["differences"] == []
    assert found["rehearsal"]["service"] == service
    assert found["rehearsal"]["asked"] == asked.format(rehearsal.domain)
    (backend,) = found["backends"]
    (pods,) = backend["pods"]
    assert backend["service"].endswith(f"/{service}")
    assert pods["version"] == found["rehearsal"]["version"]


@pytest.mark.parametrize(
    ("url", "more", "rule"),
    [
        ("https://de.{}/impressum", (), "impressum"),
        ("http://de.{}/impressum", (), "https"),
        ("https://de.{}/mathe-pruefungen", ("--region", "BE"), "exams-berlin"),
        ("https://{}/robots.txt", (), "no-robots"),
        # The rehearsed API knows this one.
        ("https://de.{}/1", (), "alias"),
    ],
)
def test_what_the_worker_answers_by_itself(
    rehearsal: Rehearsal, url: str, more: tuple[str, ...], rule: str
) -> None:
    found = _document(rehearsal, url.format(rehearsal.domain), *more)
    assert found["differences"] == []
    assert found["decision"]["rule"] == found["rehearsal"]["rule"] == rule


def test_a_host_without_a_record_answers_nothing(rehearsal: Rehearsal) -> None:
    found = _document(rehearsal, f"https://nowhere.{rehearsal.domain}/")
    assert (found["record"], found["rehearsal"]["status"]) == (None, 530)


def test_it_warns_where_the_rehearsal_has_another_version(rehearsal: Rehearsal) -> None:
    url = f"https://api.{rehearsal.domain}/graphql"
    text = rehearsal.stack_file.read_text()
    rehearsal.release("server", "0.52.2")
    try:
        done = _trace(rehearsal, url)
        alone = _trace(rehearsal, url, "--no-rehearsal")
    finally:
        rehearsal.stack_file.write_text(text)
    assert done.returncode == 2
    assert "warning: the rehearsal differs" in done.stderr
    assert "0.52.2" in done.stderr
    assert alone.returncode == 0
    assert "rehearsal" not in alone.stdout
