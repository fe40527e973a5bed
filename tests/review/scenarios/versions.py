"""Versions: bumps, promotions, ways back, what shares a version."""

from tests.review.scenario import Edit, Scenario, stack

_COMMITS = ("9a3c1f0e5b7d2468ace013579bdf02468ace1357", "4b1d0c7e9f8a6352413029384756afbecd102938")
_NO_COMMIT = 'frontend: "0000000000000000000000000000000000000000"'
_DIGEST = "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"


def _version(environment: str, before: str, after: str) -> tuple[Edit, ...]:
    return stack(environment, (f"    {before}\n", f"    {after}\n"))


def _reason(environment: str, service: str) -> tuple[Edit, ...]:
    allowed = f"  serlo:prereleases:\n    {service}: The new search is tried with ten authors.\n"
    return stack(environment, ("  serlo:features:\n", f"{allowed}  serlo:features:\n"))


SCENARIOS = (
    Scenario(
        "shared-version-bumped", _version("staging", "server: 0.52.1", "server: 0.53.0"), "staging"
    ),
    Scenario("staging-skipped", _version("production", "server: 0.52.1", "server: 0.53.0")),
    Scenario(
        "promoted",
        _version("production", "server: 0.52.1", "server: 0.53.0"),
        before=_version("staging", "server: 0.52.1", "server: 0.53.0"),
    ),
    Scenario(
        "bumped-in-both-at-once",
        (
            *_version("staging", "server: 0.52.1", "server: 0.53.0"),
            *_version("production", "server: 0.52.1", "server: 0.53.0"),
        ),
    ),
    Scenario(
        "downgrade", _version("production", "database-layer: 0.3.66", "database-layer: 0.3.65")
    ),
    Scenario(
        "downgrade-in-staging",
        _version("staging", "database-layer: 0.3.66", "database-layer: 0.3.65"),
        "staging",
    ),
    Scenario(
        "prerelease-in-production",
        (
            *_version("production", "server: 0.52.1", "server: 0.53.0-rc.1"),
            *_reason("production", "server"),
        ),
    ),
    Scenario(
        "prerelease-in-production-without-a-reason",
        _version("production", "server: 0.52.1", "server: 0.53.0-rc.1"),
    ),
    Scenario(
        "prerelease-in-staging",
        _version("staging", "server: 0.52.1", "server: 0.53.0-rc.1"),
        "staging",
    ),
    Scenario(
        "migration", _version("staging", "db-migration: 0.1.0", "db-migration: 0.2.0"), "staging"
    ),
    Scenario(
        "migration-with-an-api-version",
        (
            *_version("staging", "db-migration: 0.1.0", "db-migration: 0.2.0"),
            *_version("staging", "server: 0.52.1", "server: 0.53.0"),
        ),
        "staging",
    ),
    Scenario(
        "third-party-bumped", _version("staging", "kratos: v0.13.0", "kratos: v1.0.0"), "staging"
    ),
    Scenario("data-store-bumped", _version("staging", "redis: 6.0.10", "redis: 6.0.20"), "staging"),
    Scenario("only-in-production-bumped", _version("production", "hydra: v2.1.2", "hydra: v2.2.0")),
    Scenario(
        "digest-pinned",
        _version("production", "server: 0.52.1", f"server: 0.52.1@{_DIGEST}"),
    ),
    Scenario(
        "first-commit",
        _version("staging", _NO_COMMIT, f"frontend: {_COMMITS[0]}"),
        "staging",
    ),
    Scenario(
        "next-commit",
        _version("staging", f"frontend: {_COMMITS[0]}", f"frontend: {_COMMITS[1]}"),
        "staging",
        before=_version("staging", _NO_COMMIT, f"frontend: {_COMMITS[0]}"),
    ),
    Scenario("mutable-version", _version("production", "server: 0.52.1", "server: latest")),
)
