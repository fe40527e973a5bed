"""The command `serlo graph`."""

from typing import Annotated

from cyclopts import Parameter

from operations.declared.snapshot import take
from operations.declared.stack_files import existing_stack
from operations.errors import CommandError, reports_errors
from operations.support.output import working
from operations.topology.mermaid import mermaid
from operations.topology.model import graph as topology_of
from operations.topology.svg import svg


@reports_errors
def graph(
    *,
    stack: str = "production",
    as_svg: Annotated[bool, Parameter("--svg")] = False,
    as_mermaid: Annotated[bool, Parameter("--mermaid")] = False,
) -> None:
    """Print a stack's topology: edge, routes, services with versions, allowed calls, data stores.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    as_svg
        As a picture.
    as_mermaid
        As the text of a Mermaid diagram, which is the default.
    """
    if as_svg and as_mermaid:
        raise CommandError(
            "--svg and --mermaid exclude each other", remedy="Give only one of them."
        )
    with working(f"reading what {stack} declares"):
        snapshot = take(stack, existing_stack(stack))
    if snapshot.problem is not None:
        raise CommandError(snapshot.problem)
    topology = topology_of(snapshot)
    print(svg(topology, f"The platform in {stack}") if as_svg else mermaid(topology))
