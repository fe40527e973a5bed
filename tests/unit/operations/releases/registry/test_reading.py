"""Names of images, what registries ask for, what Docker's configuration says."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.releases.registry import Registry, RegistryUnavailable
from operations.releases.registry.cache import Cache
from operations.releases.registry.challenge import Challenge, challenges
from operations.releases.registry.credentials import Credentials, credentials_for
from operations.releases.registry.names import ELSEWHERE, Place, place_of

HUB = "https://registry-1.docker.io"


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("redis", Place("docker.io", HUB, "library/redis")),
        ("docker.io/library/redis", Place("docker.io", HUB, "library/redis")),
        ("docker.io/redis", Place("docker.io", HUB, "library/redis")),
        ("index.docker.io/oryd/kratos", Place("docker.io", HUB, "oryd/kratos")),
        ("oryd/kratos", Place("docker.io", HUB, "oryd/kratos")),
        (
            "ghcr.io/serlo/api.serlo.org/server",
            Place("ghcr.io", "https://ghcr.io", "serlo/api.serlo.org/server"),
        ),
        ("eu.gcr.io/a/b", Place("eu.gcr.io", "https://eu.gcr.io", "a/b")),
        ("localhost/app", Place("localhost", "http://localhost", "app")),
        ("127.0.0.1:5000/app", Place("127.0.0.1:5000", "http://127.0.0.1:5000", "app")),
        ("registry:5000/app", Place("registry:5000", "https://registry:5000", "app")),
    ],
)
def test_where_images_live(image: str, place: Place) -> None:
    assert place_of(image) == place


@pytest.mark.parametrize(
    "image", ["", "Upper/case", "ghcr.io/", "ghcr.io/a//b", "ghcr.io/../x", "a b", "app:1.0.0"]
)
def test_what_names_no_image(image: str) -> None:
    with pytest.raises(RegistryUnavailable, match="names no image"):
        place_of(image)


@pytest.mark.parametrize(
    "address",
    [
        "ghcr.io",
        "https://[x",
        "http://192.0.2.1:5000",
        "https://mirror.example/path",
        "https://u:p@m.example",
    ],
)
def test_unusable_addresses_elsewhere(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ELSEWHERE, address)
    with pytest.raises(RegistryUnavailable, match="SERLO_REGISTRY is"):
        place_of("redis")


NOTHING: dict[str, str] = {}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a:pull"'],
            [("bearer", {"realm": "https://ghcr.io/token", "service": "ghcr.io"})],
        ),
        (['Basic realm="a, \\"b\\" = c"'], [("basic", {"realm": 'a, "b" = c'})]),
        (
            ['Negotiate, Basic realm="x", BEARER realm=https://a/t'],
            [
                ("negotiate", NOTHING),
                ("basic", {"realm": "x"}),
                ("bearer", {"realm": "https://a/t"}),
            ],
        ),
        (["Negotiate", 'Basic realm="x"'], [("negotiate", NOTHING), ("basic", {"realm": "x"})]),
    ],
)
def test_challenges(headers: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    found = challenges(headers)
    assert [c.scheme for c in found] == [scheme for scheme, _ in expected]
    for challenge, (_, parameters) in zip(found, expected, strict=True):
        assert parameters.items() <= challenge.parameters.items()


names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(st.lists(st.tuples(names, st.dictionaries(names, values, max_size=3)), max_size=3))
def test_challenges_as_they_are_written(wanted: list[tuple[str, dict[str, str]]]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(
        " ".join([scheme, ", ".join(f"{name}={quoted(v)}" for name, v in parameters.items())])
        for scheme, parameters in wanted
    )
    assert challenges([header]) == [Challenge(scheme, parameters) for scheme, parameters in wanted]


@given(st.text(max_size=60))
def test_nonsense_is_no_challenge_and_no_error(text: str) -> None:
    challenges([text])


def encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("registry", "name"),
    [
        ("ghcr.io", "ghcr.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("docker.io", "https://index.docker.io/v1/"),
    ],
)
def test_credentials(registry: str, name: str, docker: Path) -> None:
    content = {"auths": {name: {"auth": encoded("user", "pass:word")}}}
    (docker / "config.json").write_text(json.dumps(content))
    known = credentials_for(registry)
    assert known.credentials == Credentials("user", "pass:word")
    assert "pass" not in repr(known)
    assert credentials_for("other.example").credentials is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, None),
        ("{}", None),
        ("[]", None),
        ('{"auths": {"ghcr.io": {}}}', None),
        ('{"auths": {"ghcr.io": {"auth": "%%%"}}}', None),
        ('{"auths": {"ghcr.io": {"auth": "bm9jb2xvbg=="}}}', None),
        ("{", "cannot be read"),
        ('{"credsStore": "desktop"}', "helper 'desktop'"),
        ('{"credHelpers": {"ghcr.io": "x"}, "credsStore": "desktop"}', "helper 'x'"),
        ('{"auths": {"ghcr.io": {"identitytoken": "abc"}}}', "identity token"),
    ],
)
def test_what_is_not_used_is_known(content: str | None, said: str | None, docker: Path) -> None:
    if content is not None:
        (docker / "config.json").write_text(content)
    known = credentials_for("ghcr.io")
    assert known.credentials is None
    assert (known.unused is None) if said is None else (said in (known.unused or ""))


def test_a_cache_that_cannot_be_used_is_none(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    place = Place("a", "https://a", "b")
    cache = Cache(tmp_path / "cache")
    cache.keep_tags(place, ["1.0.0"])
    assert cache.tags(place) is None
    assert Registry(cache=cache)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"tags": 1}', '{"tags": {"at": "x"}}'])
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, content: str) -> None:
    place = Place("a", "https://a", "b")
    cache = Cache(tmp_path / "cache")
    cache.keep_tags(place, ["1.0.0"])
    assert cache.tags(place) == ["1.0.0"]
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(content)
    assert cache.tags(place) is None
    assert not cache.has_digest(place, f"sha256:{'0' * 64}")
