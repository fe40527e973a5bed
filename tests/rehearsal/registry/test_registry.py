"""The client against the reference implementation of a registry."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from operations.releases.registry import Registry, RegistryUnavailable
from tests.rehearsal.registry.server import RegistryServer, auth, docker_config, registry_server
from tests.rehearsal.registry.token_server import SERVICE, Asked, TokenServer

pytestmark = [pytest.mark.xdist_group("registry"), pytest.mark.timeout(900)]


@pytest.fixture
def registry() -> Registry:
    return Registry()


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


def test_a_registry_that_is_gone_is_asked_once(tmp_path: Path, registry: Registry) -> None:
    with registry_server(tmp_path / "registry") as server:
        image = f"{server.host}/tests/gone"
    with pytest.raises(
        RegistryUnavailable, match=r"cannot be asked: .*connection refused"
    ) as first:
        registry.digest(image, "1.0.0")
    with pytest.raises(RegistryUnavailable) as second:
        registry.tags(image)
    assert second.value is first.value


def test_a_registry_that_does_not_answer(hanging: str) -> None:
    with pytest.raises(RegistryUnavailable, match="did not answer within 1 s"):
        Registry(seconds=1).tags(f"{hanging}/app")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, "takes no more requests"),
        (418, "cannot be asked: .*status code 418"),
        (403, "does not show app: it does not exist, or the credentials"),
    ],
)
def test_a_registry_that_refuses(answering: Callable[[int], str], status: int, reason: str) -> None:
    with pytest.raises(RegistryUnavailable, match=reason) as caught:
        Registry().digest(f"{answering(status)}/app", "1.0.0")
    assert "\n" not in caught.value.reason


def test_a_refused_image_does_not_silence_its_registry(
    guarded: RegistryServer, registry: Registry
) -> None:
    with pytest.raises(RegistryUnavailable):
        registry.tags(f"{guarded.host}/private/app")
    assert registry.tags(f"{guarded.host}/public/app")


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


@pytest.fixture
def hanging() -> Iterator[str]:
    """A server that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def answering() -> Iterator[Callable[[int], str]]:
    """Starts a server that gives the same status to every request; returns its host and port."""
    with ExitStack() as servers:

        def start(status: int) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

                do_HEAD = do_GET

                def log_message(self, format: str, *args: object) -> None:
                    pass

            server = servers.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.callback(server.shutdown)
            return f"127.0.0.1:{server.server_address[1]}"

        yield start


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
    # For exactly this and no more. crane asks twice before it calls a tag missing.
    assert tokens.asked[before:] == [Asked("repository:public/app:pull", SERVICE, None)] * 4


def test_what_is_private_is_not_said_to_be_missing(
    guarded: RegistryServer, registry: Registry
) -> None:
    image = f"{guarded.host}/private/app"
    for question in (lambda: registry.tags(image), lambda: registry.digest(image, "1.0.0")):
        with pytest.raises(RegistryUnavailable, match="show private/app: it does not exist"):
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
    """A mirror of ghcr.io must not get the credentials for ghcr.io."""
    docker_config(tmp_path / "docker", auths={"ghcr.io": auth("reader", "s:ecret")})
    monkeypatch.setenv("SERLO_REGISTRY", guarded.url)
    before = len(tokens.asked)
    assert registry.tags("ghcr.io/public/app")
    assert [asked.user for asked in tokens.asked[before:]] == [None]


def test_a_credential_helper_is_asked(
    guarded: RegistryServer, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `gcloud auth configure-docker` sets it up."""
    docker_config(tmp_path / "docker", credHelpers={guarded.host: "vault"})
    helper = tmp_path / "bin" / "docker-credential-vault"
    helper.parent.mkdir()
    helper.write_text("""#!/bin/sh\necho '{"Username": "reader", "Secret": "s:ecret"}'\n""")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{helper.parent}{os.pathsep}{os.environ['PATH']}")
    assert registry.tags(f"{guarded.host}/private/app")


def test_a_missing_credential_helper_is_a_reason(
    guarded: RegistryServer, registry: Registry, tmp_path: Path
) -> None:
    docker_config(tmp_path / "docker", credHelpers={guarded.host: "vault"})
    with pytest.raises(RegistryUnavailable, match="docker-credential-vault"):
        registry.tags(f"{guarded.host}/private/app")
