"""Who may talk to whom."""

from tests.review.scenario import Edit, Scenario

_REDIS = "infra/services/redis.py"
_FRONTEND = "infra/services/frontend.py"
_CALLERS = 'allowed_clients=("server", "swr-queue-worker", "db-migration"),'
_SENTRY = 'EgressTarget("the API, by way of Cloudflare, and Sentry")'

SCENARIOS = (
    Scenario(
        "call-allowed",
        (Edit(_REDIS, _CALLERS, _CALLERS.replace('"server",', '"server", "frontend",')),),
    ),
    Scenario(
        "call-no-longer-allowed",
        (Edit("infra/services/legacy.py", '("varnish", "session-gc")', '("session-gc",)'),),
    ),
    Scenario(
        "admin-port-opened",
        (
            Edit(
                "infra/services/kratos.py",
                'allowed_clients=("server",)',
                'allowed_clients=("server", "frontend")',
            ),
        ),
    ),
    Scenario(
        "way-out-to-another-port",
        (Edit(_FRONTEND, _SENTRY, f'{_SENTRY}, EgressTarget("a mail server", 587)'),),
    ),
    Scenario(
        "way-out-to-another-namespace",
        (
            Edit(
                _FRONTEND,
                _SENTRY,
                f'{_SENTRY}, EgressTarget("the chat", 3000, namespace="community")',
            ),
        ),
    ),
    Scenario(
        "way-out-to-every-block",
        (
            Edit(
                "infra/cluster/network_policies.py",
                '{"ip_block": {"cidr": "0.0.0.0/0", "except_": list(_NOT_INTERNET)}}',
                '{"ip_block": {"cidr": "0.0.0.0/0"}}',
            ),
        ),
    ),
    Scenario("way-out-closed", (Edit(_FRONTEND, f"egress=({_SENTRY},)", "egress=()"),)),
    Scenario(
        "policy-for-all-gone",
        (
            Edit(
                "infra/cluster/network_policies.py",
                '{"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}\n',
                '{"pod_selector": {}, "policy_types": ["Ingress"]}\n',
            ),
        ),
    ),
)
