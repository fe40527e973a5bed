"""The frontend for some visitors and legacy for the others.

Site `split`: 30 % of all visitors see the frontend, but 50 % with a mobile device, else 10 % of
those who are logged in.
"""

import json
import re
from typing import Literal

import pytest

from tests.rehearsal.edge_worker.runtime import Answer, Call, EdgeRuntime
from tests.rehearsal.edge_worker.sites import (
    EARLY_TYPES,
    LANGUAGES,
    address,
    api,
    cases,
    domain,
    frontend,
    titled,
)

Side = Literal["frontend", "legacy"]
FRONTEND: Side = "frontend"
LEGACY: Side = "legacy"

MOBILE = {"user-agent": "Mozilla/5.0 (Linux; Android 10; K) Chrome/140 Mobile Safari/537.36"}
DESKTOP = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}
SET_COOKIE = re.compile(
    r"useFrontend=([0-9.e-]+); path=/; domain=\.serlo-staging\.dev; secure; samesite=lax"
)
PATH = "/physik/1/schwerkraft"


def asked(edge: EdgeRuntime, site: str) -> Call:
    """Who was asked for the page, by the last request."""
    return next(call for call in reversed(edge.calls()) if call.url != api(site))


def side(edge: EdgeRuntime, site: str, label: str, path: str = PATH) -> Side:
    """Who answered the last request. Raises AssertionError if it was somebody else."""
    call = asked(edge, site)
    if call.url == address(site, label, path):
        return LEGACY
    page, question, query = path.partition("?")
    paths = (f"/{label}{page.removesuffix('/')}", f"/{label}/content-only{page}", page)
    assert call.url in [f"https://{frontend(site)}{path}{question}{query}" for path in paths]
    return FRONTEND


def number(answer: Answer) -> float | None:
    """The visitor's number in the cookie that the answer sets, if it sets one."""
    cookies = [
        one for one in answer.headers.get_list("set-cookie") if one.startswith("useFrontend=")
    ]
    if not cookies:
        return None
    (said,) = cookies
    match = SET_COOKIE.fullmatch(said)
    assert match is not None, said
    return float(match[1])


# What the cookie says, and who answers: 30 % on a desktop, 50 % on a mobile device.
NUMBERS = [
    ("0", FRONTEND, FRONTEND),
    ("0.0", FRONTEND, FRONTEND),
    ("1e-7", FRONTEND, FRONTEND),
    ("2.5e-10", FRONTEND, FRONTEND),
    ("0.1", FRONTEND, FRONTEND),
    ("0.29999", FRONTEND, FRONTEND),
    ("0.3", FRONTEND, FRONTEND),
    ("0.30001", LEGACY, FRONTEND),
    ("0.31", LEGACY, FRONTEND),
    ("0.5", LEGACY, FRONTEND),
    ("0.50001", LEGACY, LEGACY),
    ("0.999", LEGACY, LEGACY),
    ("1", LEGACY, LEGACY),
    ("1.1", LEGACY, LEGACY),
    ("42", LEGACY, LEGACY),
    ("always", FRONTEND, FRONTEND),
]


@pytest.mark.parametrize("label", ["de", "ta"])
@pytest.mark.parametrize(("said", "desktop", "mobile"), cases(NUMBERS, 0))
def test_a_visitor_s_number_decides(
    edge: EdgeRuntime, label: str, said: str, desktop: Side, mobile: Side
) -> None:
    for device, expected in ((DESKTOP, desktop), (MOBILE, mobile)):
        headers = {**device, "cookie": f"a=b; useFrontend={said}; c=d"}
        answer = edge.fetch("split", address("split", label, PATH), headers=headers)
        assert (answer.status, side(edge, "split", label)) == (200, expected)
        # Who has a number keeps it.
        assert number(answer) is None


# Who answers a visitor with this number and these headers.
AUDIENCES: list[tuple[str, dict[str, str], float, Side]] = [
    ("desktop", DESKTOP, 0.3, FRONTEND),
    ("desktop, above", DESKTOP, 0.31, LEGACY),
    ("no user agent", {}, 0.3, FRONTEND),
    ("no user agent, above", {}, 0.31, LEGACY),
    ("logged in", {**DESKTOP, "cookie": "authenticated=1"}, 0.1, FRONTEND),
    ("logged in, above", {**DESKTOP, "cookie": "authenticated=1"}, 0.2, LEGACY),
    ("not logged in", {**DESKTOP, "cookie": "authenticated=0"}, 0.2, FRONTEND),
    ("almost logged in", {**DESKTOP, "cookie": "xauthenticated=1"}, 0.2, FRONTEND),
    ("mobile", MOBILE, 0.5, FRONTEND),
    ("mobile, above", MOBILE, 0.51, LEGACY),
    ("mobile and logged in", {**MOBILE, "cookie": "authenticated=1"}, 0.5, FRONTEND),
    ("mobile in any browser", {"user-agent": "X Mobi Y"}, 0.5, FRONTEND),
    ("mobile is Mobi", {"user-agent": "mobile"}, 0.5, LEGACY),
]


@pytest.mark.parametrize(("headers", "said", "expected"), titled(AUDIENCES))
def test_each_audience_has_its_percentage(
    edge: EdgeRuntime, headers: dict[str, str], said: float, expected: Side
) -> None:
    cookies = "; ".join(filter(None, (headers.get("cookie"), f"useFrontend={said}")))
    edge.fetch("split", address("split", "de", PATH), headers={**headers, "cookie": cookies})
    assert side(edge, "split", "de") == expected


# Cookies that are no number of a visitor's.
NUMBERLESS = [
    None,
    "",
    "a=b",
    "useFrontend=",
    "useFrontend=foo",
    "useFrontend=NaN",
    "useFrontend=Infinity",
    "useFrontend=-0.5",
    "useFrontend=+0.5",
    "useFrontend=.5",
    "useFrontend=0.",
    "useFrontend=0.5.5",
    "useFrontend=0,5",
    "useFrontend=0x1",
    "useFrontend=1e5",
    "useFrontend=0 1",
    "useFrontend=Always",
    "useFrontend=%30",
    "xuseFrontend=0.5",
    "usefrontend=0.5",
    "useFrontend",
    "useFrontend=null; useFrontend=0.5",
]


@pytest.mark.parametrize("cookie", NUMBERLESS)
def test_who_has_no_number_gets_one(edge: EdgeRuntime, cookie: str | None) -> None:
    headers = {} if cookie is None else {"cookie": cookie}
    answer = edge.fetch("split", address("split", "de", PATH), headers=headers)
    drawn = number(answer)
    assert drawn is not None
    assert 0 <= drawn < 1
    assert side(edge, "split", "de") == (FRONTEND if drawn <= 0.3 else LEGACY)


def test_numbers_are_drawn_for_each_visitor(edge: EdgeRuntime) -> None:
    url = address("split", "de", PATH)
    assert len({number(edge.fetch("split", url)) for _ in range(50)}) == 50


def test_a_number_comes_with_cookies_of_the_page(edge: EdgeRuntime) -> None:
    for upstream in (f"https://{frontend('split')}/", address("split", "de", PATH)):
        edge.answer(upstream, headers=[("set-cookie", "a=1"), ("set-cookie", "b=2")])
    answer = edge.fetch("split", address("split", "de", PATH))
    first, second, last = answer.headers.get_list("set-cookie")
    assert (first, second) == ("a=1", "b=2")
    assert SET_COOKIE.fullmatch(last)


@pytest.mark.parametrize(("site", "expected"), [("split-all", FRONTEND), ("split-none", LEGACY)])
def test_a_number_is_drawn_at_the_ends_too(edge: EdgeRuntime, site: str, expected: Side) -> None:
    for _ in range(20):
        answer = edge.fetch(site, address(site, "de", PATH))
        assert (number(answer) is not None, side(edge, site, "de")) == (True, expected)


ENDS = [
    ("split-all", "0.999", FRONTEND),
    ("split-all", "1", FRONTEND),
    ("split-all", "1.1", LEGACY),
    ("split-none", "0", FRONTEND),
    ("split-none", "0.001", LEGACY),
    ("split-none", "always", FRONTEND),
]


@pytest.mark.parametrize(("site", "said", "expected"), cases(ENDS))
def test_who_has_chosen_keeps_his_choice(
    edge: EdgeRuntime, site: str, said: str, expected: Side
) -> None:
    edge.fetch(site, address(site, "de", PATH), headers={"cookie": f"useFrontend={said}"})
    assert side(edge, site, "de") == expected


CHOICES = [
    ("/enable-frontend", "0", "Enabled: Use of new frontend"),
    ("/disable-frontend", "1.1", "Disabled: Use of new frontend"),
]


@pytest.mark.parametrize("label", LANGUAGES)
@pytest.mark.parametrize(("path", "value", "text"), cases(CHOICES, 0))
def test_visitors_can_choose(
    edge: EdgeRuntime, label: str, path: str, value: str, text: str
) -> None:
    headers = {"cookie": "useFrontend=0.5; authenticated=1"}
    answer = edge.fetch("split", address("split", label, path), headers=headers)
    assert (answer.status, answer.text.strip()) == (200, text)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["refresh"] == "1; url=/"
    assert answer.headers.get_list("set-cookie") == [
        f"useFrontend={value}; path=/; domain=.{domain('split')}; secure; samesite=lax"
    ]
    assert not edge.calls()


def test_choices_are_made_on_language_hosts(edge: EdgeRuntime) -> None:
    answer = edge.fetch("split", address("split", "", "/enable-frontend"))
    assert answer.headers["location"] == address("split", "de", "/enable-frontend")


TYPES = [
    *((name, True) for name in EARLY_TYPES),
    ("Exercise", False),
    ("ExerciseGroup", False),
    ("Event", False),
    ("GroupedExercise", False),
    ("Solution", False),
    ("User", False),
    ("Comment", False),
    ("ArticleRevision", False),
    ("article", False),
    ("", False),
]


def given(edge: EdgeRuntime, typename: str, alias: str = PATH) -> None:
    body = json.dumps({"data": {"uuid": {"__typename": typename, "alias": alias}}})
    edge.answer(api("split"), body=body)


@pytest.mark.parametrize(("typename", "takes_part"), cases(TYPES, 0))
def test_only_some_types_of_content_take_part(
    edge: EdgeRuntime, typename: str, takes_part: bool
) -> None:
    given(edge, typename)
    url = address("split-types", "de", PATH)
    for cookie, expected in (("0.2", FRONTEND), ("0.4", LEGACY)):
        answer = edge.fetch("split-types", url, headers={"cookie": f"useFrontend={cookie}"})
        assert side(edge, "split-types", "de") == (expected if takes_part else LEGACY)
        assert number(answer) is None
    # Who does not take part gets no number.
    assert (number(edge.fetch("split-types", url)) is not None) == takes_part
    # Who asks for the alias knows the type.
    assert len([call for call in edge.calls() if call.url == api("split")]) == 1


UNKNOWN = [
    ("unknown", {"body": '{"data":{"uuid":null}}'}),
    ("error", {"status": 500}),
    ("malformed", {"body": "malformed"}),
    ("refused", {"fail": True}),
]


@pytest.mark.parametrize(("answer",), titled(UNKNOWN))
def test_what_is_no_content_is_legacy_s(edge: EdgeRuntime, answer: dict[str, object]) -> None:
    edge.answer(api("split"), **answer)  # pyright: ignore[reportArgumentType]
    found = edge.fetch(
        "split-types", address("split-types", "de", PATH), headers={"cookie": "useFrontend=0"}
    )
    assert (found.status, side(edge, "split-types", "de"), number(found)) == (200, LEGACY, None)


def test_the_type_of_content_is_kept(edge: EdgeRuntime) -> None:
    edge.kv_put(f"/de{PATH}", json.dumps({"currentPath": PATH, "typename": "Article"}))
    headers = {"cookie": "useFrontend=0"}
    edge.fetch("split-types", address("split-types", "de", PATH), headers=headers)
    assert side(edge, "split-types", "de") == FRONTEND
    assert not [call for call in edge.calls() if call.url == api("split")]


def test_without_a_list_all_types_take_part(edge: EdgeRuntime) -> None:
    given(edge, "Comment")
    edge.fetch("split", address("split", "de", PATH), headers={"cookie": "useFrontend=0"})
    assert side(edge, "split", "de") == FRONTEND


@pytest.mark.parametrize("path", ["/", "/search", "/spenden", "/license/detail/1"])
@pytest.mark.parametrize("site", ["split", "split-types"])
def test_pages_that_are_no_content_take_part(edge: EdgeRuntime, site: str, path: str) -> None:
    for cookie, expected in (("0.2", FRONTEND), ("0.4", LEGACY)):
        headers = {"cookie": f"useFrontend={cookie}"}
        edge.fetch(site, address(site, "de", path), headers=headers)
        assert side(edge, site, "de", path) == expected
    assert number(edge.fetch(site, address(site, "de", path))) is not None


@pytest.mark.parametrize("site", ["split", "split-switches"])
def test_aliases_and_redirects_come_before_the_division(edge: EdgeRuntime, site: str) -> None:
    given(edge, "Article", "/physik/2/kraft")
    answer = edge.fetch(site, address(site, "de", PATH))
    assert answer.headers["location"] == address(site, "de", "/physik/2/kraft")
    answer = edge.fetch(site, address(site, "de", "/datenschutz"))
    assert answer.headers["location"] == "https://de.serlo.org/privacy"


@pytest.mark.parametrize("failure", [{"fail": True}, {"status": 503}, {"status": 521}])
def test_a_failure_gives_a_number_too(edge: EdgeRuntime, failure: dict[str, object]) -> None:
    url = address("split", "de", PATH)
    for upstream in (f"https://{frontend('split')}/", url):
        edge.answer(upstream, **failure)  # pyright: ignore[reportArgumentType]
    answer = edge.fetch("split", url)
    assert answer.status in (502, 503)
    drawn = number(answer)
    assert drawn is not None
    assert side(edge, "split", "de") == (FRONTEND if drawn <= 0.3 else LEGACY)
