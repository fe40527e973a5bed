"""Others' judges find nothing in any stack, but for the exceptions that stand in one file.

The real stacks are judged, and those of the tests, by which exceptions are known to be needed.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.program import run_program
from operations.render import text_of
from tests.judges.judges import JUDGES, Finding, Rendered, excuses
from tests.stack_files import STACKS, real_stack_file, stack_file

# The judges are asked once for all tests, and get their tools in the first.
pytestmark = [pytest.mark.xdist_group("judges"), pytest.mark.timeout(900), pytest.mark.real_stacks]

Findings = Callable[[str], list[Finding]]


def kubernetes_objects(file: Path) -> list[dict[str, Any]]:
    """The objects in what `serlo render` prints."""
    program = run_program(file)
    documents = yaml.safe_load_all(text_of(program))
    return [document for document in documents if "apiVersion" in document]


def spoilt(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """A Deployment that no judge can like."""
    bad = deepcopy(next(entry for entry in objects if entry["kind"] == "Deployment"))
    bad["spec"]["replicaz"] = 2
    container = bad["spec"]["template"]["spec"]["containers"][0]
    container["securityContext"] = {"privileged": True}
    return bad


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What a judge says about all stacks, and about a bad one."""
    folder = tmp_path_factory.mktemp("rendered")
    stacks = [
        Rendered.write(stack, kubernetes_objects(file(stack)), folder / name)
        for name, file in (("real", real_stack_file), ("fixed", stack_file))
        for stack in STACKS
    ]
    bad = Rendered.write("bad", [spoilt(list(stacks[-1].objects))], folder)

    @cache
    def ask(tool: str) -> list[Finding]:
        return sorted(set(JUDGES[tool]([*stacks, bad])))

    return ask


@pytest.mark.parametrize("tool", JUDGES)
def test_a_judge_finds_nothing_that_is_not_excepted(tool: str, found: Findings) -> None:
    excepted = excuses()
    left = [
        str(finding)
        for finding in found(tool)
        if finding.stack in STACKS and not any(excuse.covers(finding) for excuse in excepted)
    ]
    assert not left, "\n".join(["mend these, or see tests/judges/exceptions.yaml:", *left])


def test_every_exception_is_needed_and_has_a_reason(found: Findings) -> None:
    findings = [entry for tool in JUDGES for entry in found(tool) if entry.stack in STACKS]
    for excuse in excuses():
        assert len(excuse.reason) > 20, excuse
        needed = any(excuse.covers(finding) for finding in findings)
        assert needed, f"this excuses nothing any more, so it can go: {excuse}"


@pytest.mark.parametrize(
    ("tool", "check"),
    [
        ("kubernetes-validate", "schema"),
        ("kube-score", "container-security-context-privileged"),
    ],
)
def test_a_judge_sees_what_is_wrong(tool: str, check: str, found: Findings) -> None:
    assert (check, "bad") in {(finding.check, finding.stack) for finding in found(tool)}
