"""What workers reach: our own hosts, KV, the cache, and stand-ins for the rest of the world.

An ASGI application on a port of its own that only workerd talks to: it adds a secret and who asks
to every request (see runtime/config.py). A worker's fetch to its own zone goes to the origin and
never runs a worker again; to another of our zones it goes through that zone's edge, as at
Cloudflare; to any other host it is answered by a recording or a stand-in. Nothing leaves the
machine.
"""

import hmac

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rehearsal.cloudflare.dns.resolution import resolve
from rehearsal.cloudflare.edge.answer import Answer
from rehearsal.cloudflare.edge.edge import Edge
from rehearsal.cloudflare.edge.error_pages import WORKER_LOOP
from rehearsal.cloudflare.edge.forwarding import onward, raw_target
from rehearsal.cloudflare.edge.third_parties import World
from rehearsal.cloudflare.kv import binding
from rehearsal.cloudflare.runtime.config import (
    KIND_HEADER,
    NAMESPACE_HEADER,
    SCHEME_HEADER,
    SCRIPT_HEADER,
    SECRET_HEADER,
    ZONE_HEADER,
)
from rehearsal.cloudflare.storage import Storage
from rehearsal.cloudflare.zones.zone import zone_of

_INTERNAL = (KIND_HEADER, NAMESPACE_HEADER, SCHEME_HEADER, SCRIPT_HEADER, SECRET_HEADER)
_DEPTH_HEADER = "cf-ew-via"
_MOST_DEEP = 15


class EgressApp:
    """See the module's docstring."""

    def __init__(self, storage: Storage, edge: Edge, world: World, secret: str) -> None:
        self._storage = storage
        self._edge = edge
        self._world = world
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of a worker."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            await Response("not for you", 403)(scope, receive, send)
            return
        match request.headers[KIND_HEADER]:
            case "fetch":
                await self._fetch(request, send)
            case "kv":
                namespace = request.headers[NAMESPACE_HEADER]
                response = await binding.respond(self._storage, namespace, request)
                await response(scope, receive, send)
            case "cache":
                # Nothing is ever found in the cache, which a worker must be able to live with.
                found = {"GET": 504, "PURGE": 404}.get(request.method, 204)
                await Response(status_code=found)(scope, receive, send)
            case _:
                await Response("this Worker was deleted", 503)(scope, receive, send)

    async def _fetch(self, request: Request, send: Send) -> None:
        host = request.headers.get("host", "").partition(":")[0].lower()
        scheme = request.headers.get(SCHEME_HEADER, "https")
        script, own_zone = request.headers[SCRIPT_HEADER], request.headers[ZONE_HEADER]
        zone = zone_of(self._storage, host)
        answer = Answer(request, send, [])
        if zone is not None and zone["name"] != own_zone:
            depth = int(request.headers.get(_DEPTH_HEADER, "0"))
            if depth >= _MOST_DEEP:
                await answer.error(WORKER_LOOP, f"{script} calls workers that call it back.")
                return
            added = [(_DEPTH_HEADER, str(depth + 1)), (ZONE_HEADER, own_zone)]
            await self._edge.handle(
                request, send, scheme=scheme, client="2a06:98c0:3600::103", added=added
            )
            return
        going = onward(request, raw_target(request), _INTERNAL)
        if zone is None:
            url = f"{scheme}://{request.headers.get('host', host)}{going.target}"
            await self._world.respond(going, answer, url=url, caller=script)
            return
        if "x-forwarded-proto" not in request.headers:
            going.headers.append(("x-forwarded-proto", scheme))
        await self._edge.to_target(going, resolve(self._storage, host), answer)
