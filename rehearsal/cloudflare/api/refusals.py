"""Every way in which the emulated API says no: status, code, message and where that is known from.

`source` says where the code is known from: "docs" (Cloudflare's published documentation or API
schema), "observed" (answers of the real API quoted in public issue threads, client libraries or
their recorded tests) or "assumed" (not found; chosen to fit its neighbours). Where only the code
was found, status and words are ours. A code has no meaning on its own: 10013 is a missing
namespace to KV and an internal error to Workers.
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

# Zones and their settings
ZONE_UNKNOWN = Refusal(404, 1001, "Invalid zone identifier", "assumed")
ZONE_NAME_INVALID = Refusal(400, 1097, "{name} is not a valid zone name", "assumed")
ZONE_EXISTS = Refusal(400, 1061, "{name} already exists.", "assumed")
SETTING_UNDEFINED = Refusal(400, 1003, "Undefined zone setting: {setting}", "observed")
SETTING_VALUE = Refusal(400, 1007, "Invalid value for zone setting {setting}", "observed")
SETTING_READ_ONLY = Refusal(400, 1015, "Not allowed to edit setting for {setting}", "observed")

# DNS records
RECORD_UNKNOWN = Refusal(404, 81044, "Record does not exist.", "observed")
RECORD_IDENTICAL = Refusal(400, 81058, "An identical record already exists.", "observed")
ADDRESS_OR_CNAME_EXISTS = Refusal(
    400, 81053, "An A, AAAA, or CNAME record with that host already exists.", "observed"
)
CNAME_EXISTS = Refusal(400, 81054, "A CNAME record with that host already exists.", "observed")
NS_EXISTS = Refusal(400, 81056, "NS records with that host already exist.", "observed")
RECORD_VALIDATION = Refusal(400, 1004, "DNS Validation Error: {problem}", "observed")
RECORD_NAME = Refusal(400, 9000, "DNS name is invalid.", "observed")
PROXY_TARGET = Refusal(
    400, 9003, "Target {target} is not allowed for a proxied record.", "observed"
)
NOT_PROXIABLE = Refusal(400, 9004, "This record type cannot be proxied.", "observed")
CONTENT_A = Refusal(400, 9005, "Content for A record must be a valid IPv4 address.", "observed")
CONTENT_AAAA = Refusal(
    400, 9006, "Content for AAAA record must be a valid IPv6 address.", "observed"
)
CONTENT_CNAME = Refusal(400, 9007, "Content for CNAME record is invalid.", "assumed")
CONTENT_MX = Refusal(400, 9009, "Content for MX record must be a hostname.", "observed")
CONTENT_NS = Refusal(400, 9010, "Content for NS record must be a hostname.", "assumed")
CONTENT_TXT = Refusal(400, 9011, "Content for TXT record is invalid.", "assumed")
RECORD_TTL = Refusal(
    400, 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.", "observed"
)
# As in https://github.com/kubernetes-sigs/external-dns/issues/4749.
CNAME_TO_ITSELF = Refusal(400, 9039, "CNAME content cannot reference itself.", "observed")

# Worker scripts
SCRIPT_CONTENT_TYPE = Refusal(
    415,
    10001,
    "Content-Type must be one of: application/javascript, text/javascript, multipart/form-data",
    "docs",
)
SCRIPT_UNKNOWN = Refusal(404, 10007, "This Worker does not exist on your account.", "observed")
SCRIPT_NAME = Refusal(
    400,
    10016,
    "Invalid Worker name. Ensure the name is lowercase, alphanumeric with dashes or underscores, "
    "and at most 63 characters.",
    "observed",
)
SCRIPT_INVALID = Refusal(400, 10021, "{problem}", "docs")
SCRIPT_HANDLERS = Refusal(
    400, 10068, "The uploaded script has no registered event handlers.", "observed"
)
SCRIPT_TOO_LARGE = Refusal(413, 10027, "workers.api.error.script_too_large", "observed")
BINDING_NAMESPACE = Refusal(400, 10041, "KV namespace '{namespace}' not found.", "observed")
BINDING_SERVICE = Refusal(
    400,
    10143,
    "Service binding '{binding}' references Worker '{service}' which was not found.",
    "observed",
)
SCRIPT_REFERENCED = Refusal(
    409,
    10142,
    "This Worker is still referenced by service bindings of: {workers}. "
    "Remove them, or delete with force=true.",
    "observed",
)
SECRET_UNKNOWN = Refusal(404, 10056, "Secret '{name}' does not exist.", "observed")
VERSION_UNKNOWN = Refusal(404, 100146, "This version does not exist.", "observed")
DEPLOYMENT_UNKNOWN = Refusal(404, 10336, "This deployment does not exist.", "observed")
SCRIPT_BODY = Refusal(400, 10026, "workers.api.error.parse_body", "docs")

# Worker routes
ROUTE_UNKNOWN = Refusal(404, 10009, "workers.api.error.route_not_found", "observed")
ROUTE_DUPLICATE = Refusal(409, 10020, "workers.api.error.duplicate_route", "docs")
ROUTE_SCRIPT = Refusal(400, 10019, "workers.api.error.invalid_route_script_missing", "docs")
ROUTE_PATTERN = Refusal(400, 10022, "{problem}", "docs")

# KV
NAMESPACE_UNKNOWN = Refusal(404, 10013, "{operation}: 'namespace not found'", "observed")
NAMESPACE_ID = Refusal(
    400, 10011, "could not parse UUID from request's namespace_id: '{namespace}'", "observed"
)
NAMESPACE_TITLE_EXISTS = Refusal(
    400,
    10014,
    "{operation}: 'a namespace with this account ID and title already exists'",
    "observed",
)
NAMESPACE_TITLE = Refusal(400, 10019, "{operation}: 'title is required'", "observed")
KEY_UNKNOWN = Refusal(404, 10009, "get: 'key not found'", "observed")
KV_BODY = Refusal(400, 10012, "could not parse the request body: {problem}", "observed")
KV_EXPIRATION = Refusal(400, 10034, "{problem}", "observed")
KEY_INVALID = Refusal(400, 10030, "{problem}", "assumed")
KEY_TOO_LONG = Refusal(
    414, 10030, "UTF-8 encoded length of {length} exceeds key length limit of 512.", "assumed"
)
VALUE_TOO_LARGE = Refusal(
    413, 10031, "Value length of {length} exceeds limit of 26214400.", "assumed"
)
METADATA_TOO_LARGE = Refusal(
    413, 10032, "Metadata length of {length} exceeds limit of 1024.", "assumed"
)
BULK_EMPTY = Refusal(400, 10029, "at least one key is required", "observed")
BULK_TOO_MANY = Refusal(400, 10029, "at most {limit} keys are allowed in one request", "assumed")
LIST_LIMIT = Refusal(400, 10028, "limit must be between 10 and 1000", "assumed")

# Rulesets
RULESET_UNKNOWN = Refusal(404, 10001, "could not find ruleset", "assumed")
ENTRYPOINT_UNKNOWN = Refusal(
    404, 10003, "could not find entrypoint ruleset in the {phase} phase", "observed"
)
RULE_UNKNOWN = Refusal(404, 10002, "could not find rule", "assumed")
RULESET_PHASE_TAKEN = Refusal(
    400,
    20217,
    "'zone' is not a valid value for kind because exceeded maximum number of zone rulesets "
    "for phase {phase}",
    "observed",
)
RULESET_VALUE = Refusal(400, 20021, "'{value}' is not a valid value for {field}{reason}", "assumed")
RULE_BLANK = Refusal(
    400,
    20125,
    "'' is not a valid value for expression because the expression cannot be blank",
    "observed",
)
RULE_EXPRESSION = Refusal(
    400,
    20127,
    "'{expression}' is not a valid value for expression because could not parse filter "
    "expression: {reason}",
    "assumed",
)
