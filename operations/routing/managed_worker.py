"""Before a stack's routing table is explained, printed or written: whether it holds at all."""

from infra.edge.checks.table import check_table
from infra.routing.table import RULES
from infra.stack.environment import Environment
from operations.errors import CommandError


class WorkerNotManaged(CommandError):
    """Another team publishes the stack's worker, so this repository does not have its table."""


def require_managed_worker(environment: Environment) -> None:
    """Raise RoutingError if no update would take the table, WorkerNotManaged if there is none."""
    name = environment.edge.script
    if name is not None:
        raise WorkerNotManaged(
            f"the worker of {environment.file.label} is {name}, which is published from elsewhere: "
            "its routing table is not known here. Choose another stack"
        )
    check_table(RULES, environment)
