"""What can go wrong between us and an API server, in the API server's own words."""

import json
from typing import Any, cast

from k8s.objects import JsonObject


class ApiError(Exception):
    """An answer of the API server that is not a success.

    `status` is the HTTP status (0 when there was no answer at all), `reason` and `message` are
    the API server's own, verbatim, `details` the `details` object of its Status document.
    """

    def __init__(
        self, status: int, reason: str, message: str, details: JsonObject | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details: JsonObject = details or {}


class NotFound(ApiError):
    """There is no such object (404)."""


class AlreadyExists(ApiError):
    """An object of that name exists (409, reason AlreadyExists)."""


class Conflict(ApiError):
    """Another field manager owns a field, or a precondition does not hold (409)."""


class Gone(ApiError):
    """The resource version asked for is no longer available (410): list again."""


class Invalid(ApiError):
    """The object does not validate (422)."""


class UnknownKind(ApiError):
    """The API server serves no such kind: mistyped, or its CRD is not installed (yet)."""


class Unreachable(ApiError):
    """No answer: connection refused, reset, timed out, or TLS not acceptable."""


_BY_REASON: dict[str, type[ApiError]] = {
    "NotFound": NotFound,
    "AlreadyExists": AlreadyExists,
    "Conflict": Conflict,
    "Expired": Gone,
    "Gone": Gone,
    "Invalid": Invalid,
}
_BY_STATUS: dict[int, type[ApiError]] = {404: NotFound, 409: Conflict, 410: Gone, 422: Invalid}


def error_from_status(document: JsonObject, status: int | None = None) -> ApiError:
    """The exception for a Kubernetes Status document."""
    code = status or int(document.get("code") or 0)
    reason = str(document.get("reason") or "")
    error_class = _BY_REASON.get(reason) or _BY_STATUS.get(code, ApiError)
    message = str(document.get("message") or reason or f"HTTP status {code}")
    return error_class(code, reason, message, document.get("details"))


def error_from_answer(status: int, body: bytes) -> ApiError:
    """The exception for an HTTP answer that is not a success."""
    try:
        decoded: Any = json.loads(body)
    except ValueError:
        decoded = None
    if isinstance(decoded, dict):
        document = cast(JsonObject, decoded)
        if document.get("kind") == "Status":
            return error_from_status(document, status)
    text = body.decode(errors="replace").strip() or f"HTTP status {status}"
    return _BY_STATUS.get(status, ApiError)(status, "", text)
