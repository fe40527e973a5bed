"""`serlo trace URL`: explains what answers, with the place of each decision."""

import json as json_format
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from infra.edge.simulator.request import EdgeRequest
from infra.stack.environment import Environment
from operations.declared.checkouts import root_of, snapshot_at
from operations.declared.snapshot import Snapshot, take
from operations.declared.stack_files import every_stack, existing_stack
from operations.errors import FOUND, CommandError, reports_errors
from operations.routing.document import changes, document
from operations.routing.explain import Trace, trace_declared
from operations.routing.rehearsed import ask, differences, running_edge
from operations.routing.text import text_of
from operations.support.output import print_text, working, write_out


@reports_errors
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
    rehearsal: Annotated[bool, Parameter(negative="--no-rehearsal")] = True,
    json: bool = False,
) -> None:
    """Explain what answers a URL: record, route, rules, upstream request, service, pods, version.

    Also sends the request to a running rehearsal of the stack. Exit code 2: the rehearsal answers
    otherwise than the declarations say.

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
    headers = _headers(cookie, header)
    visit = EdgeRequest.of(url, method=method.upper(), headers=headers, region=region)
    name, file = _stack_of(visit, stack)
    with working(f"following {url}"):
        found = _trace(take(name, file), visit, "")
    edge = running_edge(folder, name) if rehearsal else None
    live = ask(edge, visit) if edge is not None else None
    wrong = differences(found, live) if live is not None else []
    before = None
    if base is not None:
        with working(f"following it at {base}"):
            at_base = snapshot_at(root_of(file.parent), base, name)
            before = _trace(at_base, visit, f"at {base}: ")
    after = document(found, live, wrong)
    if json:
        comparison = after if before is None else _comparison(before, after)
        write_out(f"{json_format.dumps(comparison, indent=2, ensure_ascii=False)}\n")
    else:
        text = text_of(found, live)
        print_text(text if before is None else _compared(before, after, str(base), text))
    for difference in wrong:
        print_text(f"warning: the rehearsal differs: {difference}", on_error=True)
    if wrong:
        raise SystemExit(FOUND)


def _trace(snapshot: Snapshot, visit: EdgeRequest, where: str) -> Trace:
    if snapshot.problem is not None:
        raise CommandError(f"{where}{snapshot.problem}")
    return trace_declared(snapshot, visit)


def _headers(cookies: Sequence[str], headers: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in headers:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise CommandError(f'--header "{text}": write it as "Name: value"')
        found[name.strip().lower()] = value.strip()
    for text in cookies:
        if "=" not in text:
            raise CommandError(f'--cookie "{text}": write it as name=value')
    if cookies:
        found["cookie"] = "; ".join((*((found["cookie"],) if "cookie" in found else ()), *cookies))
    return found


def _stack_of(visit: EdgeRequest, stack: str | None) -> tuple[str, Path]:
    """The stack whose zone has the host, or the one that was named, and its file."""
    domains: dict[str, str] = {}
    for name in [stack] if stack is not None else every_stack():
        file = existing_stack(name)
        environment = Environment.load(file)
        if visit.label(environment.domain) is not None:
            return environment.name, file
        domains[name] = environment.domain
    zones = ", ".join(f"{domain} ({name})" for name, domain in domains.items())
    raise CommandError(f"{visit.host} is in none of these zones: {zones}")


def _comparison(before: Trace, after: dict[str, Any]) -> dict[str, Any]:
    was = document(before, None, [])
    return {"changed": changes(was, after), "before": was, "after": after}


def _compared(before: Trace, after: dict[str, Any], base: str, text: str) -> str:
    changed = changes(document(before, None, []), after)
    if not changed:
        return f"{text}\n\nsame at {base}"
    was = text_of(before, None)
    return f"before, at {base}: {was}\n\nafter: {text}\n\nchanged: {', '.join(changed)}"
