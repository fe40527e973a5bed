"""How the API refuses rulesets; see api/refusals.py."""

from rehearsal.cloudflare.api.refusals import Refusal

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
