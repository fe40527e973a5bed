"""Changes of text that change nothing: comments, order of keys, quotes, names of variables."""

from tests.review.scenario import Edit, Scenario, stack

UNCHANGED: tuple[Scenario, ...] = (
    Scenario(
        "comment-in-a-stack-file",
        stack(
            "production", ("    server: 0.52.1\n", "    # Not the newest.\n    server: 0.52.1\n")
        ),
    ),
    Scenario(
        "comment-behind-a-version",
        stack("production", ("    server: 0.52.1\n", "    server: 0.52.1 # kept for the exams\n")),
    ),
    Scenario(
        "order-of-versions",
        stack(
            "production",
            (
                "    serlo-org: 19.2.1\n    server: 0.52.1\n",
                "    server: 0.52.1\n    serlo-org: 19.2.1\n",
            ),
        ),
    ),
    Scenario(
        "order-of-sections",
        stack(
            "production",
            ("  serlo:features:\n    legacy: true\n", ""),
            (
                "  serlo:domain: serlo.org\n",
                "  serlo:domain: serlo.org\n  serlo:features:\n    legacy: true\n",
            ),
        ),
    ),
    Scenario("quotes", stack("production", ("server: 0.52.1", 'server: "0.52.1"'))),
    Scenario(
        "written-in-blocks",
        stack(
            "production",
            (
                "    server:\n      replicas: {min: 2, max: 5}\n",
                "    server:\n      replicas:\n        max: 5\n        min: 2\n",
            ),
        ),
    ),
    Scenario(
        "blank-lines",
        stack("production", ("  serlo:services:\n", "\n\n  serlo:services:\n\n")),
    ),
    Scenario(
        "comment-in-a-declaration",
        (Edit("infra/services/server.py", "    host=", "    # Known to all clients.\n    host="),),
    ),
    Scenario(
        "docstring-in-a-declaration",
        (Edit("infra/services/redis.py", '"""Redis: the API', '"""The data store: the API'),),
    ),
    Scenario(
        "order-of-arguments",
        (
            Edit("infra/services/frontend.py", "    port=3000,\n", ""),
            Edit("infra/services/frontend.py", "    host=", "    port=3000,\n    host="),
        ),
    ),
    Scenario(
        "variable-renamed",
        (
            Edit(
                "infra/services/server.py", "_ENMESHED = frozenset", "_WITH_CONNECTOR = frozenset"
            ),
            Edit(
                "infra/services/server.py",
                'SecretRef("enmeshed-server-secret", environments=_ENMESHED)',
                'SecretRef("enmeshed-server-secret", environments=_WITH_CONNECTOR)',
            ),
            Edit(
                "infra/services/server.py",
                'SecretRef("enmeshed-webhook-secret", environments=_ENMESHED)',
                'SecretRef("enmeshed-webhook-secret", environments=_WITH_CONNECTOR)',
            ),
        ),
    ),
    Scenario(
        "lines-of-rules-moved",
        (
            Edit(
                "infra/routing/redirects.py", "LEGAL_PAGES = (", "# About us.\n\n\nLEGAL_PAGES = ("
            ),
            Edit(
                "infra/routing/table.py", "RULES: tuple", "\n\n# From top to bottom.\nRULES: tuple"
            ),
        ),
    ),
    Scenario(
        "comment-in-the-program",
        (Edit("infra/__main__.py", "cluster = Cluster", "# First of all.\ncluster = Cluster"),),
    ),
    Scenario(
        "function-moved",
        (
            Edit("infra/edge/cloudflare/rulesets.py", "_PAUSE = {", "_UNUSED = 1\n_PAUSE = {"),
            Edit("infra/edge/cloudflare/zone_settings.py", "_DAY = 86400", "_DAY = 24 * 60 * 60"),
        ),
    ),
    Scenario(
        "secret-set",
        stack(
            "production",
            (
                "  serlo:domain: serlo.org\n",
                "  serlo:secrets:\n    mysql-uri:\n      secure: v1:abcdefgh:ijklmnop\n"
                "  serlo:domain: serlo.org\n",
            ),
        ),
    ),
)
