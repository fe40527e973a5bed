"""What this checkout's program registers, with secrets and unknown values told apart."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra import recorder
from infra.recorder import Program, ProgramError, Registration
from k8s.properties import from_plain


def run_program(
    stack_file: Path,
    *,
    secrets: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    cluster_uid: str | None = None,
    found: Mapping[str, Mapping[str, Any]] | None = None,
) -> Program:
    """Run the program as `infra.recorder.run_program` does; raises ProgramError.

    In the properties, `Secret` wraps secret values, and `UNKNOWN` stands for values that are only
    known after an update.
    """
    try:
        program = recorder.run_program(
            stack_file, secrets=secrets, config=config, cluster_uid=cluster_uid, found=found
        )
    except ProgramError as error:
        raise ProgramError(str(error), opened(error.registrations)) from None
    return replace(program, registrations=opened(program.registrations))


def opened(registrations: Iterable[Registration]) -> tuple[Registration, ...]:
    """The registrations with their properties as Python values instead of plain JSON."""
    return tuple(replace(entry, properties=from_plain(entry.properties)) for entry in registrations)
