"""What Cloudflare does before our worker sees a request: limits and the cache.

A zone has one ruleset for each phase. Expressions are in Cloudflare's rules language.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_cloudflare as cloudflare

from infra.stack.environment import Environment

# Both are counted for each visitor's address and data centre of Cloudflare. A school class sits
# behind one address, so the limits are far above what one visitor needs.
API_REQUESTS = 400
"""Requests to the API, in ten seconds: a class of thirty that opens pages at once."""
AUTH_REQUESTS = 60
"""Requests that log in or register, in ten seconds."""

_PERIOD = 10
_PAUSE = {"free": 10, "pro": 60}

_STATIC = ("/_next/static/", "/_assets/")
_AUTH = ("/auth/", "/api/auth/", "/self-service/")


@dataclass(frozen=True)
class Ruleset:
    """The rules of one phase, in the order in which they are tried."""

    label: str
    phase: str
    rules: Sequence[cloudflare.RulesetRuleArgsDict]


def rulesets(environment: Environment) -> tuple[Ruleset, ...]:
    """Every ruleset of the environment's zone."""
    return tuple(
        ruleset
        for ruleset in (
            Ruleset("exemptions", "http_request_firewall_custom", _exemptions(environment)),
            Ruleset("limits", "http_ratelimit", _limits(environment)),
            Ruleset("cache", "http_request_cache_settings", _cache()),
        )
        if ruleset.rules
    )


def _exemptions(environment: Environment) -> Sequence[cloudflare.RulesetRuleArgsDict]:
    # The frontend's servers ask the API on behalf of all visitors, from the cluster's address.
    addresses = environment.edge.unlimited_addresses
    if not addresses:
        return ()
    return (
        {
            # Keeps it the same rule when its place or words change.
            "ref": "unlimited-addresses",
            "description": "Requests of our own servers are not limited",
            "expression": f"(ip.src in {{{' '.join(addresses)}}})",
            "action": "skip",
            "enabled": True,
            "action_parameters": {"phases": ["http_ratelimit"]},
        },
    )


def _limits(environment: Environment) -> Sequence[cloudflare.RulesetRuleArgsDict]:
    api = '(http.request.uri.path eq "/graphql")'
    auth = _any_path(_AUTH)
    plan = environment.cloudflare.plan
    if plan == "free":
        # One rule is all there is, and it can tell requests by nothing but their path.
        rule = _limit("api-and-auth", f"{api} or {auth}", API_REQUESTS, plan)
        return (rule,)
    return (
        _limit("auth", auth, AUTH_REQUESTS, plan),
        _limit("api", f'{api} and (http.host eq "{environment.host("api")}")', API_REQUESTS, plan),
    )


def _limit(ref: str, expression: str, requests: int, plan: str) -> cloudflare.RulesetRuleArgsDict:
    return {
        "ref": ref,
        "description": f"At most {requests} requests in {_PERIOD} s from one address",
        "expression": expression,
        "action": "block",
        "enabled": True,
        "ratelimit": {
            "characteristics": ["cf.colo.id", "ip.src"],
            "period": _PERIOD,
            "requests_per_period": requests,
            "mitigation_timeout": _PAUSE[plan],
        },
    }


def _cache() -> Sequence[cloudflare.RulesetRuleArgsDict]:
    return (
        {
            "ref": "static-assets",
            "description": "Files with a fingerprint in their name, as long as the frontend says",
            "expression": _any_path(_STATIC),
            "action": "set_cache_settings",
            "enabled": True,
            "action_parameters": {
                "cache": True,
                "edge_ttl": {
                    "mode": "respect_origin",
                    # While a version rolls out, a pod may not know the other version's files.
                    "status_code_ttls": [
                        {"status_code_range": {"from_": 400, "to": 599}, "value": -1}
                    ],
                },
                "browser_ttl": {"mode": "respect_origin"},
            },
        },
    )


def _any_path(prefixes: Sequence[str]) -> str:
    tests = (f'starts_with(http.request.uri.path, "{prefix}")' for prefix in prefixes)
    return f"({' or '.join(tests)})"
