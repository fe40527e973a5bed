"""The command `serlo graph`."""

from typing import Annotated

from cyclopts import Parameter

from operations.declared.snapshot import take
from operations.declared.stack_files import stack_file
from operations.support.output import print_text, working
from operations.topology.mermaid import mermaid
from operations.topology.model import graph as topology_of
from operations.topology.svg import svg


def graph(
    *,
    stack: str = "production",
    as_svg: Annotated[bool, Parameter("--svg", negative="")] = False,
    as_mermaid: Annotated[bool, Parameter("--mermaid", negative="")] = False,
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
        print_text("--svg and --mermaid exclude each other: choose one.", on_error=True)
        raise SystemExit(1)
    with working(f"reading what {stack} declares"):
        snapshot = take(stack, stack_file(stack))
    if snapshot.problem is not None:
        print_text(snapshot.problem, on_error=True)
        raise SystemExit(1)
    topology = topology_of(snapshot)
    print(svg(topology, f"The platform in {stack}") if as_svg else mermaid(topology))
