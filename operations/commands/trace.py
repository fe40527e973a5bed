"""`serlo trace URL`: explains what answers, with the place of each decision."""

import json as json_format
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from infra.edge.checks.table import RoutingError
from infra.edge.simulator.request import Visit, VisitError
from infra.stack.environment import Environment, StackFileError
from operations.declared.recorder import ProgramError
from operations.declared.stack_files import every_stack, stack_file
from operations.routing.at_ref import BaseError, Before, trace_at
from operations.routing.document import changes, document
from operations.routing.explain import trace_declared
from operations.routing.rehearsed import NoAnswer, ask, differences, running_edge
from operations.routing.text import text_of
from operations.support.output import print_text, working, write_out

_DIFFERENT = 2


class _UsageError(ValueError):
    """What was asked makes no sense; the text says why."""


def trace(
    url: str,
    /,
    *,
    stack: str | None = None,
    cookie: tuple[str, ...] = (),
    header: tuple[str, ...] = (),
    method: str = "GET",
    region: str | None = None,
    base: str | None = None,
    folder: Path = Path(".rehearsal"),
    rehearsal: bool = True,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Explain what answers a URL: record, route, rules, upstream request, service, pods, version.

    If a rehearsal of the stack runs, it is asked too. Exit code 2: it answers otherwise than the
    declarations say.

    Parameters
    ----------
    url
        A URL of the zone, such as https://de.serlo.org/mathe.
    stack
        local, staging, production, or the path of a stack file; by default the one whose domain
        the URL has.
    cookie
        A cookie to send, such as useFrontend=0.3; may be given several times.
    header
        A header to send, such as "X-From: legacy-serlo.org"; may be given several times.
    method
        The method of the request.
    region
        Where Cloudflare places the visitor: ISO 3166-2 without the country, such as BY.
    base
        A git ref: the same for the checkout as it is there, before what is here.
    folder
        The rehearsal's state folder.
    rehearsal
        Ask the rehearsal, if one runs.
    json
        Print JSON, with every rule that was tried.
    """
    try:
        headers = _headers(cookie, header)
        visit = Visit.of(url, method=method.upper(), headers=headers, region=region)
        environment, file = _environment(visit, stack)
        with working(f"following {url}"):
            found = trace_declared(environment, file, visit)
        edge = running_edge(folder, environment.name) if rehearsal else None
        live = ask(edge, visit) if edge is not None else None
        wrong = differences(found, live) if live is not None else []
        after = document(found, live, wrong)
        before = None
        if base is not None:
            arguments = _arguments(url, str(stack or environment.name), headers, method, region)
            with working(f"following it at {base}"):
                before = trace_at(base, arguments)
    except (
        *(_UsageError, VisitError, StackFileError, RoutingError, ProgramError),
        *(FileNotFoundError, NoAnswer, BaseError),
    ) as error:
        sys.exit(f"serlo trace: {error}")
    if json:
        text = json_format.dumps(_comparison(before, after), indent=2, ensure_ascii=False)
        write_out(f"{text}\n")
    else:
        print_text(_compared(before, after, base, text_of(found, live)))
    for difference in wrong:
        print_text(f"warning: the rehearsal differs: {difference}", on_error=True)
    if wrong:
        raise SystemExit(_DIFFERENT)


def _headers(cookies: Sequence[str], headers: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in headers:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise _UsageError(f'--header "{text}": write it as "Name: value"')
        found[name.strip().lower()] = value.strip()
    for text in cookies:
        if "=" not in text:
            raise _UsageError(f'--cookie "{text}": write it as name=value')
    if cookies:
        found["cookie"] = "; ".join((*((found["cookie"],) if "cookie" in found else ()), *cookies))
    return found


def _environment(visit: Visit, stack: str | None) -> tuple[Environment, Path]:
    """The environment whose zone has the host, or the one that was named."""
    if stack is not None and not stack.endswith(".yaml") and stack not in every_stack():
        raise _UsageError(f"there is no stack {stack}; there are {', '.join(every_stack())}")
    domains: dict[str, str] = {}
    for name in [stack] if stack is not None else every_stack():
        file = stack_file(name)
        environment = Environment.load(file)
        if visit.label(environment.domain) is not None:
            return environment, file
        domains[name] = environment.domain
    zones = ", ".join(f"{domain} ({name})" for name, domain in domains.items())
    raise _UsageError(f"{visit.host} is in none of these zones: {zones}")


def _arguments(
    url: str, stack: str, headers: Mapping[str, str], method: str, region: str | None
) -> Sequence[str]:
    file = Path(stack).resolve() if stack.endswith(".yaml") else stack
    return [
        *(url, f"--stack={file}", f"--method={method}"),
        *(f"--header={name}: {value}" for name, value in headers.items()),
        *(() if region is None else (f"--region={region}",)),
    ]


def _comparison(before: Before | None, after: dict[str, Any]) -> dict[str, Any]:
    if before is None:
        return after
    changed = changes(before.document, after)
    return {"changed": changed, "before": before.document, "after": after}


def _compared(before: Before | None, after: dict[str, Any], base: str | None, text: str) -> str:
    if before is None:
        return text
    changed = changes(before.document, after)
    if not changed:
        return f"{text}\n\nsame at {base}"
    return f"before, at {base}: {before.text}\n\nafter: {text}\n\nchanged: {', '.join(changed)}"
