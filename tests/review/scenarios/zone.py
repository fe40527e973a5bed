"""Records, routes, settings and rules at Cloudflare."""

from tests.review.scenario import Edit, Scenario, stack

_RECORDS = "infra/edge/cloudflare/dns_records.py"
_ROUTES = "infra/edge/cloudflare/worker_routes.py"
_SETTINGS = "infra/edge/cloudflare/zone_settings.py"
_RULESETS = "infra/edge/cloudflare/rulesets.py"
_COMPONENT = "infra/edge/edge.py"
_CHAT = (
    '    External("community", "Rocket.Chat, in the namespace community", '
    'frozenset({"production"})),\n'
)
_CONNECTOR = """    External(
        "enmeshed", "the enmeshed connector, in the namespace enmeshed", frozenset({"staging"})
    ),
"""

SCENARIOS = (
    Scenario(
        "record-added",
        (
            Edit(
                _RECORDS,
                '    AtTheWorker("labschool"),\n',
                '    AtTheWorker("labschool"),\n    AtTheWorker("shop"),\n',
            ),
        ),
    ),
    Scenario("record-of-a-rule-removed", (Edit(_RECORDS, '    AtTheWorker("meet"),\n', ""),)),
    Scenario("record-removed", (Edit(_RECORDS, _CHAT, ""),)),
    Scenario("record-removed-in-staging", (Edit(_RECORDS, _CONNECTOR, ""),), "staging"),
    Scenario("records-no-longer-proxied", (Edit(_COMPONENT, "proxied=True", "proxied=False"),)),
    Scenario(
        "record-comment-changed", (Edit(_RECORDS, '"the worker at the edge"\n', '"our worker"\n'),)
    ),
    Scenario(
        "route-changed",
        (Edit(_ROUTES, '"community", "/websocket*"', '"community", "/socket*"'),),
    ),
    Scenario(
        "route-added",
        (
            Edit(
                _ROUTES,
                '    Bypass("chat-websocket", "community", "/websocket*"),\n',
                '    Bypass("chat-files", "community", "/file-upload/*"),\n'
                '    Bypass("chat-websocket", "community", "/websocket*"),\n',
            ),
        ),
    ),
    Scenario(
        "route-removed",
        (Edit(_ROUTES, '    Bypass("chat-sockjs", "community", "/sockjs/*"),\n', ""),),
    ),
    Scenario(
        "setting-of-the-zone-changed",
        (Edit(_SETTINGS, '"ssl", "strict"', '"ssl", "full"'),),
    ),
    Scenario(
        "setting-of-the-zone-given-up",
        (
            Edit(
                _SETTINGS,
                '        ZoneSetting("http3", "on", "quicker on mobile networks"),\n',
                "",
            ),
        ),
    ),
    Scenario(
        "hsts-raised",
        (
            Edit(
                _SETTINGS,
                '"production": _DAY',
                '"production": 365 * _DAY',
            ),
        ),
    ),
    Scenario("dnssec-off", (Edit(_COMPONENT, 'status="active"', 'status="disabled"'),)),
    Scenario(
        "dnssec-no-longer-declared",
        (
            Edit(
                _COMPONENT,
                "self.ds_record = self._sign_records()",
                'self.ds_record = pulumi.Output.from_input("")',
            ),
        ),
    ),
    Scenario(
        "limit-lowered",
        (Edit(_RULESETS, "API_REQUESTS = 400", "API_REQUESTS = 100"),),
    ),
    Scenario(
        "addresses-without-limit",
        stack(
            "production",
            (
                "    allow-auth-from-localhost: false\n",
                "    allow-auth-from-localhost: false\n    unlimited-addresses: [203.0.113.0/28]\n",
            ),
        ),
    ),
    Scenario(
        "plan-of-the-zone",
        stack("staging", ("  serlo:edge:\n", "    plan: pro\n  serlo:edge:\n")),
        "staging",
    ),
    Scenario(
        "cache-cleared-of-rules",
        (
            Edit(
                _RULESETS,
                '            Ruleset("cache", "http_request_cache_settings", _cache()),\n',
                "",
            ),
        ),
    ),
    Scenario(
        "store-at-the-edge-renamed",
        (Edit(_COMPONENT, '}-path-info"', '}-aliases"'),),
    ),
)
