"""The routing table: who answers what, from top to bottom. The first rule that fits answers.

`infra/routing/model.py` says what a rule means. `serlo routes` prints the table for an environment,
`serlo trace <URL>` shows which rule answers.
"""

from infra.routing import content, legacy_split, redirects
from infra.routing.model import (
    APEX,
    LANGUAGES,
    Alias,
    AnyHost,
    AnyPath,
    Api,
    Exact,
    Frontend,
    MaintenancePage,
    PassThrough,
    Prefix,
    Proxy,
    Redirect,
    Respond,
    Rule,
    Scheme,
    Split,
    Template,
    Thumbnail,
    Variable,
    caller,
)

_DAY = 86400
_JSON = "application/json"


def _own(name: str, path: Exact | Prefix, *, page: bool = True) -> Rule:
    """An address that is the frontend's own, in no language."""
    return Rule(name, LANGUAGES, path, Frontend(prefix=False, page=page), place=caller())


def _login(name: str, path: Prefix) -> Rule:
    """An address that redirects browsers with cookies, so the worker must not follow."""
    action = Frontend(prefix=False, page=False, redirect="manual")
    return Rule(name, LANGUAGES, path, action, place=caller())


def _subject(name: str) -> Rule:
    """A subject's first page, which the frontend has under its name alone."""
    path = Exact(f"/{name}", slash=True)
    return Rule(f"subject-{name}", ("de",), path, Frontend(prefix=False), place=caller())


def _asset(name: str, path: Template | Prefix | AnyPath, to: str) -> Rule:
    """A file of production's store, which all environments show."""
    return Rule(name, ("assets",), path, Proxy(f"https://assets.serlo.org{to}"), place=caller())


RULES: tuple[Rule, ...] = (
    # Answered everywhere, and by plain HTTP too.
    Rule("preview", AnyHost(), Exact("/___cloudflare_worker_dev"), MaintenancePage()),
    Rule("preview-pages", AnyHost(), Prefix("/___cloudflare_worker_dev/"), MaintenancePage()),
    Rule(
        "login-callbacks-with-localhost",
        (APEX,),
        Exact("/auth/frontend-redirect-uris.json"),
        Respond(content.LOGIN_CALLBACKS_WITH_LOCALHOST, _JSON),
        when=(Variable("ALLOW_AUTH_FROM_LOCALHOST", "true"),),
    ),
    Rule(
        "login-callbacks",
        (APEX,),
        Exact("/auth/frontend-redirect-uris.json"),
        Respond(content.LOGIN_CALLBACKS, _JSON),
    ),
    # Clients of the pact broker cannot follow a redirect.
    Rule(
        "https",
        AnyHost(but=("pacts",)),
        AnyPath(),
        Redirect("https://{label}.{DOMAIN}{path}{query}"),
        when=(Scheme("http"),),
    ),
    # Third-party files, under our name. Without an answer the frontend says what is missing.
    Rule(
        "quickbar",
        LANGUAGES,
        Exact("/api/stats/quickbar.json"),
        Proxy("https://serlo.github.io/quickbar-updater/quickbar.json", _DAY, declines=True),
    ),
    Rule(
        "pdf",
        LANGUAGES,
        Template("/api/pdf/{id:digits}{anything:rest}"),
        Proxy("https://pdf.serlo.org/api/{id}{query}", _DAY, declines=True),
    ),
    # What search engines may see.
    Rule(
        "robots-with-sitemap",
        ("de",),
        Exact("/robots.txt"),
        Respond(content.ROBOTS_WITH_SITEMAP),
        environments=frozenset({"production"}),
    ),
    Rule(
        "robots",
        AnyHost(),
        Exact("/robots.txt"),
        Respond(content.ROBOTS),
        environments=frozenset({"production"}),
    ),
    Rule("no-robots", AnyHost(), Exact("/robots.txt"), Respond(content.NO_ROBOTS)),
    # Always the frontend's: what it is made of, and what its pages ask for.
    _login("frontend-auth", Prefix("/api/auth/")),
    _login("frontend-oauth", Prefix("/api/oauth/")),
    _login("frontend-ory", Prefix("/api/.ory/")),
    _own("frontend-files", Prefix("/_next/"), page=False),
    _own("frontend-assets", Prefix("/_assets/"), page=False),
    _own("frontend-api", Prefix("/api/frontend/"), page=False),
    _own("frontend-internal", Prefix("/___")),
    # Legacy's last addresses, and the choice between the two.
    *legacy_split.CHOICE,
    *legacy_split.LAST_PATHS,
    # Pages of the frontend's own that are no content, so that no redirect concerns them.
    _own("notifications", Exact("/user/notifications")),
    _own("consent", Exact("/consent")),
    _subject("biologie"),
    _subject("chemie"),
    _subject("informatik"),
    _subject("lerntipps"),
    _subject("mathe"),
    _subject("nachhaltigkeit"),
    Rule(
        "hello-world",
        (APEX,),
        Exact("/sentry-report-hello-world"),
        Respond("Hello World: the worker's log has a line about it", report=True),
    ),
    # Redirects; the last one of these asks the API.
    redirects.START,
    *redirects.LEGAL_PAGES,
    *redirects.SHORT_ADDRESSES,
    *redirects.LENABI,
    *redirects.MEETING_ROOMS,
    *redirects.GERMAN_PAGES,
    redirects.OWN_PROFILE,
    *redirects.HOSTS_WITHOUT_LANGUAGE,
    *redirects.OLD_FORMS,
    *redirects.EXAMS,
    Rule("alias", LANGUAGES, AnyPath(), Alias()),
    # Hosts with a purpose.
    Rule("thumbnail", ("embed",), AnyPath(), Thumbnail(content.THUMBNAILS)),
    _asset("asset-description", Prefix("/meta"), "{path}{query}"),
    _asset(
        "named-legacy-asset",
        Template("/legacy/{hash:word}/{name:name}.{kind:word}"),
        "/legacy/{hash}.{kind}{query}",
    ),
    _asset("legacy-asset", Prefix("/legacy"), "{path}{query}"),
    _asset(
        "named-asset", Template("/{hash:word}/{name:name}.{kind:word}"), "/{hash}.{kind}{query}"
    ),
    _asset("asset", AnyPath(), "{path}{query}"),
    Rule("graphql", ("api",), Exact("/graphql"), Api(content.API_ORIGINS)),
    # The language hosts: frontend or legacy.
    *legacy_split.EXCEPTIONS,
    *legacy_split.DIVISION,
    # Kratos, Hydra, the chat, all that has a record and no rule.
    Rule("everything-else", AnyHost(), AnyPath(), PassThrough()),
)

SPLITS = tuple(dict.fromkeys(r.action.name for r in RULES if isinstance(r.action, Split)))
"""The divisions of visitors for which a stack file with legacy has percentages."""
SWITCHES = tuple(dict.fromkeys(rule.switch for rule in RULES if rule.switch is not None))
"""What a stack file may switch on in `serlo:edge.switches`."""
