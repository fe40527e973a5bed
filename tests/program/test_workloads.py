"""What the program registers for services, in every stack."""

import base64
from typing import Any

from infra.environment import Environment
from infra.service import Secret as DeclaredSecret
from infra.services import declared
from operations.program import Program, Registration, run_program
from rehearsal.plugins.properties import Secret

from .conftest import (
    REHEARSAL,
    ROOT,
    ChangedStack,
    changed,
    container,
    of_kind,
    open_texts,
    program_of,
)


def _pod(deployment: Registration) -> dict[str, Any]:
    return deployment.properties["spec"]["template"]["spec"]


def test_every_service_has_all_that_belongs_to_it(program: Program) -> None:
    for kind in (
        *("Deployment", "Service", "ServiceAccount", "HorizontalPodAutoscaler"),
        "PodDisruptionBudget",
    ):
        assert {entry.name for entry in of_kind(program, kind)} == {s.name for s in declared()}


def test_every_deployment_has_probes_and_limits(program: Program) -> None:
    for deployment in of_kind(program, "Deployment"):
        main = container(deployment)
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert main[probe]["periodSeconds"] > 0
        for amounts in (main["resources"]["requests"], main["resources"]["limits"]):
            assert set(amounts) == {"cpu", "memory"}


def test_every_deployment_is_restricted(program: Program) -> None:
    for deployment in of_kind(program, "Deployment"):
        pod, main = _pod(deployment), container(deployment)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] == deployment.name
        assert main["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_every_namespace_enforces_the_restricted_standard(program: Program) -> None:
    managed = [entry for entry in of_kind(program, "Namespace") if not entry.existing]
    assert {entry.name for entry in managed} == {"api", "frontend", "gateway"}
    for namespace in managed:
        labels = namespace.properties["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_autoscaler_alone_owns_the_number_of_pods(program: Program) -> None:
    for deployment in of_kind(program, "Deployment"):
        assert "replicas" not in deployment.properties["spec"]
    for autoscaler in of_kind(program, "HorizontalPodAutoscaler"):
        spec = autoscaler.properties["spec"]
        assert spec["scaleTargetRef"]["name"] == autoscaler.name
        assert 1 <= spec["minReplicas"] <= spec["maxReplicas"]


def test_a_pod_stops_only_after_load_balancers_let_go(program: Program) -> None:
    for deployment in of_kind(program, "Deployment"):
        drain = container(deployment)["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert 0 < drain < _pod(deployment)["terminationGracePeriodSeconds"]


def test_pods_run_in_the_pool_of_their_environment(program: Program) -> None:
    for deployment in of_kind(program, "Deployment"):
        assert _pod(deployment)["nodeSelector"] == {
            "cloud.google.com/gke-nodepool": f"serlo-{program.stack}-cluster-non-preemptible"
        }


def test_images_are_those_of_the_stack_file(program: Program) -> None:
    environment = Environment.load(ROOT / "stacks" / f"Pulumi.{program.stack}.yaml")
    images = {entry.name: container(entry)["image"] for entry in of_kind(program, "Deployment")}
    assert images == {
        service.name: f"{service.image}:{environment.versions[service.version_key]}"
        for service in declared()
    }


def test_secret_variables_come_from_kubernetes_secrets_that_exist(program: Program) -> None:
    secrets = {entry.name: entry.properties for entry in of_kind(program, "Secret")}
    for service in declared():
        (deployment,) = (e for e in of_kind(program, "Deployment") if e.name == service.name)
        env = {entry["name"]: entry for entry in container(deployment)["env"]}
        for name, value in service.env.items():
            if not isinstance(value, DeclaredSecret):
                assert "value" in env[name]
            elif value.only_in is not None and program.stack not in value.only_in:
                assert env[name] == {"name": name, "value": ""}
            else:
                reference = env[name]["valueFrom"]["secretKeyRef"]
                secret = secrets[service.name]
                assert reference["name"] == secret["metadata"]["name"]
                assert isinstance(secret["data"][reference["key"]], Secret)


def test_the_google_key_is_a_file_from_the_secret(program: Program) -> None:
    (server,) = (e for e in of_kind(program, "Deployment") if e.name == "server")
    (mount,) = (m for m in container(server)["volumeMounts"] if m["name"] == "secret-files")
    env = {entry["name"]: entry.get("value") for entry in container(server)["env"]}
    assert mount["mountPath"] == env["GOOGLE_APPLICATION_CREDENTIALS"]
    assert mount["readOnly"] is True


def test_no_secret_value_is_registered_in_the_open() -> None:
    file = ROOT / "stacks" / "Pulumi.staging.yaml"
    names = Environment.load(file).secrets
    values = {name: f"value-of-{name}" for name in names}
    texts = list(
        open_texts([e.properties for e in run_program(file, secrets=values).registrations])
    )
    assert len(texts) > 500
    for value in values.values():
        for form in (value, base64.b64encode(value.encode()).decode()):
            assert not any(form in text for text in texts), f"{value} is open"


def test_a_new_version_changes_one_deployment(changed_stack: ChangedStack) -> None:
    bumped = changed_stack("staging", ("database-layer: 0.3.66", "database-layer: 0.3.67"))
    difference = changed(program_of("staging"), run_program(bumped))
    assert difference == {("kubernetes:apps/v1:Deployment", "database-layer")}


def test_a_new_secret_rolls_those_who_use_it_and_nobody_else() -> None:
    file = ROOT / "stacks" / "Pulumi.staging.yaml"
    values = dict.fromkeys(Environment.load(file).secrets, "old")
    before = run_program(file, secrets=values)
    after = run_program(file, secrets={**values, "mysql-uri": "new"})
    assert changed(before, after) == {
        ("kubernetes:apps/v1:Deployment", "server"),
        ("kubernetes:core/v1:Secret", "server"),
    }


def test_a_secret_that_rolls_pods_gets_another_name(changed_stack: ChangedStack) -> None:
    file = changed_stack("staging", REHEARSAL)
    values = dict.fromkeys(Environment.load(file).secrets, "old")
    names = {
        secret.properties["metadata"]["name"]
        for mysql in ("old", "new")
        for secret in of_kind(run_program(file, secrets={**values, "mysql-uri": mysql}), "Secret")
        if secret.name == "server"
    }
    assert len(names) == 2
