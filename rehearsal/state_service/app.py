"""The HTTP API: the subset of "Pulumi Cloud" that the pinned CLI speaks to a back end.

Paths and shapes are those of pulumi's `backend/httpstate/client` and `sdk/go/common/apitype`.
Every request carries `Authorization: token T`; those of a running update `update-token T`.
"""

import gzip
import re
import secrets
from collections.abc import Awaitable, Callable
from json import JSONDecodeError, loads
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rehearsal.state_service import processes
from rehearsal.state_service.database import Stack, StateError
from rehearsal.state_service.journal import Json, items, mapping
from rehearsal.state_service.store import Lease, Store

# The organization that the `file://` back end uses, so that full stack names are the same there.
ORGANIZATION = "organization"
JOURNAL_VERSION = 1
_KINDS = ("update", "preview", "refresh", "destroy")
_STACK = "/api/stacks/{org}/{project}/{stack}"
_NO_KEYS = (
    "this back end holds no keys and sees no secret in plain text: create the stack with"
    " `pulumi stack init --secrets-provider passphrase`"
)

Handler = Callable[[Request], Awaitable[Response]]


def create_app(store: Store, token: str, port: int) -> Starlette:
    """The application. `token` is asked of every client; `port` is the one it is served on."""
    api = _Api(store, token, port)
    routes: list[tuple[str, str, Handler]] = [
        ("GET", "/api/user", api.user),
        ("GET", "/api/user/organizations/default", api.default_organization),
        ("GET", "/api/user/stacks", api.list_stacks),
        ("GET", "/api/capabilities", api.capabilities),
        ("POST", "/api/stacks/{org}/{project}", api.create_stack),
        ("HEAD", "/api/stacks/{org}/{project}", api.project_exists),
        ("GET", _STACK, api.get_stack),
        ("DELETE", _STACK, api.delete_stack),
        ("PATCH", _STACK + "/tags", api.set_tags),
        ("GET", _STACK + "/export", api.export),
        ("GET", _STACK + "/export/{version:int}", api.export),
        ("POST", _STACK + "/import", api.import_state),
        ("GET", _STACK + "/updates", api.history),
        ("GET", _STACK + "/updates/latest", api.latest_update),
        ("POST", _STACK + "/encrypt", api.no_keys),
        ("POST", _STACK + "/decrypt", api.no_keys),
        ("POST", _STACK + "/batch-encrypt", api.no_keys),
        ("POST", _STACK + "/batch-decrypt", api.no_keys),
        ("POST", _STACK + "/decrypt/{rest:path}", api.noted),
        *(("POST", f"{_STACK}/{kind}", api.create_update) for kind in _KINDS),
    ]
    for kind in _KINDS:
        update = f"{_STACK}/{kind}/{{update}}"
        routes += [
            ("POST", update, api.start_update),
            ("GET", update, api.update_status),
            ("PATCH", update + "/journalentries", api.append),
            ("PATCH", update + "/checkpoint", api.save_checkpoint),
            ("POST", update + "/events/batch", api.record_events),
            ("POST", update + "/renew_lease", api.renew_lease),
            ("POST", update + "/complete", api.complete_update),
            ("POST", update + "/cancel", api.cancel_update),
        ]
    return Starlette(
        routes=[Route(path, handler, methods=[method]) for method, path, handler in routes],
        exception_handlers={StateError: _state_error, 404: _not_found},
    )


class _Api:
    def __init__(self, store: Store, token: str, port: int) -> None:
        self._store = store
        self._token = token
        self._port = port

    def _authorize(self, request: Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "token" or not secrets.compare_digest(token.encode(), self._token.encode()):
            raise StateError(401, "Unauthorized: set PULUMI_ACCESS_TOKEN to this service's token")

    def _stack(self, request: Request) -> Stack:
        """The stack of the request's path, for a client that may see it."""
        self._authorize(request)
        return self._store.stack(_project(request), request.path_params["stack"])

    def _lease(self, request: Request) -> tuple[Stack, str, str]:
        """The stack, the update and the update's token of an engine's request."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "update-token":
            raise StateError(401, "Unauthorized: this request needs the token of its update")
        stack = self._store.stack(_project(request), request.path_params["stack"])
        return stack, request.path_params["update"], token

    # About the service

    async def user(self, request: Request) -> Response:
        self._authorize(request)
        organizations = [{"githubLogin": ORGANIZATION, "name": ORGANIZATION}]
        return JSONResponse(
            {"githubLogin": ORGANIZATION, "name": ORGANIZATION, "organizations": organizations}
        )

    async def default_organization(self, request: Request) -> Response:
        self._authorize(request)
        return JSONResponse({"GitHubLogin": ORGANIZATION, "Messages": []})

    async def capabilities(self, request: Request) -> Response:
        self._authorize(request)
        schema = {"capability": "deployment-schema-version", "version": 1}
        return JSONResponse({"capabilities": [{**schema, "configuration": {"version": 4}}]})

    # Stacks

    async def list_stacks(self, request: Request) -> Response:
        self._authorize(request)
        project = request.query_params.get("project")
        stacks = [
            {
                "id": f"{summary.project}/{summary.name}",
                "orgName": ORGANIZATION,
                "projectName": summary.project,
                "stackName": summary.name,
                "resourceCount": summary.resources,
                **({"lastUpdate": summary.last_update} if summary.last_update else {}),
            }
            for summary in self._store.stacks()
            if project in (None, summary.project)
        ]
        return JSONResponse({"stacks": stacks})

    async def project_exists(self, request: Request) -> Response:
        self._authorize(request)
        return Response(status_code=200 if self._store.has_project(_project(request)) else 404)

    async def create_stack(self, request: Request) -> Response:
        self._authorize(request)
        body = await _body(request)
        self._store.create_stack(
            _project(request), body["stackName"], mapping(body, "tags"), body.get("state")
        )
        return JSONResponse({})

    async def get_stack(self, request: Request) -> Response:
        stack = self._stack(request)
        return JSONResponse(
            {
                "id": f"{stack.project}/{stack.name}",
                "orgName": ORGANIZATION,
                "projectName": stack.project,
                "stackName": stack.name,
                "activeUpdate": stack.active_update,
                "currentOperation": self._store.current_operation(stack),
                "tags": stack.tags,
                "version": stack.version,
            }
        )

    async def delete_stack(self, request: Request) -> Response:
        force = request.query_params.get("force") == "true"
        self._store.delete_stack(self._stack(request), force=force)
        return Response(status_code=204)

    async def set_tags(self, request: Request) -> Response:
        self._store.set_tags(self._stack(request), await _body(request))
        return Response(status_code=204)

    async def export(self, request: Request) -> Response:
        state = self._store.export(self._stack(request), request.path_params.get("version"))
        return Response(state, media_type="application/json")

    async def import_state(self, request: Request) -> Response:
        stack = self._stack(request)
        return JSONResponse({"updateId": self._store.import_state(stack, await _body(request))})

    async def history(self, request: Request) -> Response:
        size, page = (request.query_params.get(key, "0") for key in ("pageSize", "page"))
        if not (size.isdecimal() and page.isdecimal()):
            raise StateError(400, "Bad Request: pageSize and page are numbers")
        return JSONResponse(
            {"updates": self._store.history(self._stack(request), int(size), int(page))}
        )

    async def latest_update(self, request: Request) -> Response:
        latest = self._store.history(self._stack(request), 1, 1)
        if not latest:
            raise StateError(404, "Not Found: the stack was never updated")
        return JSONResponse({"info": latest[0]})

    async def no_keys(self, request: Request) -> Response:
        self._authorize(request)
        raise StateError(400, f"Bad Request: {_NO_KEYS}")

    async def noted(self, request: Request) -> Response:
        """The CLI reports that it decrypted something; there is nobody to tell."""
        self._authorize(request)
        return Response(status_code=204)

    # Updates

    async def create_update(self, request: Request) -> Response:
        stack, program = self._stack(request), await _body(request)
        kind = request.url.path.rpartition("/")[2]
        dry_run = bool(mapping(program, "options").get("dryRun"))
        identifier = self._store.create_update(
            stack,
            kind,
            writes=kind != "preview" and not dry_run,
            program=program,
            cli_version=_cli_version(request),
        )
        return JSONResponse({"updateID": identifier})

    async def start_update(self, request: Request) -> Response:
        stack, body = self._stack(request), await _body(request)
        process = request.client and processes.owner_of(request.client.port, self._port)
        lease = self._store.start_update(
            stack, request.path_params["update"], body.get("tags"), process
        )
        journal = min(JOURNAL_VERSION, int(body.get("journalVersion") or 0))
        return JSONResponse({**_lease_json(lease), "journalVersion": journal})

    async def update_status(self, request: Request) -> Response:
        status = self._store.update_status(self._stack(request), request.path_params["update"])
        return JSONResponse({"status": status, "events": []})

    async def append(self, request: Request) -> Response:
        stack, update, token = self._lease(request)
        entries = items(await _body(request), "entries")
        if any(entry.get("version") != JOURNAL_VERSION for entry in entries):
            raise StateError(400, f"Bad Request: only journal version {JOURNAL_VERSION} is known")
        self._store.append(stack, update, token, entries)
        return Response(status_code=204)

    async def save_checkpoint(self, request: Request) -> Response:
        stack, update, token = self._lease(request)
        body = await _body(request)
        state = {key: body[key] for key in ("version", "features", "deployment") if body.get(key)}
        self._store.save_checkpoint(stack, update, token, state)
        return Response(status_code=204)

    async def record_events(self, request: Request) -> Response:
        """Of an update's events, which are its output, only the summary is kept."""
        stack, update, token = self._lease(request)
        content = await _content(request)
        if b'"summaryEvent"' in content:
            for event in loads(content)["events"]:
                changes = mapping(event, "summaryEvent").get("resourceChanges")
                if changes:
                    self._store.record_changes(stack, update, token, changes)
        return Response(status_code=204)

    async def renew_lease(self, request: Request) -> Response:
        return JSONResponse(_lease_json(self._store.renew_lease(*self._lease(request))))

    async def complete_update(self, request: Request) -> Response:
        status = (await _body(request)).get("status")
        if status not in ("succeeded", "failed", "cancelled"):
            raise StateError(400, f"Bad Request: an update cannot end as {status!r}")
        self._store.complete_update(*self._lease(request), status)
        return Response(status_code=204)

    async def cancel_update(self, request: Request) -> Response:
        self._store.cancel_update(self._stack(request), request.path_params["update"])
        return Response(status_code=204)


async def _content(request: Request) -> bytes:
    content = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        try:
            return gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise StateError(400, f"Bad Request: the body is not gzip: {error}") from error
    return content


async def _body(request: Request) -> Json:
    try:
        body: Any = loads(await _content(request) or b"{}")
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise StateError(400, f"Bad Request: the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise StateError(400, "Bad Request: the body is not a JSON object")
    return cast("Json", body)


def _project(request: Request) -> str:
    if request.path_params["org"] != ORGANIZATION:
        raise StateError(404, f"Not Found: the only organization here is '{ORGANIZATION}'")
    return request.path_params["project"]


def _cli_version(request: Request) -> str:
    """The version in a user agent such as `pulumi-cli/1 (v3.259.0; linux)`."""
    match = re.search(r"\((v[^;)]+)", request.headers.get("user-agent", ""))
    return match.group(1) if match else ""


def _lease_json(lease: Lease) -> Json:
    return {"version": lease.version, "token": lease.token, "tokenExpiration": lease.expires}


def _error(status: int, message: str) -> Response:
    return JSONResponse({"code": status, "message": message}, status_code=status)


async def _state_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, StateError):
        raise error
    return _error(error.status, error.message)


async def _not_found(request: Request, _error_raised: Exception) -> Response:
    return _error(404, f"Not Found: this back end has no {request.method} {request.url.path}")
