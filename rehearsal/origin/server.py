"""The HTTP side of the origin: any request in, JSON about who answers it out.

The API's pods also answer look-ups of paths; who answered is then in `extensions.rehearsal`.
"""

from collections.abc import Callable
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rehearsal.origin.backends import Balancer, NoBackend, Snapshot
from rehearsal.origin.filters import at_the_pod
from rehearsal.origin.lookups import MOST_BYTES, Lookups
from rehearsal.origin.routes import Request, Rule, find, why_none

Now = Callable[[], tuple[list[Rule], Snapshot]]


def application(now: Now, lookups: Lookups | None = None) -> ASGIApp:
    """An ASGI application that answers for the pods that `now` tells of, and these look-ups."""
    balancer = Balancer()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = HttpRequest(scope, receive)
        received, body = await _received(request)
        status, document, rule = _answer(request, now, balancer)
        if rule is not None:
            received["headers"] = at_the_pod(rule.rule, received["headers"])
        document["request"] = received
        service = document.get("service", "")
        if body and lookups and lookups.may_be(service, request.method, received["path"]):
            found = lookups.answer(received["headers"], body)
            if found is not None:
                status, answered = found
                document = {**answered, "extensions": {"rehearsal": document}}
        await JSONResponse(document, status_code=status)(scope, receive, send)

    return answer


def _answer(
    request: HttpRequest, now: Now, balancer: Balancer
) -> tuple[int, dict[str, Any], Rule | None]:
    asked = Request(
        host=_host(request),
        path=request.scope["path"],
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(QueryParams(request.url.query)),
    )
    rules, snapshot = now()
    rule = find(rules, asked)
    if rule is None:
        return 404, {"error": why_none(rules, snapshot.routes, asked)}, None
    try:
        pod = balancer.choose(rule, snapshot)
    except NoBackend as failure:
        route = f"{rule.namespace}/{rule.route}"
        return failure.status, {"error": str(failure), "route": route}, rule
    document = {
        "service": pod.service,
        "namespace": pod.namespace,
        "pod": pod.name,
        "container": pod.container,
        "image": pod.image,
        "version": pod.version,
        "digest": pod.digest,
        "node": pod.node,
        "route": f"{rule.namespace}/{rule.route}",
    }
    return 200, document, rule


async def _received(request: HttpRequest) -> tuple[dict[str, Any], bytes]:
    """What was received, for the answer, and the body unless it is long."""
    size, body = 0, b""
    async for chunk in request.stream():
        size += len(chunk)
        body = body + chunk if size <= MOST_BYTES else b""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    received = {
        "method": request.method,
        "host": _host(request),
        "path": request.scope["raw_path"].decode("ascii", "replace"),
        "query": request.url.query,
        "headers": headers,
        "body_bytes": size,
    }
    return received, body


def _host(request: HttpRequest) -> str:
    """The host without its port, as routes name it."""
    return request.headers.get("host", "").rpartition("@")[2].partition(":")[0].lower()
