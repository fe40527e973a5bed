"""Rules of a ruleset: which actions a phase knows, and how new rules take over from old ones."""

from rehearsal.cloudflare.rulesets.refusals import RULE_BLANK, RULE_EXPRESSION, RULESET_VALUE
from rehearsal.cloudflare.shapes import Json, objects
from rehearsal.cloudflare.storage import new_id, now

_SECURITY = "block challenge js_challenge managed_challenge log skip"
# From the "Actions" and "Phases" pages of Cloudflare's ruleset engine documentation.
ACTIONS: dict[str, frozenset[str]] = {
    phase: frozenset(actions.split())
    for phase, actions in {
        "ddos_l7": "execute",
        "http_config_settings": "set_config",
        "http_custom_errors": "serve_error",
        "http_log_custom_fields": "log_custom_field",
        "http_ratelimit": "block challenge js_challenge managed_challenge log",
        "http_request_cache_settings": "set_cache_settings",
        "http_request_dynamic_redirect": "redirect",
        "http_request_firewall_custom": f"{_SECURITY} execute",
        "http_request_firewall_managed": f"{_SECURITY} execute",
        "http_request_late_transform": "rewrite",
        "http_request_origin": "route",
        "http_request_redirect": "redirect",
        "http_request_sanitize": "execute",
        "http_request_sbfm": f"{_SECURITY} execute",
        "http_request_transform": "rewrite",
        "http_response_cache_settings": "set_cache_control set_cache_tags",
        "http_response_compression": "compress_response",
        "http_response_firewall_managed": f"{_SECURITY} execute",
        "http_response_headers_transform": "rewrite",
    }.items()
}
_FIELDS = (
    *("action", "action_parameters", "categories", "description", "enabled", "expression"),
    *("exposed_credential_check", "logging", "ratelimit", "ref"),
)
_PARAMETERS_NEEDED = frozenset(
    (
        *("compress_response", "execute", "log_custom_field", "redirect", "rewrite", "route"),
        *("serve_error", "set_cache_control", "set_cache_settings", "set_cache_tags"),
        *("set_config", "skip"),
    )
)


def checked_phase(phase: object) -> str:
    """The phase, if it is one that a zone can have. Raises Refused."""
    if not isinstance(phase, str) or phase not in ACTIONS:
        raise RULESET_VALUE.because(value=phase, field="phase", reason="")
    return phase


def rules_of(body: Json) -> list[Json]:
    """The rules that a request brings. Raises Refused when they are no list of objects."""
    rules = objects(body.get("rules"))
    if rules is None:
        raise RULESET_VALUE.because(value=body["rules"], field="rules", reason="")
    return rules


def merged_rules(phase: str, wanted: list[Json], old: list[Json]) -> list[Json]:
    """The rules as stored: one that is known by id or ref keeps its id, if equal its version."""
    known = {str(rule[name]): rule for rule in old for name in ("ref", "id")}
    return [merged_rule(phase, rule, _predecessor(rule, known)) for rule in wanted]


def merged_rule(phase: str, wanted: Json, old: Json | None) -> Json:
    """One rule as stored. Raises Refused for a rule that the phase cannot have."""
    rule: Json = {name: wanted[name] for name in _FIELDS if wanted.get(name) is not None}
    rule.setdefault("enabled", True)
    _check(phase, rule)
    identifier = old["id"] if old else new_id()
    rule.setdefault("ref", old["ref"] if old else identifier)
    rule["id"] = identifier
    if old is not None and all(old.get(name) == rule.get(name) for name in _FIELDS):
        return old
    rule["version"] = str(int(str(old["version"])) + 1 if old else 1)
    rule["last_updated"] = now()
    return rule


def _predecessor(rule: Json, known: dict[str, Json]) -> Json | None:
    for name in ("id", "ref"):
        if rule.get(name) is not None and str(rule[name]) in known:
            return known[str(rule[name])]
    return None


def _check(phase: str, rule: Json) -> None:
    action = rule.get("action")
    if action not in ACTIONS[phase]:
        reason = f" because it is not supported in the phase {phase}"
        raise RULESET_VALUE.because(value=action, field="action", reason=reason)
    if action in _PARAMETERS_NEEDED and not isinstance(rule.get("action_parameters"), dict):
        reason = f" because the action {action} needs them"
        raise RULESET_VALUE.because(
            value=rule.get("action_parameters"), field="action_parameters", reason=reason
        )
    if phase == "http_ratelimit" and not isinstance(rule.get("ratelimit"), dict):
        raise RULESET_VALUE.because(
            value=rule.get("ratelimit"), field="ratelimit", reason=" because the phase needs it"
        )
    expression = rule.get("expression")
    if not isinstance(expression, str) or not expression.strip():
        raise RULE_BLANK.because()
    reason = _expression_problem(expression)
    if reason:
        raise RULE_EXPRESSION.because(expression=expression, reason=reason)


def _expression_problem(expression: str) -> str:
    """What is plainly wrong with an expression; the language itself is not parsed here."""
    depth, quoted, escaped = 0, False, False
    for character in expression:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "()":
            depth += 1 if character == "(" else -1
        if depth < 0:
            break
    if quoted:
        return "Filter parsing error: missing ending quote"
    return "Filter parsing error: unbalanced parentheses" if depth else ""
