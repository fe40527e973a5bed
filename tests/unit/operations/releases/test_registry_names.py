"""Names of images."""

import pytest

from operations.releases.registry import RegistryUnavailable
from operations.releases.registry.names import ELSEWHERE, Repository, repository_of


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ELSEWHERE, raising=False)


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("redis", Repository("docker.io", "library/redis")),
        ("docker.io/library/redis", Repository("docker.io", "library/redis")),
        ("docker.io/redis", Repository("docker.io", "library/redis")),
        ("index.docker.io/oryd/kratos", Repository("docker.io", "oryd/kratos")),
        ("oryd/kratos", Repository("docker.io", "oryd/kratos")),
        (
            "ghcr.io/serlo/api.serlo.org/server",
            Repository("ghcr.io", "serlo/api.serlo.org/server"),
        ),
        ("localhost/app", Repository("localhost", "app")),
        ("registry:5000/app", Repository("registry:5000", "app")),
    ],
)
def test_which_registry_has_an_image(image: str, repository: Repository) -> None:
    assert repository_of(image) == repository


@pytest.mark.parametrize(
    "image", ["", "Upper/case", "ghcr.io/", "ghcr.io/a//b", "ghcr.io/../x", "a b", "app:1.0.0"]
)
def test_what_names_no_image(image: str) -> None:
    with pytest.raises(RegistryUnavailable, match="names no image"):
        repository_of(image)


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
        repository_of("redis")
