"""The client against the reference implementation of a registry."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.releases.registry import Registry, RegistryUnavailable
from operations.releases.registry.cache import Cache
from tests.rehearsal.registry.server import RegistryServer, auth, docker_config, registry_server
from tests.rehearsal.registry.token_server import SERVICE, Asked, TokenServer

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(cache=Cache(tmp_path / "cache"))


@pytest.fixture
def image(server: RegistryServer) -> str:
    """An image of this test's own, without tags yet."""
    return f"{server.host}/tests/{secrets.token_hex(4)}"


def repository_of(image: str) -> str:
    return image.partition("/")[2]


def test_tags_of_several_pages(server: RegistryServer, registry: Registry, image: str) -> None:
    names = {f"0.{minor}.0" for minor in range(10)} | {"latest", "0.53.0-staging.1"}
    server.push(repository_of(image), *names)
    found = registry.tags(image)
    assert set(found) == names
    assert len(found) == len(names)


def test_an_image_that_does_not_exist_has_no_tags(registry: Registry, image: str) -> None:
    assert registry.tags(image) == []
    assert registry.digest(image, "1.0.0") is None


def test_digest_is_what_was_pushed(server: RegistryServer, registry: Registry, image: str) -> None:
    digest = server.push(repository_of(image), "1.0.0")
    assert registry.digest(image, "1.0.0") == digest
    assert registry.digest(image, "1.0.1") is None
    assert registry.digest(image, digest) == digest
    assert registry.digest(image, f"sha256:{'0' * 64}") is None
    assert registry.digest(image, "no tag at all") is None


def test_the_digest_of_several_platforms_is_that_of_the_index(
    server: RegistryServer, registry: Registry, image: str
) -> None:
    repository = repository_of(image)
    platforms = [server.push(repository, content=name) for name in ("amd64", "arm64")]
    index = server.push_index(repository, "1.0.0", *platforms)
    assert index not in platforms
    assert registry.digest(image, "1.0.0") == index


def test_a_moved_tag_is_noticed_at_once(
    server: RegistryServer, registry: Registry, image: str
) -> None:
    first = server.push(repository_of(image), "latest", content="first")
    assert registry.digest(image, "latest") == first
    second = server.push(repository_of(image), "latest", content="second")
    assert second != first
    assert registry.digest(image, "latest") == second


def test_tags_are_kept_for_a_while(
    server: RegistryServer, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache")
    server.push(repository_of(image), "1.0.0")
    assert Registry(cache=cache).tags(image) == ["1.0.0"]
    server.push(repository_of(image), "1.1.0")
    assert Registry(cache=cache).tags(image) == ["1.0.0"]
    monkeypatch.setattr("operations.releases.registry.cache.TAGS_FOR", 0)
    assert set(Registry(cache=cache).tags(image)) == {"1.0.0", "1.1.0"}


def test_a_known_digest_needs_no_registry(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    with registry_server(tmp_path / "registry") as server:
        image = f"{server.host}/tests/gone"
        digest = server.push("tests/gone", "1.0.0")
        assert Registry(cache=cache).digest(image, "1.0.0") == digest
    registry = Registry(cache=cache)
    assert registry.digest(image, digest) == digest
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        registry.digest(image, "1.0.0")
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        registry.tags(image)


def test_images_of_all_registries_can_be_asked_for_elsewhere(
    elsewhere: RegistryServer, registry: Registry
) -> None:
    name = f"app-{secrets.token_hex(4)}"
    elsewhere.push(f"library/{name}", "1.0.0")
    elsewhere.push(f"serlo/{name}", "2.0.0")
    assert registry.tags(name) == ["1.0.0"]
    assert registry.tags(f"docker.io/library/{name}") == ["1.0.0"]
    assert registry.tags(f"serlo/{name}") == ["2.0.0"]
    assert registry.tags(f"ghcr.io/serlo/{name}") == ["2.0.0"]


# --- With a token server ---


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    server = TokenServer(tmp_path_factory.mktemp("tokens"), {"reader": "s:ecret"})
    yield server
    server.close()


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory, tokens: TokenServer
) -> Iterator[RegistryServer]:
    with registry_server(tmp_path_factory.mktemp("guarded"), auth=tokens.settings) as server:
        for repository in ("public/app", "private/app"):
            server.authorize(tokens.token(repository, "push", "pull"))
            server.push(repository, "1.0.0", "1.1.0", "1.2.0", "1.3.0")
        yield server


def test_anonymous_users_get_a_token_for_what_is_public(
    guarded: RegistryServer, tokens: TokenServer, registry: Registry
) -> None:
    before = len(tokens.asked)
    image = f"{guarded.host}/public/app"
    assert set(registry.tags(image)) == {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}
    assert registry.digest(image, "1.2.0") is not None
    assert registry.digest(image, "9.9.9") is None
    # One token for all of it, for exactly this and no more.
    assert tokens.asked[before:] == [Asked("repository:public/app:pull", SERVICE, None)]


def test_what_is_private_is_not_said_to_be_missing(
    guarded: RegistryServer, registry: Registry
) -> None:
    image = f"{guarded.host}/private/app"
    for question in (lambda: registry.tags(image), lambda: registry.digest(image, "1.0.0")):
        with pytest.raises(RegistryUnavailable, match="anonymous users: it is private, or does"):
            question()


def test_credentials_of_docker_are_used(
    guarded: RegistryServer, tokens: TokenServer, registry: Registry, tmp_path: Path
) -> None:
    docker_config(tmp_path / "docker", auths={guarded.host: auth("reader", "s:ecret")})
    before = len(tokens.asked)
    assert registry.digest(f"{guarded.host}/private/app", "1.0.0") is not None
    assert [asked.user for asked in tokens.asked[before:]] == ["reader"]


def test_wrong_credentials_are_a_reason(
    guarded: RegistryServer, registry: Registry, tmp_path: Path
) -> None:
    docker_config(tmp_path / "docker", auths={guarded.host: auth("reader", "wrong-one")})
    with pytest.raises(RegistryUnavailable) as caught:
        registry.tags(f"{guarded.host}/public/app")
    assert "the credentials of Docker's configuration" in caught.value.reason
    assert "wrong-one" not in caught.value.reason


def test_credentials_of_others_are_not_sent(
    guarded: RegistryServer,
    tokens: TokenServer,
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever is asked in the place of ghcr.io must not learn what is for ghcr.io."""
    docker_config(tmp_path / "docker", auths={"ghcr.io": auth("reader", "s:ecret")})
    monkeypatch.setenv("SERLO_REGISTRY", guarded.url)
    before = len(tokens.asked)
    assert registry.tags("ghcr.io/public/app")
    assert [asked.user for asked in tokens.asked[before:]] == [None]


def test_helpers_are_not_started_and_that_is_said(
    guarded: RegistryServer, registry: Registry, tmp_path: Path
) -> None:
    docker_config(tmp_path / "docker", credHelpers={guarded.host: "vault"})
    with pytest.raises(RegistryUnavailable, match=r"kept by the helper 'vault' .* are not used"):
        registry.tags(f"{guarded.host}/private/app")
