"""Who is sent on, where to, and whether for good. `{D}` stands for the environment's domain."""

from collections.abc import Iterator

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime
from tests.rehearsal.edge_worker.sites import (
    ENVIRONMENTS,
    LANGUAGES,
    address,
    api,
    cases,
    domain,
    frontend,
)

MEET = "https://meet.google.com"
DOCUMENT = "https://docs.google.com/document/d"
LENABI = "https://github.com/serlo/lenabi-konzeptionsphase"
SCHOOLS = "https://de.{D}/75578/serlo-in-der-schule"
NOT_FOUND = "https://serlo.org/___cf_not_found"
START = f"{DOCUMENT}/1qsgkXWNwC-mcgroyfqrQPkZyYqn7m1aimw2gwtDTmpM/"
ECEC = f"{DOCUMENT}/1qSbyzDnW2RU58a7J3NHHBFo_MptaW-Ke0iT_c4KOhUA"
CHANCENWERK = "https://de.serlo.org/mathe/268835/chancenwerk"
FORM = (
    "https://docs.google.com/forms/d/e/"
    "1FAIpQLSdEoyCcDVP_G_-G_u642S768e_sxz6wO6rJ3tad4Hb9z7Slwg/viewform"
)
LEGAL_FORM = "https://drive.google.com/file/d/1G3w2EIXlqvwuZ8LMzsYUjoMf9NbXoDIX/view"

# Old number, new number, year.
MOVED = [(305761, 307337, 2023), (305762, 307339, 2022), (305763, 307340, 2021)]
TITLE = "zentrale-pr%C3%BCfung-zp-10-msa-mathematik-"

REDIRECTS = [
    # The host `start` is one document, whatever the path.
    ("start", "/", 301, START),
    ("start", "/anything?at=all", 301, START),
    ("start", "/editor", 301, START),
    # Legal pages of the German host, in production's words everywhere.
    ("de", "/datenschutz", 301, "https://de.serlo.org/privacy"),
    ("de", "/impressum", 301, "https://de.serlo.org/legal"),
    ("de", "/imprint", 301, "https://de.serlo.org/legal"),
    ("de", "/nutzungsbedingungen", 301, "https://de.serlo.org/terms"),
    ("de", "/21654", 301, "https://de.serlo.org/terms"),
    ("de", "/21654/nutzungsbedingungen-und-urheberrecht", 301, "https://de.serlo.org/terms"),
    # Short addresses that every host knows.
    ("", "/organization", 301, "https://de.serlo.org/serlo"),
    ("www", "/organization", 301, "https://de.serlo.org/serlo"),
    ("de", "/organization", 301, "https://de.serlo.org/serlo"),
    ("en", "/organization/", 301, "https://de.serlo.org/serlo"),
    ("kratos", "/organization", 301, "https://de.serlo.org/serlo"),
    ("nowhere", "/organization", 301, "https://de.serlo.org/serlo"),
    ("", "/editor", 301, "https://en.serlo.org/editor"),
    ("www", "/editor/", 301, "https://en.serlo.org/editor"),
    ("es", "/editor", 301, "https://en.serlo.org/editor"),
    ("fr", "/editor", 301, "https://en.serlo.org/editor"),
    ("hi", "/editor", 301, "https://en.serlo.org/editor"),
    ("ta", "/editor/", 301, "https://en.serlo.org/editor"),
    ("api", "/editor", 301, "https://en.serlo.org/editor"),
    ("assets", "/editor", 301, "https://en.serlo.org/editor"),
    ("embed", "/editor", 301, "https://en.serlo.org/editor"),
    ("meet", "/editor", 301, "https://en.serlo.org/editor"),
    ("labschool", "/editor", 301, "https://en.serlo.org/editor"),
    ("", "/ecec", 302, ECEC),
    ("de", "/ecec", 302, ECEC),
    ("de", "/ecec/", 302, ECEC),
    ("meet", "/ecec", 302, ECEC),
    ("hydra", "/ecec", 302, ECEC),
    ("", "/chancenwerk", 302, CHANCENWERK),
    ("de", "/chancenwerk", 302, CHANCENWERK),
    ("ta", "/chancenwerk/", 302, CHANCENWERK),
    # Rooms for meetings.
    ("meet", "/", 302, f"{MEET}/vtk-ncrc-rdp"),
    ("meet", "/dev", 302, f"{MEET}/btp-tdvb-rzz"),
    ("meet", "/ansprache", 302, f"{MEET}/pwr-bbca-hru"),
    ("meet", "/einbindung", 302, f"{MEET}/qzv-ojgk-xqw"),
    ("meet", "/begleitung", 302, f"{MEET}/kon-wdmt-yhb"),
    ("meet", "/reviewing", 302, f"{MEET}/kon-wdmt-yhb"),
    ("meet", "/klausurtagung", 302, f"{MEET}/bwn-wrqe-qtm"),
    ("meet", "/labschool", 302, f"{MEET}/cvd-pame-zod"),
    ("meet", "/lenabi", 302, f"{MEET}/hfe-apbh-apq"),
    ("meet", "/fundraising", 302, f"{MEET}/uus-vjgu-ttr"),
    ("meet", "/maxsimon", 302, f"{MEET}/jbx-bjba-qjh"),
    ("meet", "/hochschulmathe", 302, f"{MEET}/oud-dpuy-swx"),
    ("meet", "/lamatreffen", 302, f"{MEET}/unm-jesz-ibj"),
    ("meet", "/plenum", 302, f"{MEET}/unm-jesz-ibj"),
    ("meet", "/party", 302, f"{MEET}/fho-mbdm-gtv"),
    ("meet", "/1", 302, f"{MEET}/fxn-iprp-ezx"),
    ("meet", "/2", 302, f"{MEET}/yku-aksd-fkk"),
    ("meet", "/3", 302, f"{MEET}/qma-zouf-vcz"),
    ("meet", "/4", 302, f"{MEET}/ynr-brkr-vds"),
    ("meet", "/5", 302, f"{MEET}/xqt-cdpm-nco"),
    ("meet", "/6", 302, f"{MEET}/sui-yuwv-suh"),
    ("meet", "/7", 302, NOT_FOUND),
    ("meet", "/dev/", 302, NOT_FOUND),
    ("meet", "/DEV", 302, NOT_FOUND),
    ("meet", "/constructor", 302, NOT_FOUND),
    # The school.
    ("labschool", "/", 301, SCHOOLS),
    ("labschool", "/anything?x=1", 301, f"{SCHOOLS}?x=1"),
    ("de", "/labschool", 301, SCHOOLS),
    ("de", "/labschool/", 301, SCHOOLS),
    ("de", "/labschool?x=1", 301, f"{SCHOOLS}?x=1"),
    # Pages of the German host.
    ("de", "/hochschule", 301, "https://de.{D}/mathe/universitaet/44323"),
    ("de", "/hochschule/", 301, "https://de.{D}/mathe/universitaet/44323"),
    ("de", "/hochschule?x=1", 301, "https://de.{D}/mathe/universitaet/44323?x=1"),
    ("de", "/neuerechtsform", 302, LEGAL_FORM),
    ("de", "/neuerechtsform/", 302, LEGAL_FORM),
    ("de", "/beitreten", 301, FORM),
    ("de", "/beitreten/", 301, FORM),
    # A user who is logged in has one profile.
    *(
        (language, "/user/public", 301, f"https://{language}.{{D}}/user/me")
        for language in LANGUAGES
    ),
    ("de", "/user/public?x=1", 301, "https://de.{D}/user/me?x=1"),
    # Hosts without a language.
    ("", "/", 301, "https://de.{D}/"),
    ("", "/mathe/1?x=1&y=%20", 301, "https://de.{D}/mathe/1?x=1&y=%20"),
    ("", "/global", 301, "https://en.{D}/global"),
    ("", "/global?x=1", 301, "https://en.{D}/global?x=1"),
    ("", "/global/", 301, "https://de.{D}/global/"),
    ("", "/datenschutz", 301, "https://de.{D}/datenschutz"),
    ("", "/graphql", 301, "https://de.{D}/graphql"),
    ("", "/page/view/1", 301, "https://de.{D}/page/view/1"),
    ("", "/_next/static/x.js", 301, "https://de.{D}/_next/static/x.js"),
    ("www", "/", 301, "https://de.{D}/"),
    ("www", "/foo/", 301, "https://de.{D}/foo/"),
    ("www", "/global", 301, "https://en.{D}/global"),
    # Old forms of addresses.
    *(
        (language, path, 301, f"https://{language}.{{D}}/58362")
        for language in LANGUAGES
        for path in (
            "/entity/view/58362/toc",
            "/page/view/58362",
            "/ref/58362",
            "/discussion/58362",
        )
    ),
    ("de", "/ref/1?x=1", 301, "https://de.{D}/1?x=1"),
    # Examinations.
    ("de", "/83249/mathematik-prüfungen", 302, "https://de.{D}/mathe-pruefungen"),
    ("de", "/83249/mathematik-pr%C3%BCfungen", 302, "https://de.{D}/mathe-pruefungen"),
    ("de", "/mathe-pruefungen", 302, "https://de.{D}/mathe-pruefungen/bayern"),
    ("de", "/mathe-pruefungen?x=1", 302, "https://de.{D}/mathe-pruefungen/bayern?x=1"),
    *(
        (
            label,
            f"/mathe/{old}/{TITLE}{year}{end}",
            301,
            f"https://{label}.{{D}}/mathe/{new}/{TITLE}{year}{query}",
        )
        for old, new, year in MOVED
        for label in ("de", "en", "kratos", "api", "nowhere")
        for end, query in (("", ""), ("/", ""), ("?x=1&y", "?x=1&y"), ("/?x", "?x"))
    ),
    ("", f"/mathe/305761/{TITLE}2023", 301, f"https://de.{{D}}/mathe/305761/{TITLE}2023"),
    ("meet", f"/mathe/305761/{TITLE}2023", 302, NOT_FOUND),
]


def rows() -> Iterator[tuple[object, ...]]:
    for label, path, status, to in REDIRECTS:
        yield label, path, (status, to)


@pytest.mark.parametrize("site", ENVIRONMENTS)
@pytest.mark.parametrize(("label", "path", "expected"), cases(rows()))
def test_visitors_are_sent_on(
    edge: EdgeRuntime, site: str, label: str, path: str, expected: tuple[int, str]
) -> None:
    answer = edge.fetch(site, address(site, label, path))
    status, to = expected
    found = (answer.status, answer.headers.get("location"))
    assert found == (status, to.replace("{D}", domain(site)))
    assert not edge.calls(), "a redirect of the table needs no request"


REGIONS = [
    ("BY", "bayern"),
    ("BE", "berlin"),
    ("BB", "brandenburg"),
    ("NI", "niedersachsen"),
    ("NW", "nrw"),
    ("HH", "bayern"),
    ("TX", "bayern"),
    ("", "bayern"),
    ("ni", "bayern"),
]


@pytest.mark.parametrize(("region", "slug"), cases(REGIONS))
def test_the_region_decides_about_examinations(edge: EdgeRuntime, region: str, slug: str) -> None:
    answer = edge.fetch(
        "staging", address("staging", "de", "/mathe-pruefungen"), cf={"regionCode": region}
    )
    target = address("staging", "de", f"/mathe-pruefungen/{slug}")
    assert (answer.status, answer.headers["location"]) == (302, target)


LENABI_PATHS = [
    ("/metadata-api", "https://de.serlo.org/metadata"),
    ("/data-wallet", "https://lenabi.serlo-staging.dev/wallet"),
    ("/user-journey", "https://de.serlo-staging.dev/willkommen"),
    ("/sso", "https://lenabi.serlo-staging.dev/sso"),
    ("/status", "https://frontend-git-lenabi-flow-serlo.vercel.app/___lenabi_status"),
    ("/docs", LENABI),
    ("/docs/sso", f"{LENABI}/wiki/Implementierung-der-Prototypen#sso"),
    ("/docs/", LENABI),
    ("/user-journey/", "https://de.serlo-staging.dev/willkommen"),
]


@pytest.mark.parametrize("site", ["local", "production"])
@pytest.mark.parametrize(("path", "to"), cases(LENABI_PATHS, 0))
def test_lenabi_is_redirects(edge: EdgeRuntime, site: str, path: str, to: str) -> None:
    answer = edge.fetch(site, address(site, "lenabi", path))
    assert (answer.status, answer.headers["location"]) == (302, to)


@pytest.mark.parametrize("path", [path for path, _ in LENABI_PATHS])
def test_lenabi_is_an_application_in_staging(edge: EdgeRuntime, path: str) -> None:
    url = address("staging", "lenabi", path)
    answer = edge.fetch("staging", url)
    assert (answer.status, answer.json()["url"]) == (200, url)


NOT_REDIRECTED = [
    # Without a slash at their end only.
    ("de", "/datenschutz/", "/de/datenschutz"),
    ("de", "/nutzungsbedingungen/", "/de/nutzungsbedingungen"),
    ("de", "/user/public/", "/de/user/public"),
    # The German host's own.
    ("en", "/datenschutz", "/en/datenschutz"),
    ("en", "/impressum", "/en/impressum"),
    ("fr", "/labschool", "/fr/labschool"),
    ("es", "/hochschule", "/es/hochschule"),
    ("en", "/beitreten", "/en/beitreten"),
    ("en", "/neuerechtsform", "/en/neuerechtsform"),
    ("en", "/mathe-pruefungen", "/en/mathe-pruefungen"),
    ("en", "/21654", "/en/21654"),
    # Where the editor's page is.
    ("de", "/editor", "/de/editor"),
    ("en", "/editor", "/en/editor"),
    # Almost.
    ("en", "/global", "/en/global"),
    ("de", "/page/view/abc", "/de/page/view/abc"),
    ("de", "/page/view/1/", "/de/page/view/1"),
    ("de", "/page/view/1/2", "/de/page/view/1/2"),
    ("de", "/entity/view/1", "/de/entity/view/1"),
    ("de", "/x/ref/1", "/de/x/ref/1"),
    ("de", "/organizations", "/de/organizations"),
    ("de", "/ECEC", "/de/ECEC"),
    ("de", "/mathe-pruefungen/bayern", "/de/mathe-pruefungen/bayern"),
    ("de", f"/mathe/305761/{TITLE}2022", f"/de/mathe/305761/{TITLE}2022"),
    ("de", f"/mathe/307337/{TITLE}2023", f"/de/mathe/307337/{TITLE}2023"),
    ("de", f"/mathe/305761/{TITLE}2023//", f"/de/mathe/305761/{TITLE}2023/"),
]


@pytest.mark.parametrize(("label", "path", "upstream"), cases(NOT_REDIRECTED))
def test_others_are_not_sent_on(edge: EdgeRuntime, label: str, path: str, upstream: str) -> None:
    answer = edge.fetch("today", address("today", label, path))
    expected = f"https://{frontend('today')}{upstream}"
    assert (answer.status, answer.json()["url"]) == (200, expected)


@pytest.mark.parametrize("label", ["lenabi", "metadata-api"])
def test_what_lenabi_does_not_know_is_passed_through(edge: EdgeRuntime, label: str) -> None:
    url = address("production", label, "/unknown")
    assert edge.fetch("production", url).json()["url"] == url


HTTP = [
    ("de", "/mathe?x=1"),
    ("", "/"),
    ("www", "/global"),
    ("api", "/graphql"),
    ("assets", "/meta/x.jpg"),
    ("embed", "/thumbnail?url=x"),
    ("start", "/"),
    ("meet", "/dev"),
    ("kratos", "/x"),
    ("de", "/robots.txt"),
    ("de", "/_next/x.js"),
    ("", "/sentry-report-hello-world"),
    ("unknown", "/a/b/?c"),
    ("a.pacts", "/"),
]


@pytest.mark.parametrize("site", ENVIRONMENTS)
@pytest.mark.parametrize(("label", "path"), cases(HTTP))
def test_plain_http_is_left(edge: EdgeRuntime, site: str, label: str, path: str) -> None:
    answer = edge.fetch(site, address(site, label, path, "http"))
    assert (answer.status, answer.headers["location"]) == (301, address(site, label, path))
    assert not edge.calls()


def test_plain_http_is_left_with_any_method(edge: EdgeRuntime) -> None:
    url = address("staging", "api", "/graphql", "http")
    answer = edge.fetch("staging", url, method="POST", body=b"{}")
    assert (answer.status, answer.headers["location"]) == (301, api("staging"))


PORTS = [
    ("http://de.{D}:8080/x", "https://de.{D}/x"),
    ("http://{D}:80/", "https://{D}/"),
    ("https://{D}:8443/x?y", "https://de.{D}/x?y"),
    ("https://en.{D}:444/ref/1", "https://en.{D}/1"),
]


@pytest.mark.parametrize(("url", "to"), cases(PORTS, 0))
def test_redirects_lead_to_the_usual_port(edge: EdgeRuntime, url: str, to: str) -> None:
    answer = edge.fetch("staging", url.replace("{D}", domain("staging")))
    assert answer.headers["location"] == to.replace("{D}", domain("staging"))


def test_the_pact_broker_is_reached_by_plain_http(edge: EdgeRuntime) -> None:
    url = address("staging", "pacts", "/pacts/latest?x=1", "http")
    answer = edge.fetch("staging", url)
    assert (answer.status, answer.json()["url"]) == (200, url)
