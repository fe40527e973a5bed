"""Where visitors are sent on: short addresses, moved pages, hosts that stand for a page.

`{query}` in a target keeps the query. Targets on serlo.org say so even in staging where the page
exists in production only; all others lead to the environment's own hosts.
"""

from typing import Literal

from infra.routing.model import (
    APEX,
    LANGUAGES,
    AnyHost,
    AnyPath,
    Exact,
    Hosts,
    Place,
    Redirect,
    Region,
    Rule,
    Template,
    caller,
)

_EVERYWHERE = AnyHost()
_GERMAN = ("de",)


def _moved(
    name: str,
    hosts: Hosts,
    path: str,
    to: str,
    *,
    status: Literal[301, 302] = 301,
    slash: bool = False,
    place: Place | None = None,
) -> Rule:
    return Rule(
        name, hosts, Exact(path, slash=slash), Redirect(to, status), place=place or caller()
    )


def _by_number(name: str, template: str) -> Rule:
    target = Redirect("https://{label}.{DOMAIN}/{id}{query}")
    return Rule(name, LANGUAGES, Template(template), target, place=caller())


def _room(name: str, path: str, room: str) -> Rule:
    to = f"https://meet.google.com/{room}"
    return _moved(f"meet-{name}", ("meet",), path, to, status=302, place=caller())


def _lenabi(name: str, path: str, to: str) -> Rule:
    return Rule(
        f"lenabi-{name}",
        ("lenabi",),
        Exact(path, slash=True),
        Redirect(to, 302),
        # In staging the host is an application of its own, to which two of these lead.
        environments=frozenset({"production", "local"}),
        place=caller(),
    )


def _exams(name: str, slug: str, *regions: str) -> Rule:
    return Rule(
        f"exams-{name}",
        _GERMAN,
        Exact("/mathe-pruefungen", slash=True),
        Redirect(f"https://de.{{DOMAIN}}/mathe-pruefungen/{slug}{{query}}", 302),
        when=(Region(regions),) if regions else (),
        place=caller(),
    )


def _moved_exams(year: int, old: int, new: int) -> Rule:
    title = f"zentrale-prüfung-zp-10-msa-mathematik-{year}"
    return _moved(
        f"exams-nrw-{year}",
        _EVERYWHERE,
        f"/mathe/{old}/{title}",
        f"https://{{label}}.{{DOMAIN}}/mathe/{new}/{title}{{query}}",
        slash=True,
        place=caller(),
    )


_DOCUMENT = "https://docs.google.com/document/d/"
_FORM = "https://docs.google.com/forms/d/e/"
_FILE = "https://drive.google.com/file/d/"
_LENABI = "https://github.com/serlo/lenabi-konzeptionsphase"

START = Rule(
    "start",
    ("start",),
    AnyPath(),
    Redirect(f"{_DOCUMENT}1qsgkXWNwC-mcgroyfqrQPkZyYqn7m1aimw2gwtDTmpM/"),
)

LEGAL_PAGES = (
    _moved("datenschutz", _GERMAN, "/datenschutz", "https://de.serlo.org/privacy"),
    _moved("impressum", _GERMAN, "/impressum", "https://de.serlo.org/legal"),
    _moved("imprint", _GERMAN, "/imprint", "https://de.serlo.org/legal"),
    _moved("nutzungsbedingungen", _GERMAN, "/nutzungsbedingungen", "https://de.serlo.org/terms"),
    _moved("terms-by-number", _GERMAN, "/21654", "https://de.serlo.org/terms"),
    _moved(
        "terms-by-alias",
        _GERMAN,
        "/21654/nutzungsbedingungen-und-urheberrecht",
        "https://de.serlo.org/terms",
    ),
)

SHORT_ADDRESSES = (
    _moved("organization", _EVERYWHERE, "/organization", "https://de.serlo.org/serlo", slash=True),
    _moved(
        "editor", AnyHost(but=("de", "en")), "/editor", "https://en.serlo.org/editor", slash=True
    ),
    _moved(
        "ecec",
        _EVERYWHERE,
        "/ecec",
        f"{_DOCUMENT}1qSbyzDnW2RU58a7J3NHHBFo_MptaW-Ke0iT_c4KOhUA",
        status=302,
        slash=True,
    ),
    _moved(
        "chancenwerk",
        _EVERYWHERE,
        "/chancenwerk",
        "https://de.serlo.org/mathe/268835/chancenwerk",
        status=302,
        slash=True,
    ),
)

LENABI = (
    _lenabi("metadata-api", "/metadata-api", "https://de.serlo.org/metadata"),
    _lenabi("data-wallet", "/data-wallet", "https://lenabi.serlo-staging.dev/wallet"),
    _lenabi("user-journey", "/user-journey", "https://de.serlo-staging.dev/willkommen"),
    _lenabi("sso", "/sso", "https://lenabi.serlo-staging.dev/sso"),
    _lenabi(
        "status",
        "/status",
        "https://frontend-git-lenabi-flow-serlo.vercel.app/___lenabi_status",
    ),
    _lenabi("docs", "/docs", _LENABI),
    _lenabi("docs-sso", "/docs/sso", f"{_LENABI}/wiki/Implementierung-der-Prototypen#sso"),
)

MEETING_ROOMS = (
    _room("main", "/", "vtk-ncrc-rdp"),
    _room("dev", "/dev", "btp-tdvb-rzz"),
    _room("ansprache", "/ansprache", "pwr-bbca-hru"),
    _room("einbindung", "/einbindung", "qzv-ojgk-xqw"),
    _room("begleitung", "/begleitung", "kon-wdmt-yhb"),
    _room("reviewing", "/reviewing", "kon-wdmt-yhb"),
    _room("klausurtagung", "/klausurtagung", "bwn-wrqe-qtm"),
    _room("labschool", "/labschool", "cvd-pame-zod"),
    _room("lenabi", "/lenabi", "hfe-apbh-apq"),
    _room("fundraising", "/fundraising", "uus-vjgu-ttr"),
    _room("maxsimon", "/maxsimon", "jbx-bjba-qjh"),
    _room("hochschulmathe", "/hochschulmathe", "oud-dpuy-swx"),
    _room("lamatreffen", "/lamatreffen", "unm-jesz-ibj"),
    _room("plenum", "/plenum", "unm-jesz-ibj"),
    _room("party", "/party", "fho-mbdm-gtv"),
    _room("1", "/1", "fxn-iprp-ezx"),
    _room("2", "/2", "yku-aksd-fkk"),
    _room("3", "/3", "qma-zouf-vcz"),
    _room("4", "/4", "ynr-brkr-vds"),
    _room("5", "/5", "xqt-cdpm-nco"),
    _room("6", "/6", "sui-yuwv-suh"),
    Rule(
        "meet-unknown",
        ("meet",),
        AnyPath(),
        # Nothing answers there, so that the visitor sees the page for what is not found.
        Redirect("https://serlo.org/___cf_not_found", 302),
    ),
)

_SCHOOLS = "https://de.{DOMAIN}/75578/serlo-in-der-schule{query}"

GERMAN_PAGES = (
    Rule("labschool-host", ("labschool",), AnyPath(), Redirect(_SCHOOLS)),
    _moved("labschool", _GERMAN, "/labschool", _SCHOOLS, slash=True),
    _moved(
        "hochschule",
        _GERMAN,
        "/hochschule",
        "https://de.{DOMAIN}/mathe/universitaet/44323{query}",
        slash=True,
    ),
    _moved(
        "neuerechtsform",
        _GERMAN,
        "/neuerechtsform",
        f"{_FILE}1G3w2EIXlqvwuZ8LMzsYUjoMf9NbXoDIX/view",
        status=302,
        slash=True,
    ),
    _moved(
        "beitreten",
        _GERMAN,
        "/beitreten",
        f"{_FORM}1FAIpQLSdEoyCcDVP_G_-G_u642S768e_sxz6wO6rJ3tad4Hb9z7Slwg/viewform",
        slash=True,
    ),
)

HOSTS_WITHOUT_LANGUAGE = (
    _moved("global", (APEX, "www"), "/global", "https://en.{DOMAIN}/global{query}"),
    Rule("german-first", (APEX, "www"), AnyPath(), Redirect("https://de.{DOMAIN}{path}{query}")),
)

OLD_FORMS = (
    _by_number("entity-contents", "/entity/view/{id:digits}/toc"),
    _by_number("page-view", "/page/view/{id:digits}"),
    _by_number("reference", "/ref/{id:digits}"),
    _by_number("discussion", "/discussion/{id:digits}"),
)

EXAMS = (
    _moved(
        "exams-old-alias",
        LANGUAGES,
        "/83249/mathematik-prüfungen",
        "https://de.{DOMAIN}/mathe-pruefungen{query}",
        status=302,
    ),
    _exams("berlin", "berlin", "BE"),
    _exams("brandenburg", "brandenburg", "BB"),
    _exams("niedersachsen", "niedersachsen", "NI"),
    _exams("nrw", "nrw", "NW"),
    _exams("bayern", "bayern"),
    _moved_exams(2023, 305761, 307337),
    _moved_exams(2022, 305762, 307339),
    _moved_exams(2021, 305763, 307340),
)

OWN_PROFILE = _moved(
    "own-profile", LANGUAGES, "/user/public", "https://{label}.{DOMAIN}/user/me{query}"
)
