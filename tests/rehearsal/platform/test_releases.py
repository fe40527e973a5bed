"""Releases, good and bad, and changes behind Pulumi's back."""

from pathlib import Path

import pytest

from tests.rehearsal.platform.conftest import Rehearsal

pytestmark = pytest.mark.xdist_group("platform-local")


@pytest.fixture
def rehearsal(local: Rehearsal) -> Rehearsal:
    return local


def test_a_bad_image_fails_with_the_pods_reason_while_old_pods_serve(rehearsal: Rehearsal) -> None:
    (rehearsal.folder / "faults.yaml").write_text('pull-error: ["*/server:0.99.0"]\n')
    rehearsal.release("server", "0.99.0")

    _, errors = rehearsal.rehearse(check=False)

    assert "server" in errors
    assert "ImagePull" in errors
    assert "ghcr.io/serlo/api.serlo.org/server:0.99.0" in errors
    assert rehearsal.ask("api", "/health")["version"] == "0.52.1"

    rehearsal.release("server", "0.53.0")
    result, _ = rehearsal.rehearse()
    server = next(row for row in result["workloads"] if row["name"] == "server")
    assert (server["version"], server["ready"]) == ("0.53.0", server["desired"])
    assert rehearsal.ask("api", "/health")["version"] == "0.53.0"
    rehearsal.assert_consistent()


def test_a_migration_that_failed_runs_again_with_the_next_update(rehearsal: Rehearsal) -> None:
    (rehearsal.folder / "faults.yaml").write_text('crash-loop: ["*/kratos:v0.13.9"]\n')
    rehearsal.release("kratos", "v0.13.9")

    _, errors = rehearsal.rehearse(check=False)

    assert "kratos-migration" in errors
    assert "BackoffLimitExceeded" in errors
    assert version_of(rehearsal, "kratos") == "v0.13.0"

    (rehearsal.folder / "faults.yaml").write_text("")
    result, _ = rehearsal.rehearse()
    assert result["changes"]["replace"] == 1
    assert version_of(rehearsal, "kratos") == "v0.13.9"
    rehearsal.assert_consistent()


def version_of(rehearsal: Rehearsal, service: str) -> str:
    """The version in the Deployment's image, which its new pods have."""
    deployment = rehearsal.cluster.get("apps/v1", "Deployment", service, "auth")
    image: str = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return image.rpartition(":")[2]


def test_serlo_env_gives_pulumi_and_kubectl_by_hand(rehearsal: Rehearsal, tmp_path: Path) -> None:
    preview = rehearsal.pulumi("preview")
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "from $PATH" not in preview.stderr
    assert str(tmp_path) not in preview.stdout


def test_a_changed_replica_count_is_seen_and_never_silently_forced(rehearsal: Rehearsal) -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "server", "namespace": "api"},
        "spec": {"maxReplicas": 9},
    }
    rehearsal.cluster.apply(scaler, field_manager="somebody", force=True)

    refreshed = rehearsal.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    assert "maxReplicas" in refreshed.stdout

    refused = rehearsal.pulumi("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert 'conflict with "somebody"' in refused.stdout + refused.stderr
    assert ".spec.maxReplicas" in refused.stdout + refused.stderr

    forced = rehearsal.pulumi("up", "--yes", "--skip-preview", PULUMI_K8S_ENABLE_PATCH_FORCE="true")
    assert forced.returncode == 0, forced.stdout + forced.stderr
    live = rehearsal.cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "server", "api")
    assert live["spec"]["maxReplicas"] != 9
