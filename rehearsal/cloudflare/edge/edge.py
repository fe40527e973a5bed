"""The edge: an ASGI application that answers for every host of the zones.

The host decides zone and record; a proxied host goes through the script of its most specific route,
any other to the origin. Request headers for rehearsals, all removed before anybody sees them:
`x-rehearsal-scheme` (http or https; else X-Forwarded-Proto; else https) and `x-rehearsal-cf` (a
JSON object that is merged into `request.cf`).
"""

import contextlib
import json
import secrets
from typing import cast

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from rehearsal.cloudflare.dns.resolution import Target
from rehearsal.cloudflare.edge.answer import Answer
from rehearsal.cloudflare.edge.error_pages import (
    NO_RECORD,
    ORIGIN_DOWN,
    ORIGIN_TIMEOUT,
    UNKNOWN_HOST,
    WORKER_EXCEPTION,
    WORKER_MISSING,
)
from rehearsal.cloudflare.edge.forwarding import Headers, Onward, onward, raw_target, send_on
from rehearsal.cloudflare.edge.routing import Decision, decide
from rehearsal.cloudflare.edge.third_parties import World
from rehearsal.cloudflare.runtime.config import CF_HEADER, SCHEME_HEADER
from rehearsal.cloudflare.runtime.workerd import Runtime, WorkerdError
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Storage
from rehearsal.cloudflare.zones.settings import setting_value

_COLO, _COUNTRY = "FRA", "DE"
_CF: Json = {
    "asn": 64496,
    "asOrganization": "Rehearsal",
    "city": "Frankfurt am Main",
    "colo": _COLO,
    "continent": "EU",
    "country": _COUNTRY,
    "httpProtocol": "HTTP/2",
    "isEUCountry": "1",
    "latitude": "50.11552",
    "longitude": "8.68417",
    "postalCode": "60313",
    "region": "Hesse",
    "regionCode": "HE",
    "timezone": "Europe/Berlin",
    "tlsCipher": "AEAD-AES128-GCM-SHA256",
    "tlsVersion": "TLSv1.3",
}
# Headers that only Cloudflare sets; a client's own are not believed.
_OURS = frozenset(
    (
        *("cf-connecting-ip", "cf-ipcountry", "cf-ray", "cf-visitor", "cf-worker", "cf-ew-via"),
        *("cdn-loop", "x-real-ip", "x-forwarded-proto", "x-forwarded-for"),
    )
)


class Edge:
    """See the module's docstring."""

    def __init__(
        self,
        storage: Storage,
        runtime: Runtime,
        client: httpx.AsyncClient,
        origin: str,
        world: World,
    ) -> None:
        """`origin` is the URL that stands for every address in the zones' records."""
        self._storage = storage
        self._runtime = runtime
        self._client = client
        self._origin = origin
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        scheme = request.headers.get("x-rehearsal-scheme") or request.headers.get(
            "x-forwarded-proto", "https"
        )
        client = request.client.host if request.client else "127.0.0.1"
        # A client that hangs up while it sends ends nothing but its own request.
        with contextlib.suppress(ClientDisconnect):
            await self.handle(request, send, scheme=scheme, client=client, added=[])

    async def handle(
        self, request: Request, send: Send, *, scheme: str, client: str, added: Headers
    ) -> None:
        """Answer a request that arrived over `scheme` from the address `client`.

        `added` are headers of Cloudflare's own that it carries already.
        """
        host = request.headers.get("host", "").partition(":")[0].lower().rstrip(".")
        target = raw_target(request)
        ray = f"{secrets.token_hex(8)}-{_COLO}"
        answer = Answer(request, send, [("cf-ray", ray), ("server", "cloudflare")])
        decision = decide(self._storage, scheme, host, target)
        if decision.zone is None:
            await answer.error(UNKNOWN_HOST, f"{host} belongs to no zone of this rehearsal.")
            return
        mine = _OURS | {name for name in request.headers if name.startswith("x-rehearsal-")}
        going = onward(request, target, mine)
        if not decision.target.proxied and decision.target.kind != "missing":
            # No proxy stands between a client and an unproxied host.
            await self.to_target(going, decision.target, Answer(request, send, []))
            return
        if scheme == "http" and self._always_https(decision):
            await answer.redirect(f"https://{host}{target}")
            return
        going.headers.extend(
            [
                ("cf-connecting-ip", client),
                ("cf-ipcountry", _COUNTRY),
                ("cf-ray", ray),
                ("cf-visitor", json.dumps({"scheme": scheme}, separators=(",", ":"))),
                ("x-forwarded-for", client),
                ("x-forwarded-proto", scheme),
                *added,
            ]
        )
        if decision.script is None:
            await self.to_target(going, decision.target, answer)
        else:
            await self._to_worker(going, decision, scheme, answer)

    async def to_target(self, going: Onward, target: Target, answer: Answer) -> None:
        """Pass a request to where its host's records lead."""
        if target.kind == "missing":
            await answer.error(NO_RECORD, f"{target.host} has no A, AAAA or CNAME record.")
        elif target.kind == "discard":
            await answer.error(ORIGIN_TIMEOUT, f"{target.host} has a discard address.")
        elif target.kind == "foreign":
            url = f"https://{target.host}{going.target}"
            asked = f"https://{going.host}{going.target}"
            await self._world.respond(going, answer, url=url, caller="origin", asked=asked)
        else:
            try:
                response = await send_on(self._client, self._origin, going)
            except httpx.TimeoutException:
                await answer.error(ORIGIN_TIMEOUT, f"The origin {self._origin} does not answer.")
            except httpx.TransportError as error:
                await answer.error(ORIGIN_DOWN, f"The origin {self._origin} failed: {error}")
            else:
                await answer.relay(response)

    def _always_https(self, decision: Decision) -> bool:
        zone = cast(Json, decision.zone)
        return setting_value(self._storage, str(zone["id"]), "always_use_https") == "on"

    async def _to_worker(
        self, going: Onward, decision: Decision, scheme: str, answer: Answer
    ) -> None:
        script, zone = str(decision.script), str(cast(Json, decision.zone)["name"])
        going.headers.append((SCHEME_HEADER, scheme))
        going.headers.append((CF_HEADER, json.dumps(_CF | answer.cf())))
        answer.headers.append(("x-rehearsal-script", script))
        answer.headers.append(("x-rehearsal-route", str(decision.pattern)))
        try:
            async with self._runtime.socket(f"{script}@{zone}") as port:
                await self._through_worker(going, script, port, answer)
        except WorkerdError as error:
            await answer.error(WORKER_MISSING, f"{script} could not be run: {error}")

    async def _through_worker(self, going: Onward, script: str, port: int, answer: Answer) -> None:
        try:
            response = await send_on(self._client, f"http://127.0.0.1:{port}", going)
        except httpx.TransportError as error:
            await answer.error(WORKER_MISSING, f"{script} does not answer: {error!r}")
            return
        if _threw(response):
            await response.aclose()
            await answer.error(WORKER_EXCEPTION, f"{script} threw an exception; see the log.")
        else:
            await answer.relay(response)


def _threw(response: httpx.Response) -> bool:
    """Whether workerd answered in place of a script that threw; scripts send a content type."""
    return (
        response.status_code == 500
        and "content-type" not in response.headers
        and response.headers.get("content-length") == "21"
    )
