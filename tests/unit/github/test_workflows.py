"""The workflows keep the promises of docs/decisions/0019-github.md."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from operations.github.comment import ARTIFACT, FULLER, MARK, MEMBER
from operations.github.newest import DEPLOYED
from tests.unit.github.workflows import (
    ACTIONS,
    GITHUB,
    JOBS,
    NAMES,
    ROOT,
    USES,
    WORKFLOWS,
    Job,
    job,
    workflow,
)
from toolchain.catalogue import PULUMI
from toolchain.resolver import resolve

BIN = ROOT / ".venv" / "bin"


# --- Others' judges ---


def _actionlint(files: list[Path]) -> subprocess.CompletedProcess[str]:
    shellcheck = BIN / "shellcheck"  # not there on every platform
    command = [
        *(str(resolve("actionlint").path), "-no-color", "-pyflakes="),
        f"-shellcheck={shellcheck if shellcheck.exists() else ''}",
    ]
    # From where it finds the actions of this repository.
    return subprocess.run(
        [*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def _zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(BIN / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic"),
            *("--config", str(GITHUB / "zizmor.yml"), str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.tools
@pytest.mark.timeout(900)  # it may have to be built
def test_actionlint_finds_nothing() -> None:
    done = _actionlint(WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    done = _zizmor(GITHUB)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.tools
@pytest.mark.timeout(900)
def test_actionlint_would_find_something(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yml"
    text = (GITHUB / "workflows" / "deploy.yml").read_text()
    file.write_text(text.replace("needs: plan\n", "needs: plant\n"))
    done = _actionlint([file])
    assert done.returncode == 1
    assert "plant" in done.stdout


@pytest.mark.parametrize(
    ("workflow_name", "before", "after", "finding"),
    [
        ("checks", "permissions: {}", "permissions: write-all", "excessive-permissions"),
        (
            "review",
            "run: make install",
            "run: echo ${{ github.event.pull_request.title }}",
            "template-injection",
        ),
        ("comment", "# zizmor: ignore[dangerous-triggers]", "#", "dangerous-triggers"),
        ("checks", "de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6", "unpinned-uses"),
    ],
)
def test_zizmor_would_find_something(
    tmp_path: Path, workflow_name: str, before: str, after: str, finding: str
) -> None:
    shutil.copytree(GITHUB, tmp_path / ".github")
    file = tmp_path / ".github" / "workflows" / f"{workflow_name}.yml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    done = _zizmor(tmp_path / ".github")
    assert done.returncode != 0
    assert finding in done.stdout


# --- Pins ---


def test_actions_are_pinned_by_commit_each_to_one_version() -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    for file in (*WORKFLOWS, *ACTIONS):
        for match in USES.finditer(file.read_text()):
            if match["action"].startswith("./"):
                assert (ROOT / match["action"] / "action.yml").is_file()
                continue
            assert re.fullmatch(r"[0-9a-f]{40}", match["commit"] or ""), match[0]
            assert re.fullmatch(r"v\d+\.\d+\.\d+", match["version"] or ""), match[0]
            pins.setdefault(match["action"], set()).add((match["commit"], match["version"]))
    assert "actions/checkout" in pins
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_the_pulumi_that_deploys_is_the_one_of_rehearsals() -> None:
    text = (GITHUB / "actions" / "stack" / "action.yml").read_text()
    assert re.findall(r"pulumi-version: (\S+)", text) == [PULUMI.removeprefix("v")]


# --- Rights ---


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_no_rights_and_its_jobs_have_their_own(name: str) -> None:
    found = workflow(name)
    assert found["permissions"] == {}
    assert found["name"] == name
    assert found["defaults"]["run"]["shell"] == "bash"  # else `false | true` is fine
    for content in found["jobs"].values():
        assert content["permissions"]
        assert content["timeout-minutes"] <= 60
        assert content["runs-on"] == "ubuntu-24.04"
        assert "concurrency" in content or "concurrency" in found or "needs" in content


@pytest.mark.parametrize("one", JOBS, ids=str)
def test_nobody_can_reach_the_cloud_and_write_at_github(one: Job) -> None:
    if "id-token" in one.writes:
        assert one.writes == {"id-token"}
        assert "environment" in one.content
    else:
        assert "environment" not in one.content
    assert one.writes <= {"id-token", "issues", "pull-requests"}
    assert len(one.writes) <= 1
    for step in one.steps:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
            assert "ref" not in step["with"]


def test_there_is_no_secret() -> None:
    for file in (*WORKFLOWS, *ACTIONS):
        text = file.read_text()
        assert "secrets." not in text
        assert "pull_request_target" not in text
        assert "credentials_json" not in text


@pytest.mark.parametrize("name", [name for name in NAMES if "pull_request" in workflow(name)["on"]])
def test_pull_requests_of_forks_run_without_rights(name: str) -> None:
    for one in (one for one in JOBS if one.workflow == name):
        if one.permissions == {"contents": "read"}:
            continue
        own_branch = "github.event.pull_request.head.repo.full_name == github.repository"
        assert one.content["if"] == own_branch


@pytest.mark.parametrize("one", JOBS, ids=str)
def test_scripts_contain_no_expressions(one: Job) -> None:
    for step in one.steps:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("one", JOBS, ids=str)
def test_modules_that_are_run_exist(one: Job) -> None:
    for step in one.steps:
        for module in re.findall(r"-m (operations\S+)", step.get("run", "")):
            assert importlib.util.find_spec(module)


# --- What is done, and in which order ---


def test_checks_are_those_of_a_laptop() -> None:
    assert job("checks", "test").runs(".ci/run")
    assert workflow("checks")["on"] == {"pull_request": None, "push": {"branches": ["main"]}}


def test_the_comment_is_written_after_the_workflows_that_leave_a_text() -> None:
    on: dict[str, Any] = workflow("comment")["on"]
    assert on == {"workflow_run": {"workflows": ["review", FULLER], "types": ["completed"]}}
    for one in (job("review", "review"), job(FULLER, "rehearse")):
        uploads = [step["with"] for step in one.steps if "upload-artifact" in step.get("uses", "")]
        upload = next(one for one in uploads if one["name"] == ARTIFACT)
        assert Path(upload["path"]).name == MEMBER
        assert one.runs(f"> {upload['path']}")
    assert f'"{MARK}"' in (ROOT / "operations" / "review" / "markdown.py").read_text()


def test_what_comments_runs_nothing_of_the_pull_request() -> None:
    steps = job("comment", "comment").steps
    assert [step.get("uses", "").partition("@")[0] for step in steps] == ["actions/checkout", ""]
    assert steps[1]["run"] == "python3 -m operations.github.comment"


def test_production_follows_staging_one_at_a_time() -> None:
    staging, plan, production = (job("deploy", name) for name in ("staging", "plan", "production"))
    assert plan.content["needs"] == "staging"
    assert production.content["needs"] == "plan"
    assert staging.content["environment"] == "staging"
    assert production.content["environment"] == "production"
    assert plan.content["environment"] == "read-production"
    for one in (staging, production):
        assert one.content["concurrency"]["cancel-in-progress"] is False
        assert one.runs(f"pulumi up --stack {one.name} --yes")
        last = one.steps[-1]
        assert last["run"] == f".venv/bin/serlo unready --stack {one.name}"
        assert last["if"] == "failure() && steps.up.outcome == 'failure'"
        order = [step.get("run", step.get("uses")) for step in one.steps]
        assert order.index("python3 -m operations.github.newest") < order.index(
            "./.github/actions/stack"
        )
    assert not plan.runs("pulumi up")
    assert plan.runs("serlo drift --stack production --markdown")
    on = workflow("deploy")["on"]
    assert list(on) == ["push"]
    assert on["push"]["branches"] == ["main"]


@pytest.mark.parametrize("one", JOBS, ids=str)
def test_every_preview_and_update_is_judged_by_the_policy_pack(one: Job) -> None:
    for step in one.steps:
        for command in re.findall(r"pulumi (?:preview|up) (?:.|\\\n)*", step.get("run", "")):
            # What only counts changes is judged in the step before it.
            assert "--policy-pack policy/" in command or "--json" in command


def test_only_the_deployment_changes_anything() -> None:
    updating = {str(one) for one in JOBS if one.runs("pulumi up")}
    assert updating == {"deploy.staging", "deploy.production"}


def test_the_paths_that_trigger_are_those_that_are_compared() -> None:
    paths: list[str] = workflow("deploy")["on"]["push"]["paths"]
    assert workflow("preview")["on"]["pull_request"]["paths"] == paths
    *included, excluded = paths
    files = [path.replace("**", "some/file.py") for path in included]
    assert all(DEPLOYED.fullmatch(file) for file in files)
    alternatives = DEPLOYED.pattern.replace("(infra|stacks)", "infra|stacks").split("|")
    assert len(alternatives) == len(included)
    assert not DEPLOYED.fullmatch("docs/infra/x")
    # Prose deploys nothing.
    assert excluded == "!**.md"
    assert not DEPLOYED.fullmatch("infra/README.md")
    for path in included:
        assert (ROOT / path.removesuffix("/**")).exists()


def test_drift_is_looked_for_every_night() -> None:
    assert "schedule" in workflow("drift")["on"]
    assert job("drift", "look").content["strategy"]["matrix"]["stack"] == ["staging", "production"]
    assert job("drift", "tell").runs("operations.github.issue out staging production")
    assert job("drift", "tell").writes == {"issues"}
