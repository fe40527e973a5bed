"""Route matching against Cloudflare's documentation, and laws that hold for any routes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloudflare.workers.route_matching import Pattern, PatternError, most_specific, parse

ZONE = "example.com"


# Every example of developers.cloudflare.com/workers/configuration/routing/routes.
@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("https://*.example.com/images/*", "https://www.example.com/images/a.png", True),
        ("https://*.example.com/images/*", "http://www.example.com/images/a.png", False),
        ("https://*.example.com/images/*", "https://example.com/images/a.png", False),
        ("*example.com/*", "https://example.com/", True),
        ("*example.com/*", "https://www.example.com/path", True),
        ("*example.com/*", "https://myexample.com/", True),
        ("*.example.com/*", "https://example.com/", False),
        ("*.example.com/*", "https://www.example.com/path", True),
        ("*.example.com/*", "https://myexample.com/", False),
        ("example.com", "http://example.com/", True),
        ("example.com", "https://example.com/", True),
        ("example.com", "https://example.com/a", False),
        ("example.com", "https://example.com/?a=b", False),
        ("https://example.com/path*", "https://example.com/path", True),
        ("https://example.com/path*", "https://example.com/path2", True),
        ("https://example.com/path*", "https://example.com/path/readme.txt", True),
        ("https://example.com/path/*", "https://example.com/path", False),
        ("https://example.com/path/*", "https://example.com/path2", False),
        ("https://*.example.com/", "https://www.example.com/", True),
        ("https://*.example.com/", "http://www.example.com/", False),
        ("example.com/Images/*", "https://example.com/images/a", False),
        ("Example.com/images/*", "https://example.com/images/a", True),
        ("example.com/images/*", "https://EXAMPLE.com/images/a", True),
        ("*example.com/images/cat.png", "https://example.com/images/cat.png", True),
        ("*example.com/images/cat.png", "https://example.com/images/cat.png?foo=bar", False),
    ],
)
def test_documented_matches(pattern: str, url: str, *, matches: bool) -> None:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    assert parse(pattern, ZONE).matches(scheme, host, slash + path) is matches


# Documented on the same page and under "Known issues": the first pattern wins.
@pytest.mark.parametrize(
    ("winner", "loser", "host", "target"),
    [
        ("www.example.com/*", "*.example.com/*", "www.example.com", "/"),
        ("example.com/hello/*", "example.com/*", "example.com", "/hello/world"),
        ("*example.com/images/cat.png", "*example.com/images/*", "example.com", "/images/cat.png"),
        ("example.com/images*", "example.com/images/*", "example.com", "/images/hello"),
        ("a.example.com/*", "*.example.com/a", "a.example.com", "/a"),
        ("*.example.com/*", "*example.com/*", "www.example.com", "/"),
        ("https://example.com/*", "example.com/*", "example.com", "/"),
    ],
)
def test_the_more_specific_pattern_wins(winner: str, loser: str, host: str, target: str) -> None:
    for order in ([winner, loser], [loser, winner]):
        routes = [(parse(pattern, ZONE), pattern) for pattern in order]
        assert most_specific(routes, "https", host, target) == winner


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("other.org/*", "Route pattern must include zone name: other.org/*"),
        ("/w1", "Could not understand route pattern /w1"),
        ("notexample.com/*", "Route pattern must include zone name"),
        ("*/*", "Route pattern must include zone name"),
        ("example.com/*.jpg", "may only contain wildcards at the beginning of the hostname"),
        ("www.*.example.com/*", "may only contain wildcards at the beginning of the hostname"),
        ("**example.com/", "may only contain wildcards at the beginning of the hostname"),
        ("example.com*", "may only contain wildcards at the beginning of the hostname"),
        ("example.com/?foo=*", "Route pattern should not have query parameters"),
        ("ftp://example.com/*", "Could not understand route pattern"),
        ("example.com:8080/*", "Could not understand route pattern"),
        ("", "Could not understand route pattern"),
    ],
)
def test_wrong_patterns_are_refused(pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse(pattern, ZONE)
    assert message in str(caught.value)


LABELS = st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)
HOSTS = st.lists(LABELS, max_size=2).map(lambda labels: ".".join([*labels, ZONE]))
PATHS = st.from_regex(r"/[a-zA-Z0-9/._-]{0,8}", fullmatch=True)
SCHEMES = st.sampled_from(["", "http://", "https://"])
STARS, ENDS = st.sampled_from(["", "*", "*."]), st.sampled_from(["", "*"])
PATTERNS = st.tuples(SCHEMES, STARS, HOSTS, PATHS, ENDS).map("".join)


@given(PATTERNS)
def test_a_pattern_matches_the_url_it_spells(text: str) -> None:
    pattern = parse(text, ZONE)
    host = f"x{pattern.host}" if pattern.host.startswith(".") else pattern.host
    assert pattern.matches(pattern.scheme or "https", host, pattern.path)


@given(PATTERNS, st.text(alphabet="abc/?=&", max_size=8))
def test_a_trailing_star_matches_every_longer_target(text: str, more: str) -> None:
    pattern = parse(text, ZONE)
    host = f"x{pattern.host}"
    assert pattern.matches(pattern.scheme or "http", host, pattern.path + more) is (
        pattern.any_host and (pattern.any_path or not more)
    )


@given(st.lists(PATTERNS, min_size=1, max_size=8, unique=True), HOSTS, PATHS, st.data())
def test_the_choice_does_not_depend_on_the_order(
    texts: list[str], host: str, target: str, data: st.DataObject
) -> None:
    parsed: dict[Pattern, str] = {parse(text, ZONE): text for text in texts}
    routes = list(parsed.items())
    chosen = most_specific(routes, "https", host, target)
    reordered = data.draw(st.permutations(routes))
    assert most_specific(reordered, "https", host, target) == chosen
    assert (chosen is None) == (
        not any(pattern.matches("https", host, target) for pattern in parsed)
    )


@given(st.lists(PATTERNS, min_size=2, max_size=8, unique=True))
def test_no_two_patterns_are_equally_specific_for_one_url(texts: list[str]) -> None:
    patterns = list({parse(text, ZONE) for text in texts})
    for one in patterns:
        host = f"x{one.host}" if one.host.startswith(".") else one.host
        matching = [
            other for other in patterns if other.matches(one.scheme or "https", host, one.path)
        ]
        assert len({other.specificity() for other in matching}) == len(matching)
