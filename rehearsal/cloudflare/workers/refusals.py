"""How the API refuses worker scripts and routes; see api/refusals.py."""

from rehearsal.cloudflare.api.refusals import Refusal

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

ROUTE_UNKNOWN = Refusal(404, 10009, "workers.api.error.route_not_found", "observed")
ROUTE_DUPLICATE = Refusal(409, 10020, "workers.api.error.duplicate_route", "docs")
ROUTE_SCRIPT = Refusal(400, 10019, "workers.api.error.invalid_route_script_missing", "docs")
ROUTE_PATTERN = Refusal(400, 10022, "{problem}", "docs")
