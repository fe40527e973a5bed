"""`serlo render`: every resource of a stack as text, without cluster and credentials."""

from typing import Annotated

from cyclopts import Parameter

from infra.recorder import ProgramError
from operations.declared.program import run_program
from operations.declared.rendering import kubernetes_text, text_of
from operations.declared.stack_files import stack_file
from operations.support.output import print_text, working, write_out


def render(stack: str, *, kubernetes: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Print every Kubernetes object of a stack as YAML, then Cloudflare's resources as JSON.

    One stream of YAML documents (JSON is YAML). Secrets are redacted, the order is stable, nothing
    is asked of a cluster.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    kubernetes
        Leave Cloudflare's resources out: for `kubectl apply --dry-run=server -f -`.
    """
    try:
        with working(f"reading what {stack} declares"):
            program = run_program(stack_file(stack))
    except ProgramError as error:
        print_text(str(error), on_error=True)
        raise SystemExit(1) from None
    for warning in program.warnings:
        print_text(f"note: {warning}", on_error=True)
    write_out(kubernetes_text(program) if kubernetes else text_of(program))
