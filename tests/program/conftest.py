"""Running the real program against a recorder, once per stack or for a changed stack file."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.recorder import Program, Registration
from k8s.properties import Secret
from operations.declared.program import run_program
from tests.stack_files import STACKS, Edit, changed_stack_file, stack_file

ChangedStack = Callable[..., Path]

REHEARSAL: Edit = (
    "  serlo:cloudflare:\n",
    "  serlo:cloudflare:\n    base-url: http://127.0.0.1:1\n",
)
"""What makes a stack file one of a rehearsal, which may hold placeholders."""

_programs: dict[str, Program] = {}


def program_of(stack: str) -> Program:
    """What a stack of the tests registers."""
    if stack not in _programs:
        _programs[stack] = run_program(stack_file(stack))
    return _programs[stack]


@pytest.fixture(params=STACKS)
def program(request: pytest.FixtureRequest) -> Program:
    """What each stack registers, one after the other."""
    return program_of(request.param)


@pytest.fixture
def changed_stack(tmp_path: Path) -> ChangedStack:
    """A copy of a stack file with some text replaced."""

    def change(stack: str, *edits: Edit) -> Path:
        return changed_stack_file(tmp_path, stack, *edits)

    return change


def of_kind(program: Program, kind: str) -> list[Registration]:
    """All registrations whose type ends in `kind`, such as Deployment or DnsRecord."""
    return [entry for entry in program.registrations if entry.type.endswith(f":{kind}")]


def by_key(program: Program) -> dict[tuple[str, str], Registration]:
    """Registrations by type and name, which no two share."""
    keyed = {(entry.type, entry.name): entry for entry in program.registrations}
    assert len(keyed) == len(program.registrations)
    return keyed


def changed(before: Program, after: Program) -> set[tuple[str, str]]:
    """The types and names of resources that differ, came or went."""
    old, new = by_key(before), by_key(after)
    return {
        key
        for key in old.keys() | new.keys()
        if key not in old or key not in new or old[key].properties != new[key].properties
    }


def named(program: Program, kind: str, name: str) -> Registration:
    """The only registration of a kind and name."""
    (only,) = (entry for entry in of_kind(program, kind) if entry.name == name)
    return only


def pod_templates(program: Program) -> Iterator[tuple[Registration, Mapping[str, Any]]]:
    """Everything that makes pods, and the template it makes them by."""
    for kind in ("Deployment", "StatefulSet", "Job", "CronJob"):
        for entry in of_kind(program, kind):
            spec = entry.properties["spec"]
            yield entry, (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]


def container(runner: Registration) -> Mapping[str, Any]:
    """The main container of what makes pods, which is the first."""
    return runner.properties["spec"]["template"]["spec"]["containers"][0]


def open_texts(value: Any) -> Iterator[str]:
    """Every text in a value that is not wrapped as a secret."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, member in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(key)  # pyright: ignore[reportUnknownArgumentType]
            yield from open_texts(member)
    elif isinstance(value, list):
        for element in value:  # pyright: ignore[reportUnknownVariableType]
            yield from open_texts(element)
    else:
        assert value is None or isinstance(value, (bool, int, float, Secret)) or repr(value)
