"""The one error of all commands, the exit codes, and the one place that prints errors."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from operations.support.output import print_text

FINE, FAILED, FOUND = 0, 1, 2
"""The exit codes of every command; operations/command.py says what they mean."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class CommandError(Exception):
    """Why a command cannot do what it was asked for.

    Each of `reasons` says what happened and where; `remedy` how to solve it.
    """

    def __init__(self, *reasons: str, remedy: str = "", exit_code: int = FAILED) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        self.remedy = remedy
        self.exit_code = exit_code
        super().__init__("\n".join([*self.reasons, *([remedy] if remedy else [])]))


def reports_errors(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a command print its errors to standard error and end with their exit code."""

    @wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> _R:
        try:
            return command(*arguments, **options)
        except CommandError as error:
            _end(command.__name__, error)
        except Exception as error:
            if not isinstance(error, _expected()):
                raise
            _end(command.__name__, CommandError(str(error)))

    return run


def _end(function: str, error: CommandError) -> NoReturn:
    name = function.removesuffix("_value")
    if len(error.reasons) == 1:
        text = f"serlo {name}: {error.reasons[0]}"
    else:
        text = "\n".join([f"serlo {name}:", *(f"- {reason}" for reason in error.reasons)])
    print_text("\n".join([text, *([error.remedy] if error.remedy else [])]), on_error=True)
    sys.exit(error.exit_code)


def _expected() -> tuple[type[Exception], ...]:
    """Errors of the packages below, whose messages are complete. Imported only when one is met."""
    from infra.declaration.checks import DeclarationError  # noqa: PLC0415
    from infra.declaration.release import ReleaseError  # noqa: PLC0415
    from infra.edge.checks.table import RoutingError  # noqa: PLC0415
    from infra.edge.simulator.request import EdgeRequestError  # noqa: PLC0415
    from infra.recorder import ProgramError  # noqa: PLC0415
    from infra.stack.file import StackFileError  # noqa: PLC0415
    from rehearsal.supervisor import StartFailed  # noqa: PLC0415
    from toolchain.errors import ToolError  # noqa: PLC0415

    return (
        *(DeclarationError, ProgramError, ReleaseError, RoutingError, StackFileError),
        *(StartFailed, ToolError, EdgeRequestError),
    )
