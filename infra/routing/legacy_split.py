"""What legacy serlo.org still answers, and how visitors are divided between it and the frontend.

Without the part `legacy` nothing of this reaches the worker but the frontend's own rules.
"""

from infra.routing.model import (
    LANGUAGES,
    AnyPath,
    Choose,
    Condition,
    Cookie,
    Exact,
    Header,
    Legacy,
    Method,
    PathMatch,
    Prefix,
    Query,
    Rule,
    Split,
    Template,
    caller,
)

CONTENT_API_PARAMETERS = (
    "contentOnly",
    "hideTopbar",
    "hideLeftSidebar",
    "hideRightSidebar",
    "hideBreadcrumbs",
    "hideDiscussions",
    "hideBanner",
    "hideHorizon",
    "hideFooter",
    "fullWidth",
)
"""Parameters by which others embed our content; that one is there is enough."""

_PLAIN_TYPES = (
    "Applet",
    "Article",
    "Course",
    "CoursePage",
    "Event",
    "Exercise",
    "ExerciseGroup",
    "GroupedExercise",
    "Page",
    "Solution",
    "Video",
)
CONTENT_TYPES = (
    *_PLAIN_TYPES,
    *(f"{name}Revision" for name in _PLAIN_TYPES),
    "Comment",
    "TaxonomyTerm",
    "User",
)
"""Types of content, as the API names them."""


def _legacy(name: str, path: PathMatch, *when: Condition, switch: str | None = None) -> Rule:
    return Rule(
        f"legacy-{name}", LANGUAGES, path, Legacy(), when=when, switch=switch, place=caller()
    )


def _account(name: str, path: PathMatch) -> Rule:
    return Rule(
        f"legacy-{name}", LANGUAGES, path, Legacy(), switch="legacy-auth-paths", place=caller()
    )


def _open(name: str, path: PathMatch) -> Rule:
    return Rule(name, LANGUAGES, path, Split("content"), place=caller())


CHOICE = (
    Rule(
        "enable-frontend",
        LANGUAGES,
        Exact("/enable-frontend"),
        Choose("0", "Enabled: Use of new frontend"),
    ),
    Rule(
        "disable-frontend",
        LANGUAGES,
        Exact("/disable-frontend"),
        # More than 1, which is what everybody's number is at most.
        Choose("1.1", "Disabled: Use of new frontend"),
    ),
)

_REVISION = Prefix("/entity/repository/add-revision/")

LAST_PATHS = (
    _legacy("organize", Prefix("/taxonomy/term/organize/")),
    _legacy("old-editor", Prefix("/entity/repository/add-revision-old/")),
    _legacy("saving", _REVISION, Method(("POST",))),
    _legacy("editor", _REVISION, Cookie("useLegacyEditor", "1")),
    _legacy("notification", Prefix("/notification/")),
    _account("login", Exact("/auth/login")),
    _account("logout", Exact("/auth/logout")),
    _account("activate", Prefix("/auth/activate/")),
    _account("password-change", Exact("/auth/password/change")),
    _account("password-restore", Prefix("/auth/password/restore/")),
    _account("hydra-login", Exact("/auth/hydra/login")),
    _account("hydra-consent", Exact("/auth/hydra/consent")),
    _account("register", Exact("/user/register")),
    _legacy("header", AnyPath(), Header("X-From", "legacy-serlo.org"), switch="legacy-header"),
)
"""Before all redirects: legacy answers these addresses as they are."""

EXCEPTIONS = (
    _legacy("opt-out", AnyPath(), Cookie("useLegacyFrontend", "true")),
    _legacy(
        "content-parameters",
        AnyPath(),
        Query(CONTENT_API_PARAMETERS),
        switch="legacy-content-parameters",
    ),
    _legacy(
        "authenticated", AnyPath(), Cookie("authenticated", "1"), switch="legacy-authenticated"
    ),
)
"""Visitors who take no part in the division: their cookie stays as it is."""

DIVISION = (
    # These are no content that the API knows, so it is not asked for their type.
    _open("home", Exact("/")),
    _open("search", Exact("/search")),
    _open("donations", Exact("/spenden")),
    _open("license", Template("/license/detail/{id:digits}")),
    Rule("content", LANGUAGES, AnyPath(), Split("content", by_type=True)),
)
