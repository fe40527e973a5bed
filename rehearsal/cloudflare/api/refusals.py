"""How the emulated API says no: status, code, message and where that is known from.

Each product's own refusals are in its folder. `source` says where the code is known from: "docs"
(Cloudflare's published documentation or API schema), "observed" (answers of the real API quoted in
public issue threads, client libraries or their recorded tests) or "assumed" (not found; chosen to
fit its neighbours). Where only the code was found, status and words are ours. A code has no meaning
on its own: 10013 is a missing namespace to KV and an internal error to Workers.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["docs", "observed", "assumed"]


class Refused(Exception):
    """An answer with `success: false`.

    Args:
        status: HTTP status.
        errors: (code, message) pairs, the first one decisive.
        chain: (code, message) pairs of the first error's `error_chain`.
    """

    def __init__(
        self,
        status: int,
        errors: list[tuple[int, str]],
        chain: list[tuple[int, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__("; ".join(f"{message} ({code})" for code, message in errors))
        self.status = status
        self.errors = errors
        self.chain = chain or []
        self.headers = headers or {}


@dataclass(frozen=True)
class Refusal:
    """A kind of refusal; `message` may hold {placeholders}."""

    status: int
    code: int
    message: str
    source: Source

    def because(self, **values: object) -> Refused:
        """The exception to raise, with the placeholders filled."""
        return Refused(self.status, [(self.code, self.message.format_map(values))])


# Authentication and routing of requests
CREDENTIALS_MISSING = Refusal(
    400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers", "observed"
)
HEADERS_INVALID = Refusal(400, 6003, "Invalid request headers", "observed")
AUTHORIZATION_FORMAT = (6111, "Invalid format for Authorization header")
TOKEN_INVALID = Refusal(401, 1000, "Invalid API Token", "observed")
ACCESS_TOKEN_INVALID = Refusal(403, 9109, "Invalid access token", "observed")
AUTHENTICATION = Refusal(401, 10000, "Authentication error", "observed")
ACCOUNT_FORBIDDEN = Refusal(403, 10000, "Authentication error", "observed")
NO_ROUTE = Refusal(404, 7000, "No route for that URI", "observed")
OBJECT_INVALID = Refusal(
    404, 7003, "Could not route to {path}, perhaps your object identifier is invalid?", "observed"
)
METHOD_UNSUPPORTED = Refusal(405, 7001, "{method} not supported for requested URI.", "observed")
BODY_INVALID = Refusal(400, 6007, "Malformed JSON in request body", "observed")
CONTENT_TYPE = Refusal(
    415, 6003, "Content-Type {found!r} is not supported; send {expected}", "assumed"
)
THROTTLED = Refusal(429, 971, "Please wait and consider throttling your request speed", "observed")
INTERNAL = Refusal(500, 10002, "Unexpected internal server error", "docs")
PAGE_INVALID = Refusal(400, 6003, "Invalid pagination: {name}={value}", "assumed")
ZONE_UNKNOWN = Refusal(404, 1001, "Invalid zone identifier", "assumed")
