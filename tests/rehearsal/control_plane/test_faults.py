"""Images that are to fail: what one sees of them is what a kubelet shows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from k8s import Cluster, JsonObject
from rehearsal.control_plane.faults import Faults, FaultsError, read, regular_expression
from rehearsal.supervisor.change_faults import set_faults

Eventually = Callable[..., Any]

FAULTS = Faults(pull_error=("*:9.9.9",), crash_loop=("*:6.6.*",), never_ready=("*/server:5.5.5",))


@pytest.fixture(scope="module")
def faults(control_plane: Any) -> Iterator[None]:
    set_faults(control_plane.folder, FAULTS)
    yield
    set_faults(control_plane.folder, Faults())


def pod(namespace: str, image: str, **metadata: Any) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": namespace, **metadata},
        "spec": {"containers": [{"name": "server", "image": image}]},
    }


def job(namespace: str, image: str, restart_policy: str) -> JsonObject:
    container = {"name": "migration", "image": image}
    template = {"spec": {"restartPolicy": restart_policy, "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "p", "namespace": namespace},
        "spec": {"template": template, "backoffLimit": 0},
    }


def container_status(cluster: Cluster, namespace: str) -> JsonObject:
    pods = cluster.list("v1", "Pod", namespace)
    statuses = pods[0]["status"].get("containerStatuses") if pods else None
    return statuses[0] if statuses else {}


def waiting(cluster: Cluster, namespace: str) -> JsonObject:
    return container_status(cluster, namespace).get("state", {}).get("waiting") or {}


def events(cluster: Cluster, namespace: str) -> set[tuple[str, str, str]]:
    return {
        (event["type"], event["reason"], event["message"])
        for event in cluster.list("v1", "Event", namespace)
        if event["source"].get("component") == "kubelet"
    }


def is_ready(found: JsonObject) -> bool:
    conditions: list[JsonObject] = found["status"].get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def ready(cluster: Cluster, namespace: str) -> bool:
    return is_ready(cluster.get("v1", "Pod", "p", namespace))


@pytest.mark.usefixtures("faults")
def test_pull_error(cluster: Cluster, namespace: str, eventually: Eventually) -> None:
    image = "ghcr.io/serlo/server:9.9.9"
    cluster.create(pod(namespace, image))
    eventually(lambda: waiting(cluster, namespace).get("reason") == "ImagePullBackOff")
    error = (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}":'
        f" {image}: not found"
    )
    message = waiting(cluster, namespace)["message"]
    assert message.startswith(f'Back-off pulling image "{image}": ErrImagePull: ')
    assert message.endswith(error)
    assert cluster.get("v1", "Pod", "p", namespace)["status"]["phase"] == "Pending"
    eventually(lambda: len(events(cluster, namespace)) == 5)
    assert {(kind, reason) for kind, reason, _ in events(cluster, namespace)} == {
        ("Normal", "Pulling"),
        ("Warning", "Failed"),
        ("Normal", "BackOff"),
    }
    assert ("Warning", "Failed", "Error: ImagePullBackOff") in events(cluster, namespace)


@pytest.mark.usefixtures("faults")
def test_crash_loop(cluster: Cluster, namespace: str, eventually: Eventually) -> None:
    cluster.create(pod(namespace, "ghcr.io/serlo/server:6.6.1"))
    eventually(lambda: waiting(cluster, namespace).get("reason") == "CrashLoopBackOff")
    status = container_status(cluster, namespace)
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert status["lastState"]["terminated"]["reason"] == "Error"
    assert waiting(cluster, namespace)["message"].startswith(
        f"back-off 10s restarting failed container=server pod=p_{namespace}("
    )
    assert not ready(cluster, namespace)
    # As with a kubelet, it is started again after 10 s.
    eventually(lambda: container_status(cluster, namespace)["restartCount"] == 2, seconds=30)


@pytest.mark.usefixtures("faults")
def test_never_ready(cluster: Cluster, namespace: str, eventually: Eventually) -> None:
    cluster.create(pod(namespace, "ghcr.io/serlo/server:5.5.5"))
    eventually(lambda: events(cluster, namespace))
    assert events(cluster, namespace) == {
        (
            "Warning",
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
        )
    }
    status = container_status(cluster, namespace)
    assert "running" in status["state"]
    assert not status["ready"]
    assert not ready(cluster, namespace)


@pytest.mark.usefixtures("faults")
@pytest.mark.parametrize(
    "image", ["ghcr.io/serlo/server:9.9.90", "ghcr.io/serlo/other:5.5.5", "server:1.0.0"]
)
def test_other_images_become_ready(
    cluster: Cluster, namespace: str, eventually: Eventually, image: str
) -> None:
    cluster.create(pod(namespace, image))
    eventually(lambda: ready(cluster, namespace))


@pytest.mark.parametrize(
    ("kind", "reason"), [("pull-error", "ImagePullBackOff"), ("crash-loop", "CrashLoopBackOff")]
)
def test_an_annotation_makes_any_image_fail(
    cluster: Cluster, namespace: str, eventually: Eventually, kind: str, reason: str
) -> None:
    annotations = {"rehearsal.serlo.org/fault": kind}
    cluster.create(pod(namespace, "server:1.0.0", annotations=annotations))
    eventually(lambda: waiting(cluster, namespace).get("reason") == reason)


@pytest.mark.usefixtures("faults")
def test_only_the_failing_container_fails(
    cluster: Cluster, namespace: str, eventually: Eventually
) -> None:
    wanted = pod(namespace, "server:1.0.0")
    wanted["spec"]["containers"].append({"name": "bad", "image": "sidecar:9.9.9"})
    cluster.create(wanted)
    path = ("v1", "Pod", "p", namespace)
    eventually(lambda: "containerStatuses" in cluster.get(*path)["status"])
    states = {s["name"]: s for s in cluster.get(*path)["status"]["containerStatuses"]}
    assert states["server"]["ready"]
    assert states["bad"]["state"]["waiting"]["reason"] in ("ErrImagePull", "ImagePullBackOff")


@pytest.mark.usefixtures("faults")
def test_an_init_container_that_fails_holds_the_pod(
    cluster: Cluster, namespace: str, eventually: Eventually
) -> None:
    wanted = pod(namespace, "server:1.0.0")
    wanted["spec"]["initContainers"] = [{"name": "migrate", "image": "migrate:9.9.9"}]
    cluster.create(wanted)
    eventually(lambda: waiting(cluster, namespace).get("reason") == "PodInitializing")
    status = cluster.get("v1", "Pod", "p", namespace)["status"]["initContainerStatuses"][0]
    assert status["state"]["waiting"]["reason"] in ("ErrImagePull", "ImagePullBackOff")


@pytest.mark.usefixtures("faults")
def test_a_job_that_crashes_fails(cluster: Cluster, namespace: str, eventually: Eventually) -> None:
    cluster.create(job(namespace, "migration:6.6.6", "Never"))
    path = ("batch/v1", "Job", "p", namespace)
    conditions = eventually(lambda: cluster.get(*path)["status"].get("conditions"))
    assert {c["reason"] for c in conditions} == {"BackoffLimitExceeded"}


def test_a_bad_release_leaves_the_old_pods_and_the_next_one_recovers(
    control_plane: Any, cluster: Cluster, namespace: str, eventually: Eventually
) -> None:
    set_faults(control_plane.folder, FAULTS)
    path = ("apps/v1", "Deployment", "server", namespace)

    def deploy(version: str) -> int:
        container = {"name": "server", "image": f"ghcr.io/serlo/server:{version}"}
        wanted = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "server", "namespace": namespace},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "server"}},
                "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": {
                    "metadata": {"labels": {"app": "server"}},
                    "spec": {"containers": [container]},
                },
            },
        }
        return cluster.apply(wanted, field_manager="test")["metadata"]["generation"]

    def images() -> set[str]:
        return {
            pod["spec"]["containers"][0]["image"].partition(":")[2]
            for pod in cluster.list("v1", "Pod", namespace)
            if is_ready(pod)
        }

    def rolled_out(generation: int) -> bool:
        status = cluster.get(*path)["status"]
        return status.get("observedGeneration") == generation and (
            status.get("updatedReplicas") == status.get("readyReplicas") == 2
        )

    first = deploy("1.0.0")
    eventually(lambda: rolled_out(first))
    deploy("9.9.9")
    eventually(
        lambda: any(
            reason == "BackOff" and kind == "Normal"
            for kind, reason, _ in events(cluster, namespace)
        )
    )
    assert images() == {"1.0.0"}
    assert cluster.get(*path)["status"]["readyReplicas"] == 2
    next_one = deploy("1.0.1")
    eventually(lambda: rolled_out(next_one))
    eventually(lambda: images() == {"1.0.1"})


@pytest.mark.parametrize("image", ["server:9.9.9", "server:6.6.6", "serlo/server:5.5.5"])
def test_pods_recover_when_the_fault_is_gone(
    control_plane: Any, cluster: Cluster, namespace: str, eventually: Eventually, image: str
) -> None:
    set_faults(control_plane.folder, FAULTS)
    cluster.create(pod(namespace, image))
    eventually(lambda: cluster.get("v1", "Pod", "p", namespace)["status"].get("startTime"))
    assert not ready(cluster, namespace)
    set_faults(control_plane.folder, Faults())
    eventually(lambda: ready(cluster, namespace))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[]", "expected a mapping"),
        ("pull_error: []", "unknown kind 'pull_error'"),
        ("pull-error: '*:1'", "expected a list of globs"),
        ("pull-error: [1]", "is not a glob"),
        ("pull-error: ['a b']", "is not a glob"),
        ("pull-error: ['x\"y']", "is not a glob"),
        ("pull-error: [", "cannot be read as YAML"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(FaultsError, match=r"faults\.yaml") as error:
        read(path)
    assert part in str(error.value)


def test_no_file_and_an_empty_file_are_no_faults(tmp_path: Path) -> None:
    assert read(tmp_path / "faults.yaml") == Faults()
    (tmp_path / "faults.yaml").write_text("")
    assert read(tmp_path / "faults.yaml") == Faults()


def test_expression() -> None:
    assert regular_expression(["*:9.9.9", "a?"]) == "^(.*:9[.]9[.]9|a.)$"
    assert regular_expression([]) == "^()$"
