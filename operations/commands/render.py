"""`serlo render`: every resource of a stack as text, without cluster and credentials."""

from operations.declared.program import run_program
from operations.declared.rendering import kubernetes_text, text_of
from operations.declared.stack_files import existing_stack
from operations.errors import reports_errors
from operations.support.output import print_text, working, write_out


@reports_errors
def render(*, stack: str, kubernetes: bool = False) -> None:
    """Print every Kubernetes object of a stack as YAML, then Cloudflare's resources as JSON.

    One stream of YAML documents (JSON is YAML), in a stable order, with secrets redacted. Needs no
    cluster.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    kubernetes
        Leave Cloudflare's resources out: for `kubectl apply --dry-run=server -f -`.
    """
    with working(f"reading what {stack} declares"):
        program = run_program(existing_stack(stack))
    for warning in program.warnings:
        print_text(f"note: {warning}", on_error=True)
    write_out(kubernetes_text(program) if kubernetes else text_of(program))
