"""`serlo review` tells which image of a changed version is missing in its registry."""

import json
import os
import subprocess
from typing import Any

import pytest

from operations.releases.registry.names import ELSEWHERE
from tests.rehearsal.registry.server import RegistryServer
from tests.review.scenario import stack
from tests.review.test_command import SERLO, Repository

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]

WORKER, SERVER = "serlo/api.serlo.org/swr-queue-worker", "serlo/api.serlo.org/server"
NEW = "0.58.0"
"""A version that no other test of this registry pushes."""
BUMP = stack("staging", ("    server: 0.52.1\n", f"    server: {NEW}\n"))


@pytest.fixture(scope="module")
def bumped(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository in which the newest commit bumps a version that two images share."""
    folder = tmp_path_factory.mktemp("review")
    repository = Repository(folder / "repository", folder)
    repository.commit(*BUMP)
    return repository


def staging(repository: Repository, *arguments: str, registry: str) -> dict[str, Any]:
    """What the review says of staging."""
    done = subprocess.run(
        [SERLO, "review", "--base", "HEAD^", "--stack", "staging", "--json", *arguments],
        cwd=repository.root,
        env={"PATH": os.environ["PATH"], "HOME": str(repository.home), ELSEWHERE: registry},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)["stacks"][0]


def missing(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The images that are missing, and where their version is written."""
    return [
        (danger["what"], danger["where"])
        for danger in report["dangers"]
        if danger["kind"] == "an image is missing"
    ]


def test_an_image_that_is_missing_is_the_first_danger(
    elsewhere: RegistryServer, bumped: Repository
) -> None:
    elsewhere.push(SERVER, NEW)
    registry = os.environ[ELSEWHERE]
    ((what, where),) = missing(staging(bumped, registry=registry))
    assert what == f"ghcr.io/{WORKER} has no {NEW} in its registry"
    assert where.startswith("stacks/Pulumi.staging.yaml:")
    assert missing(staging(bumped, "--offline", registry=registry)) == []
    elsewhere.push(WORKER, NEW)
    assert missing(staging(bumped, registry=registry)) == []


def test_a_registry_that_is_silent_is_named_and_stops_nothing(bumped: Repository) -> None:
    report = staging(bumped, registry="http://127.0.0.1:1")
    assert missing(report) == []
    (release,) = report["releases"]
    (note,) = (line for line in release["changes"] if line.startswith("not known whether"))
    assert f"ghcr.io/{SERVER}:{NEW}" in note
    assert f"ghcr.io/{WORKER}:{NEW}" in note
    assert "127.0.0.1:1" in note
