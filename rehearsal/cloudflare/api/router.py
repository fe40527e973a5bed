"""The API as an ASGI application: authentication, the way to a handler, transaction, audit."""

import hmac
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import cast
from urllib.parse import unquote

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rehearsal.cloudflare.api.calls import Call, Part, Route, Service
from rehearsal.cloudflare.api.envelope import Reply, refused, succeeded
from rehearsal.cloudflare.api.faults import Faults, answer
from rehearsal.cloudflare.api.refusals import (
    ACCESS_TOKEN_INVALID,
    ACCOUNT_FORBIDDEN,
    AUTHENTICATION,
    AUTHORIZATION_FORMAT,
    CONTENT_TYPE,
    CREDENTIALS_MISSING,
    HEADERS_INVALID,
    INTERNAL,
    METHOD_UNSUPPORTED,
    NO_ROUTE,
    OBJECT_INVALID,
    TOKEN_INVALID,
    ZONE_UNKNOWN,
    Refused,
)
from rehearsal.cloudflare.steering import SteeringError

BASE_PATH = "/client/v4"
AUDIT_PATH = "/__rehearsal/audit"
_IDENTIFIER = re.compile(r"[0-9a-f]{32}")
_LOG = logging.getLogger(__name__)
_READING = {"GET", "HEAD", "OPTIONS"}


class Router:
    """The ASGI application; `routes` are tried in order."""

    def __init__(
        self,
        service: Service,
        routes: Sequence[Route],
        faults: Faults,
        refresh: Callable[[], None],
    ) -> None:
        """`refresh` is called before each request and brings in what changed outside."""
        self._service = service
        self._refresh = refresh
        self._faults = faults
        self._routes = [(_compile(route.template), route) for route in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        reply = await self._answer(request)
        response = Response(reply.body, reply.status, reply.headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Reply:
        path = cast(bytes, request.scope["raw_path"]).decode("ascii")
        try:
            self._authenticate(request, path)
            self._refresh()
            if path == AUDIT_PATH and request.method == "GET":
                return _audit(self._service)
            fault = self._faults.next(request.method, path)
            if fault is not None and not fault.after:
                return answer(fault)
            reply = await self._dispatch(request, path.removeprefix(BASE_PATH))
            return reply if fault is None else answer(fault)
        except Refused as refusal:
            return refused(refusal)
        except SteeringError as error:
            # A file beside the state has a mistake; the person who edited it reads this.
            return refused(Refused(INTERNAL.status, [(INTERNAL.code, str(error))]))

    def _authenticate(self, request: Request, path: str) -> None:
        header = request.headers.get("authorization")
        if header is None:
            raise CREDENTIALS_MISSING.because()
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refused(
                HEADERS_INVALID.status,
                [(HEADERS_INVALID.code, HEADERS_INVALID.message)],
                [AUTHORIZATION_FORMAT],
            )
        if not hmac.compare_digest(token.strip().encode(), self._service.token.encode()):
            # Which code a bad token gets depends on the product behind the path.
            if path.endswith("/user/tokens/verify"):
                raise TOKEN_INVALID.because()
            if "/workers/" in path or "/storage/" in path:
                raise AUTHENTICATION.because()
            raise ACCESS_TOKEN_INVALID.because()

    async def _dispatch(self, request: Request, path: str) -> Reply:
        route, params = self._route(request, path)
        body = await request.body() if route.body != "none" else b""
        parts: list[Part] = []
        if route.body == "json":
            _require_json(request)
        if route.body == "upload" and _is_form(request):
            parts = await _parts(await request.form(max_part_size=64 * 1024 * 1024))
        call = Call(
            service=self._service,
            method=request.method,
            path=path,
            params=params,
            query=dict(request.query_params),
            headers=request.headers,
            body=body,
            parts=parts,
        )
        return await self._carry_out(route, call)

    def _route(self, request: Request, path: str) -> tuple[Route, dict[str, str]]:
        path_exists = False
        for expression, route in self._routes:
            match = expression.fullmatch(path)
            if match is None:
                continue
            path_exists = True
            if route.method == request.method:
                params = {name: unquote(value) for name, value in match.groupdict().items()}
                self._check_owners(params, path)
                return route, params
        if path_exists:
            raise METHOD_UNSUPPORTED.because(method=request.method)
        raise _no_route(path)

    def _check_owners(self, params: dict[str, str], path: str) -> None:
        for name in ("zone_id", "account_id"):
            if name in params and not _IDENTIFIER.fullmatch(params[name]):
                raise _no_route(path)
        storage = self._service.storage
        zone = params.get("zone_id")
        if zone and storage.one("SELECT id FROM zones WHERE id = ?", zone) is None:
            raise ZONE_UNKNOWN.because()
        if "account_id" in params and params["account_id"] not in self._service.accounts():
            raise ACCOUNT_FORBIDDEN.because()

    async def _carry_out(self, route: Route, call: Call) -> Reply:
        storage = self._service.storage
        try:
            if inspect.iscoroutinefunction(route.handler):
                reply = await cast(Awaitable[Reply], route.handler(call))
                self._record(call, reply)
                return reply
            with storage.transaction():
                reply = cast(Reply, route.handler(call))
                self._record(call, reply)
                return reply
        except Refused as refusal:
            self._record(call, refused(refusal))
            raise
        except Exception as error:
            _LOG.exception("%s %s", call.method, call.path)
            refusal = INTERNAL.because()
            self._record(call, refused(refusal), repr(error))
            raise refusal from error

    def _record(self, call: Call, reply: Reply, detail: str = "") -> None:
        if call.method in _READING:
            return
        if not detail and reply.status >= 400:
            detail = reply.body.decode()
        self._service.storage.audit(
            "api", self._service.token_id, (call.method, call.path), reply.status, detail
        )


def _compile(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def _no_route(path: str) -> Refused:
    invalid = OBJECT_INVALID.because(path=path)
    return Refused(invalid.status, [*invalid.errors, (NO_ROUTE.code, NO_ROUTE.message)])


def _require_json(request: Request) -> None:
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != "application/json":
        raise CONTENT_TYPE.because(found=found, expected="application/json")


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _parts(form: FormData) -> list[Part]:
    parts: list[Part] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content_type = value.content_type or "application/octet-stream"
            parts.append(Part(name, value.filename or "", content_type, await value.read()))
        else:
            parts.append(Part(name, "", "text/plain", value.encode()))
    return parts


def _audit(service: Service) -> Reply:
    return succeeded(service.storage.all("SELECT * FROM audit ORDER BY position"))
