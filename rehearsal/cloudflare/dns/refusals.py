"""How the API refuses DNS records; see api/refusals.py."""

from rehearsal.cloudflare.api.refusals import Refusal

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
