"""Error pages of the edge: Cloudflare's 1xxx codes and 52x statuses, as JSON or HTML."""

import json
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class EdgeError:
    """An error that the edge itself answers with."""

    status: int
    code: int
    title: str


# developers.cloudflare.com/support/troubleshooting: "Cloudflare 1xxx errors", "5xx errors".
UNKNOWN_HOST = EdgeError(409, 1001, "DNS resolution error")
NO_RECORD = EdgeError(530, 1016, "Origin DNS error")
WORKER_LOOP = EdgeError(530, 1019, "Compute server error")
WORKER_EXCEPTION = EdgeError(500, 1101, "Worker threw exception")
WORKER_MISSING = EdgeError(500, 1104, "A variation of this error: the Worker could not be run")
ORIGIN_DOWN = EdgeError(521, 521, "Web server is down")
ORIGIN_TIMEOUT = EdgeError(522, 522, "Connection timed out")


def page(error: EdgeError, detail: str, accept: str) -> tuple[int, str, bytes]:
    """Status, content type and body of an error; `accept` is the request's Accept header."""
    if "text/html" in accept:
        body = (
            f"<!DOCTYPE html><html><head><title>{escape(error.title)}</title></head><body>"
            f"<h1>Error {error.code}</h1><p>{escape(error.title)}</p><p>{escape(detail)}</p>"
            "</body></html>"
        )
        return error.status, "text/html; charset=UTF-8", body.encode()
    document = {"error_code": error.code, "status": error.status, "title": error.title}
    return error.status, "application/json", json.dumps(document | {"detail": detail}).encode()
