"""The routing table, and the worker that executes it."""

from tests.review.scenario import Edit, Scenario, stack

_TABLE = "infra/routing/table.py"
_SCRIPT = "infra/edge/cloudflare/worker_script.py"
_REDIRECTS = "infra/routing/redirects.py"
_SPLIT = "content: {mobile: 100, authenticated: 100, desktop: 100}"
_EARLIER_SPLIT = "content: {mobile: 100, authenticated: 10, desktop: 50}"
_CHEMISTRY = '    _subject("chemie"),\n'

SCENARIOS = (
    Scenario(
        "rule-added",
        (Edit(_TABLE, _CHEMISTRY, f'{_CHEMISTRY}    _subject("physik"),\n'),),
    ),
    Scenario("rule-removed", (Edit(_TABLE, _CHEMISTRY, ""),)),
    Scenario(
        "redirect-leads-elsewhere",
        (
            Edit(
                _REDIRECTS,
                "https://de.serlo.org/mathe/268835/chancenwerk",
                "https://chancenwerk.de/",
            ),
        ),
    ),
    Scenario(
        "redirect-for-good",
        (
            Edit(
                _REDIRECTS,
                '        "https://de.serlo.org/mathe/268835/chancenwerk",\n        status=302,\n',
                '        "https://de.serlo.org/mathe/268835/chancenwerk",\n',
            ),
        ),
    ),
    Scenario(
        "rule-renamed",
        (
            Edit(
                _REDIRECTS,
                '_moved("imprint", _GERMAN, "/imprint"',
                '_moved("legal-notice", _GERMAN, "/imprint"',
            ),
        ),
    ),
    Scenario(
        "rule-moved-before-another",
        (
            Edit(_TABLE, '    Rule("alias", LANGUAGES, AnyPath(), Alias()),\n', ""),
            Edit(
                _TABLE,
                "    *redirects.SHORT_ADDRESSES,\n",
                '    Rule("alias", LANGUAGES, AnyPath(), Alias()),\n'
                "    *redirects.SHORT_ADDRESSES,\n",
            ),
        ),
    ),
    Scenario(
        "robots-forbidden",
        (Edit(_TABLE, "Respond(content.ROBOTS_WITH_SITEMAP)", "Respond(content.NO_ROBOTS)"),),
    ),
    Scenario(
        "host-taken-out-of-a-rule",
        (Edit(_TABLE, '"thumbnail", ("embed",)', '"thumbnail", ("embeds",)'),),
    ),
    Scenario(
        "table-refused", (Edit(_TABLE, 'Rule("alias", LANGUAGES', 'Rule("graphql", LANGUAGES'),)
    ),
    Scenario(
        "percentage-raised",
        stack("production", (_EARLIER_SPLIT, _EARLIER_SPLIT.replace("10,", "20,"))),
        before=stack("production", (_SPLIT, _EARLIER_SPLIT)),
    ),
    Scenario(
        "percentage-to-nothing",
        stack("production", (_SPLIT, "content: {mobile: 0, authenticated: 0, desktop: 0}")),
    ),
    Scenario(
        "types-divided",
        stack(
            "production",
            (
                _SPLIT,
                "content: {mobile: 100, authenticated: 100, desktop: 100, types: [Article, Video]}",
            ),
        ),
    ),
    Scenario(
        "switch-added",
        stack(
            "production",
            (f"      {_SPLIT}\n", f"      {_SPLIT}\n    switches: [legacy-auth-paths]\n"),
        ),
    ),
    Scenario(
        "worker-of-others",
        stack("staging", (f"    splits:\n      {_SPLIT}\n", "    script: serlo-edge-next\n")),
        "staging",
    ),
    Scenario(
        "logins-from-localhost",
        stack(
            "production", ("allow-auth-from-localhost: false", "allow-auth-from-localhost: true")
        ),
    ),
    Scenario(
        "worker-code-changed",
        (
            Edit(
                "infra/edge/worker/index.js", "/^[A-Za-z0-9_-]{8,128}$/", "/^[A-Za-z0-9_-]{8,64}$/"
            ),
        ),
    ),
    Scenario(
        "worker-module-changed",
        (
            Edit(
                "infra/edge/worker/log.mjs",
                'if (level === "error") console.error(line);',
                'if (level === "error" || level === "warning") console.error(line);',
            ),
        ),
    ),
    Scenario(
        "compatibility-date-raised",
        (Edit(_SCRIPT, "2023-07-14", "2026-07-14"),),
    ),
    Scenario(
        "worker-renamed",
        (
            Edit(
                _SCRIPT,
                'f"serlo-{environment.name}"',
                'f"edge-{environment.name}"',
            ),
        ),
    ),
)
