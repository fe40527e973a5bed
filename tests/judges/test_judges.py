"""Others' judges find nothing in any stack, but for the exceptions that stand in one file.

The real stacks are judged, and those of the tests, by which exceptions are known to be needed.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from operations.declared.program import run_program
from operations.declared.rendering import kubernetes_objects
from tests.judges.judges import JUDGES, Finding, Rendered, excuses
from tests.stack_files import STACKS, real_stack_file, stack_file

# The judges run once for all tests, and get their tools in the first.
pytestmark = [pytest.mark.xdist_group("judges"), pytest.mark.timeout(900), pytest.mark.real_stacks]

# kubernetes-validate is a Python package: it is among the fast tests.
KUBE_SCORE = pytest.mark.tools

Findings = Callable[[str], list[Finding]]


def spoilt(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A Deployment that no judge can like."""
    bad = deepcopy(next(entry for entry in objects if entry["kind"] == "Deployment"))
    bad["spec"]["replicaz"] = 2
    container = bad["spec"]["template"]["spec"]["containers"][0]
    container["securityContext"] = {"privileged": True}
    return bad


@pytest.fixture(scope="module")
def found() -> Findings:
    """What a judge says about all stacks, and about a bad one."""
    stacks = [
        Rendered(stack, kubernetes_objects(run_program(file(stack)).registrations))
        for file in (real_stack_file, stack_file)
        for stack in STACKS
    ]
    bad = Rendered("bad", [spoilt(stacks[-1].objects)])

    @cache
    def ask(tool: str) -> list[Finding]:
        return sorted(set(JUDGES[tool]([*stacks, bad])))

    return ask


@pytest.mark.parametrize(
    "tool", ["kubernetes-validate", pytest.param("kube-score", marks=KUBE_SCORE)]
)
def test_a_judge_finds_nothing_that_is_not_excepted(tool: str, found: Findings) -> None:
    excepted = excuses()
    left = [
        str(finding)
        for finding in found(tool)
        if finding.stack in STACKS and not any(excuse.covers(finding) for excuse in excepted)
    ]
    assert not left, "\n".join(["fix these, or see tests/judges/exceptions.yaml:", *left])


@KUBE_SCORE
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
        pytest.param("kube-score", "container-security-context-privileged", marks=KUBE_SCORE),
    ],
)
def test_a_judge_sees_what_is_wrong(tool: str, check: str, found: Findings) -> None:
    assert (check, "bad") in {(finding.check, finding.stack) for finding in found(tool)}
