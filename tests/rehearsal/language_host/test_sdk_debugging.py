"""The SDK's own debug messages cost a call to the engine each: they are sent only if asked for."""

from typing import Any

import pytest

PROGRAM = """
import pulumi

class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("probe:index:Part", name)
        self.register_outputs({})

parts = [Part(f"part-{n}") for n in range(3)]
parts[0].urn.apply(lambda urn: Part("later"))
pulumi.export("parts", [part.urn for part in parts])
"""


@pytest.mark.parametrize("asked", [False, True])
def test_debug_messages(project: Any, asked: bool) -> None:
    project.program(PROGRAM)
    if asked:
        project.environment["SERLO_PROGRAM_DEBUG"] = "1"
    status, output = project.run("up", "--yes", "--skip-preview", "--debug")
    assert status == 0, output
    assert ("registering resource: ty=probe:index:Part" in output) == asked
    assert "+ 5 created" in output  # the stack, three parts, and the one declared in an apply
