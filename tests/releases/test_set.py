"""`serlo set`: what it changes, what it says, what it refuses."""

import pytest

from operations.commands.set import set_value

from .refusal import refused
from .repository import Repository


def changes(repository: Repository) -> list[str]:
    """The lines that differ from the last commit."""
    lines = repository.git("diff", "--unified=0").splitlines()
    return [line for line in lines if line[0] in "+-" and line[:3] not in {"+++", "---"}]


@pytest.mark.parametrize(
    ("stack", "key", "value", "expected"),
    [
        (
            "production",
            "edge.splits.content.mobile",
            "50",
            [
                "-      content: {mobile: 100, authenticated: 100, desktop: 100}",
                "+      content: {mobile: 50, authenticated: 100, desktop: 100}",
            ],
        ),
        (
            "staging",
            "serlo:services.swr-queue-worker.settings.SWR_QUEUE_WORKER_CONCURRENCY",
            "2",
            [
                '-        SWR_QUEUE_WORKER_CONCURRENCY: "1"',
                '+        SWR_QUEUE_WORKER_CONCURRENCY: "2"',
            ],
        ),
        (
            "staging",
            "gateway.address",
            "203.0.113.7",
            [
                "-    address: 192.0.2.20 # Placeholder: a global address, reserved under the name "
                "below.",
                "+    address: 203.0.113.7 # Placeholder: a global address, reserved under the "
                "name below.",
            ],
        ),
        (
            "staging",
            "services.editor-renderer.replicas",
            "{min: 2, max: 3}",
            ["+    editor-renderer:", "+      replicas: {min: 2, max: 3}"],
        ),
        (
            "production",
            "services.varnish.node-pool",
            "non-preemptible",
            ["+      node-pool: non-preemptible"],
        ),
        ("staging", "edge.switches", "[legacy-header]", ["+    switches: [legacy-header]"]),
    ],
)
def test_exactly_the_value_changes(
    repository: Repository, stack: str, key: str, value: str, expected: list[str]
) -> None:
    set_value(key, value, stack=repository.name(stack))
    assert changes(repository) == expected


def test_a_key_that_is_not_needed_can_be_removed(repository: Repository) -> None:
    set_value("services.varnish.replicas", stack=repository.name("production"), unset=True)
    assert changes(repository) == ["-    varnish:", "-      replicas: {min: 2, max: 2}"]


def test_a_commit_holds_the_one_file_and_says_what_changed(repository: Repository) -> None:
    set_value("services.server.replicas.max", "7", stack=repository.name("staging"), commit=True)
    assert repository.subject() == "services.server.replicas.max 5 ➔ 7 (staging)"
    assert repository.git("show", "--format=", "--name-only") == "stacks/Pulumi.staging.yaml"
    set_value(
        "services.kratos.settings.NBP_ISSUER",
        "https://nbp.example/of-a-long-name-indeed",
        stack=repository.name("staging"),
        commit=True,
    )
    assert repository.subject() == "Change services.kratos.settings.NBP_ISSUER (staging)"


def test_check_touches_nothing(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    before = repository.bytes()
    set_value("features.legacy", "true", stack=repository.name("staging"), check=True)
    assert "features.legacy is true in staging" in capsys.readouterr().err
    set_value("services.frontend.replicas.max", "9", stack=repository.name("staging"), check=True)
    assert "+      replicas: {min: 1, max: 9}" in capsys.readouterr().out
    assert repository.bytes() == before


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("versions.server", "0.53.0", "serlo bump server 0.53.0 --stack staging"),
        ("secrets.mysql-uri", "x", "pulumi config set --secret --path 'serlo:secrets.mysql-uri'"),
        ("secrets.mysql-uri", None, "pulumi config rm --path 'serlo:secrets.mysql-uri'"),
        ("services.server.settings.MYSQL_URI", "x", "It is a secret: pulumi config set --secret"),
        ("edge.splits.content.mobile", "150", "found the number 150; expected a number from 0"),
        ("edge.splits.content.mobile", "half", 'found "half"; expected a number from 0 to 100'),
        ("edge.splits.content.mobil", "5", "Did you mean mobile?"),
        ("edge.splits.content.mobile", None, "Add the key: every audience has one"),
        ("features.legacy", None, "serlo:features.legacy: found nothing"),
        ("domain", "serlo.org", "production's domain"),
        ("services.server", "3", "has keys of its own"),
        ("domain.x", "3", "serlo:domain is no mapping"),
        ("prereleases.server", None, "serlo:prereleases.server is not set"),
        ("a..b", "3", "is no key"),
        ("", "3", "is no key"),
    ],
)
def test_what_is_refused(
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    key: str,
    value: str | None,
    reason: str,
) -> None:
    stack = repository.name("staging")
    reasons = refused(
        repository, capsys, lambda: set_value(key, value, stack=stack, unset=value is None)
    )
    assert any(reason in each for each in reasons), reasons


def test_it_is_said_what_is_missing(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (reason,) = refused(repository, capsys, lambda: set_value("domain"))
    assert "a value or --unset" in reason


def test_other_mistakes_in_the_file_are_told_and_nothing_is_written(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.set("staging", "legacy: true", "legacy: maybe")
    stack = repository.name("staging")
    reasons = refused(
        repository, capsys, lambda: set_value("services.frontend.replicas.max", "9", stack=stack)
    )
    assert any("serlo:features.legacy" in reason for reason in reasons)
