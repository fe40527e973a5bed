"""`serlo unready`: which pods are not ready, in the words of the kubelet and the scheduler."""

from pathlib import Path

from operations.declared.stack_files import existing_stack
from operations.errors import FOUND, CommandError, reports_errors
from operations.platform.unready import unready_pods
from operations.releases.running import LiveError, pods_of_stack
from operations.support.output import print_text


@reports_errors
def unready(*, stack: str, rehearsal: Path | None = None) -> None:
    """Print the pods that are not ready, and why; exit code 2 if there are any.

    What Pulumi says of a failed rollout names the Deployment, not always the pod.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    rehearsal
        The folder of a rehearsal to look at, instead of the real cluster.
    """
    try:
        pods = pods_of_stack(existing_stack(stack), rehearsal)
    except LiveError as error:
        raise CommandError(f"which pods of {stack} are ready is not known: {error}") from None
    lines = unready_pods(pods)
    if not lines:
        print_text("All pods are ready.")
        return
    print_text("\n".join(["Pods that are not ready:", *(f"  {line}" for line in lines)]))
    raise SystemExit(FOUND)
