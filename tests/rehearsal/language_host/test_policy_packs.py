from typing import Any

import pytest

PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

import reasons


def validate(arguments, report):
    report(f"{{reasons.REASON}}: {{arguments.resource_type}}")


PolicyPack(
    name="probe",
    policies=[
        ResourceValidationPolicy(
            name="no-stacks",
            description="Stacks are not liked here.",
            enforcement_level=EnforcementLevel.{level},
            validate=validate,
        )
    ],
)
"""


def write_pack(project: Any, text: str) -> None:
    runtime = (project.folder / "Pulumi.yaml").read_text().splitlines()[1]
    project.write("policy/PulumiPolicy.yaml", f"{runtime}\nversion: 1.0.0\n")
    project.write("policy/__main__.py", text)
    project.write("policy/reasons.py", "REASON = 'a module beside the pack'\n")


@pytest.mark.parametrize(("level", "passes"), [("MANDATORY", False), ("ADVISORY", True)])
def test_a_pack_judges_a_preview(project: Any, level: str, passes: bool) -> None:
    write_pack(project, PACK.format(level=level))
    status, output = project.run("preview", "--policy-pack", "policy")
    assert (status == 0) is passes, output
    assert f"[{level.lower()}]  no-stacks" in output
    assert "a module beside the pack: pulumi:pulumi:Stack" in output


def test_a_pack_that_raises_shows_its_traceback(project: Any) -> None:
    write_pack(project, "raise ValueError('broken pack')\n")
    status, output = project.run("preview", "--policy-pack", "policy")
    assert status != 0
    assert "ValueError: broken pack" in output
    assert "failed to start" in output
