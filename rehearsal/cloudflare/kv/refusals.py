"""How the API refuses KV; see api/refusals.py."""

from rehearsal.cloudflare.api.refusals import Refusal

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
