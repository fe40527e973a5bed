"""What the program registers for services, in every stack."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from infra.declaration.service import GATEWAY, CronJob, Deployment, Job, StatefulSet
from infra.declaration.values import SecretRef as DeclaredSecret
from infra.recorder import Program, Registration
from infra.stack.environment import Environment
from infra.workloads import Workload, workloads
from k8s.properties import Secret, reveal
from operations.declared.program import run_program
from tests.stack_files import stack_file

from .conftest import (
    REHEARSAL,
    ChangedStack,
    changed,
    container,
    named,
    of_kind,
    open_texts,
    pod_templates,
    program_of,
)

SERVING = ("Deployment", "StatefulSet")
_SCALER = "HorizontalPodAutoscaler"
_BUDGET = "PodDisruptionBudget"


def _environment(program: Program) -> Environment:
    return Environment.load(stack_file(program.stack))


def _workloads(program: Program) -> dict[str, Workload]:
    return {workload.service.name: workload for workload in workloads(_environment(program))}


def _pods(program: Program, *kinds: str) -> Iterator[tuple[Registration, dict[str, Any]]]:
    for entry, template in pod_templates(program):
        if not kinds or entry.type.split(":")[-1] in kinds:
            yield entry, template["spec"]


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_every_service_is_run_by_what_it_says(program: Program) -> None:
    expected = {kind.__name__: set[str]() for kind in (Deployment, StatefulSet, Job, CronJob)}
    for name, workload in _workloads(program).items():
        expected[type(workload.service.kind).__name__].add(name)
        if workload.cron:
            expected["CronJob"].add(name)
    for kind, names in expected.items():
        assert {entry.name for entry in of_kind(program, kind)} == names
    accounts = {entry.name for entry in of_kind(program, "ServiceAccount")}
    assert accounts >= _workloads(program).keys()


def test_every_container_has_limits(program: Program) -> None:
    for _, pod in _pods(program):
        for entry in _containers(pod):
            for amounts in (entry["resources"]["requests"], entry["resources"]["limits"]):
                assert set(amounts) == {"cpu", "memory"}


def test_what_runs_all_the_time_has_probes_or_a_reason(program: Program) -> None:
    for entry, template in pod_templates(program):
        exempt = template["metadata"].get("annotations", {})
        for main in template["spec"]["containers"]:
            probes = {"startupProbe", "readinessProbe", "livenessProbe"} & main.keys()
            if entry.type.split(":")[-1] not in SERVING:
                assert not probes
            elif f"exempt.serlo.org/{main['name']}.probes" not in exempt:
                assert len(probes) == 3, f"{entry.name}: {main['name']}"


def test_every_pod_is_restricted(program: Program) -> None:
    for entry, template in pod_templates(program):
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] == entry.name
        for part in _containers(pod):
            exemption = f"exempt.serlo.org/{part['name']}.read-only-root"
            exempt = exemption in template["metadata"].get("annotations", {})
            assert part["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": not exempt,
                "capabilities": {"drop": ["ALL"]},
            }


def test_only_php_may_write_to_its_own_image() -> None:
    exempt = {
        key
        for stack in ("local", "staging", "production")
        for _, template in pod_templates(program_of(stack))
        for key in template["metadata"].get("annotations", {})
        if key.endswith("read-only-root")
    }
    assert exempt == {"exempt.serlo.org/php.read-only-root"}


def test_low_ports_are_open_to_processes_that_are_not_root(program: Program) -> None:
    allowed = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    for _, pod in _pods(program):
        ports = [port["containerPort"] for c in pod["containers"] for port in c.get("ports", [])]
        sysctls = pod["securityContext"].get("sysctls", [])
        assert sysctls == (allowed if any(port < 1024 for port in ports) else [])


def test_every_namespace_enforces_the_restricted_standard(program: Program) -> None:
    declared = [entry for entry in of_kind(program, "Namespace") if entry.is_declared]
    used = {workload.service.namespace for workload in _workloads(program).values()}
    assert {entry.name for entry in declared} == used | {"gateway"}
    for namespace in declared:
        labels = namespace.properties["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_pods_carry_the_recommended_labels(program: Program) -> None:
    for entry, template in pod_templates(program):
        labels = template["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == entry.name
        assert labels["app.kubernetes.io/part-of"] == "serlo"
        assert labels["app.kubernetes.io/managed-by"] == "pulumi"
        assert (
            labels["app.kubernetes.io/version"] == _workloads(program)[entry.name].image.release.tag
        )


def test_the_number_of_pods_belongs_to_an_autoscaler_or_is_fixed(program: Program) -> None:
    scalers = {entry.name: entry.properties["spec"] for entry in of_kind(program, _SCALER)}
    for deployment in of_kind(program, "Deployment"):
        replicas = _workloads(program)[deployment.name].replicas
        if deployment.name in scalers:
            assert "replicas" not in deployment.properties["spec"]
            spec = scalers.pop(deployment.name)
            assert (spec["minReplicas"], spec["maxReplicas"]) == (replicas.min, replicas.max)
            assert spec["scaleTargetRef"]["name"] == deployment.name
            assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= 60
        else:
            assert deployment.properties["spec"]["replicas"] == replicas.min == replicas.max
    assert scalers == {}


def test_a_drain_of_one_node_is_never_blocked(program: Program) -> None:
    budgets = {entry.name: entry.properties["spec"] for entry in of_kind(program, _BUDGET)}
    several = {
        name
        for name, workload in _workloads(program).items()
        if workload.service.serves and workload.replicas.max > 1
    }
    assert budgets.keys() == several
    for spec in budgets.values():
        assert spec["maxUnavailable"] == 1
        assert "minAvailable" not in spec


def test_production_runs_two_of_all_that_can_run_twice() -> None:
    for workload in _workloads(program_of("production")).values():
        if workload.service.serves and not workload.service.single:
            assert workload.replicas.min >= 2, workload.service.name


def test_a_pod_stops_only_after_those_who_call_it_let_go(program: Program) -> None:
    for entry, pod in _pods(program, "Deployment"):
        service = _workloads(program)[entry.name].service
        for part in pod["containers"]:
            drain = part.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert (drain > 0) == bool(service.all_allowed_clients)
            assert (drain > 10) == (GATEWAY in service.all_allowed_clients)
            assert drain < pod["terminationGracePeriodSeconds"]


def test_pods_run_in_a_pool_of_their_environment(program: Program) -> None:
    for entry, pod in _pods(program):
        pool = "preemptible" if entry.name == "dbsetup" else "non-preemptible"
        assert pod["nodeSelector"] == {
            "cloud.google.com/gke-nodepool": f"serlo-{program.stack}-cluster-{pool}"
        }


def test_what_serves_goes_before_what_can_wait(program: Program) -> None:
    classes = {entry.name for entry in of_kind(program, "PriorityClass")}
    for entry, pod in _pods(program):
        serves = entry.type.split(":")[-1] in SERVING
        assert pod["priorityClassName"] == ("serlo-serving" if serves else "serlo-batch")
        assert pod["priorityClassName"] in classes


def test_images_are_those_of_the_stack_file(program: Program) -> None:
    versions = _environment(program).versions
    for entry, pod in _pods(program):
        service = _workloads(program)[entry.name].service
        tag = f":{versions[service.version_key]}"
        assert pod["containers"][0]["image"] == service.image + tag
        for part in _containers(pod):
            assert part["image"].endswith(tag)
            assert part["imagePullPolicy"] == "IfNotPresent"


def test_the_worker_has_the_version_of_the_api(changed_stack: ChangedStack) -> None:
    bumped = changed_stack("staging", ("    server: 0.52.1", "    server: 0.53.0"))
    difference = changed(program_of("staging"), run_program(bumped))
    assert difference == {
        ("kubernetes:apps/v1:Deployment", "server"),
        ("kubernetes:apps/v1:Deployment", "swr-queue-worker"),
    }


def test_secret_variables_come_from_kubernetes_secrets_that_exist(program: Program) -> None:
    secrets = {entry.properties["metadata"]["name"]: entry for entry in of_kind(program, "Secret")}
    for entry, pod in _pods(program):
        service = _workloads(program)[entry.name].service
        env = {variable["name"]: variable for variable in pod["containers"][0]["env"]}
        for name, value in service.env.items():
            if not isinstance(value, DeclaredSecret):
                assert "value" in env[name]
            elif value.environments is not None and program.stack not in value.environments:
                assert env[name] == {"name": name, "value": ""}
            else:
                reference = env[name]["valueFrom"]["secretKeyRef"]
                data = secrets[reference["name"]].properties["data"]
                assert isinstance(data, Secret)
                assert reference["key"] in data.value


def test_files_come_from_objects_that_exist_and_hold_them(program: Program) -> None:
    stores = {
        (kind, entry.properties["metadata"]["name"]): entry.properties
        for kind in ("Secret", "ConfigMap")
        for entry in of_kind(program, kind)
    }
    for _, pod in _pods(program):
        sources = {volume["name"]: volume for volume in pod["volumes"]}
        for part in _containers(pod):
            for mount in part["volumeMounts"]:
                source = sources.get(mount["name"], {})
                if "subPath" not in mount:
                    assert "emptyDir" in source or mount["name"] == "data"
                    continue
                assert mount["readOnly"] is True
                if "secret" in source:
                    store = stores["Secret", source["secret"]["secretName"]]
                else:
                    store = stores["ConfigMap", source["configMap"]["name"]]
                assert mount["subPath"] in reveal(store["data"])
                assert store["immutable"] is True


def test_the_google_key_is_a_file_from_the_secret(program: Program) -> None:
    main = container(named(program, "Deployment", "server"))
    (mount,) = (m for m in main["volumeMounts"] if m["name"] == "secret-files")
    env = {entry["name"]: entry.get("value") for entry in main["env"]}
    assert mount["mountPath"] == env["GOOGLE_APPLICATION_CREDENTIALS"]


def test_migrations_run_before_those_who_need_them(program: Program) -> None:
    for migration, dependents in {
        "db-migration": ("server", "swr-queue-worker", "database-layer"),
        "kratos-migration": ("kratos", "kratos-courier"),
        "hydra-migration": ("hydra",),
    }.items():
        jobs = [entry for entry in of_kind(program, "Job") if entry.name == migration]
        assert bool(jobs) == (migration != "hydra-migration" or program.stack == "production")
        for job in jobs:
            for name in dependents:
                assert job.urn in named(program, "Deployment", name).dependencies


def _job_name(program: Program) -> str:
    return named(program, "Job", "db-migration").properties["metadata"]["name"]


def test_a_new_version_migrates_again_and_an_old_one_does_not(
    changed_stack: ChangedStack,
) -> None:
    before = program_of("staging")
    assert _job_name(before).startswith("db-migration-0-1-0-")
    assert _job_name(run_program(changed_stack("staging"))) == _job_name(before)
    bumped = run_program(
        changed_stack("staging", ("    db-migration: 0.1.0", "    db-migration: 0.2.0"))
    )
    assert _job_name(bumped).startswith("db-migration-0-2-0-")
    assert changed(before, bumped) == {
        ("kubernetes:batch/v1:Job", "db-migration"),
        ("kubernetes:batch/v1:CronJob", "db-migration"),
    }


def test_what_runs_by_the_clock_does_so_at_its_hour(program: Program) -> None:
    schedules = {
        entry.name: entry.properties["spec"]["schedule"] for entry in of_kind(program, "CronJob")
    }
    assert (
        schedules
        == {
            "local": {},
            "staging": {
                "dbsetup": "0 2 * * *",
                "db-migration": "0 3 * * *",
                "session-gc": "0 0 * * *",
            },
            "production": {"dbdump": "0 0 * * *", "session-gc": "0 0 * * *"},
        }[program.stack]
    )
    for entry in of_kind(program, "CronJob"):
        assert entry.properties["spec"]["concurrencyPolicy"] == "Forbid"
        assert entry.properties["spec"]["timeZone"] == "Etc/UTC"


def test_redis_keeps_its_data(program: Program) -> None:
    redis = named(program, "StatefulSet", "redis").properties["spec"]
    (claim,) = redis["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "10Gi"
    (mount,) = (
        m
        for m in redis["template"]["spec"]["containers"][0]["volumeMounts"]
        if m["name"] == claim["metadata"]["name"]
    )
    assert mount["mountPath"] == "/data"


def test_the_worker_never_runs_twice_at_once(program: Program) -> None:
    for name in ("swr-queue-worker", "kratos-courier"):
        spec = named(program, "Deployment", name).properties["spec"]
        assert spec["strategy"] == {"type": "Recreate"}
        assert spec["replicas"] == 1


def test_no_secret_value_is_registered_in_the_open() -> None:
    file = stack_file("production")
    names = Environment.load(file).secrets
    values = {name: f"value-of-{name}" for name in names}
    registrations = run_program(file, secrets=values).registrations
    texts = list(open_texts([entry.properties for entry in registrations]))
    assert len(texts) > 500
    everything = "\n".join(texts)
    for value in values.values():
        for form in (value, base64.b64encode(value.encode()).decode()):
            assert form not in everything, f"{value} is open"


def test_what_is_secret_in_a_configuration_stands_in_the_secret() -> None:
    program = program_of("production")
    open_file, secret_file = "etc.config.kratos.json", "etc.config.secrets.json"
    configuration = json.loads(named(program, "ConfigMap", "kratos").properties["data"][open_file])
    assert configuration["session"]["lifespan"] == "720h"
    assert configuration["serve"]["public"]["base_url"] == "https://kratos.serlo.org/"
    schema = json.loads(
        named(program, "ConfigMap", "kratos").properties["data"]["etc.config.identity.schema.json"]
    )
    assert schema["$id"] == "https://serlo.org/auth/kratos-identity.schema.json"
    username = schema["properties"]["traits"]["properties"]["username"]
    assert username["pattern"] == "^[\\w\\-]+$"
    concealed = named(program, "Secret", "kratos").properties["data"]
    assert isinstance(concealed, Secret)
    secret = json.loads(base64.b64decode(concealed.value[secret_file]))
    providers = secret["selfservice"]["methods"]["oidc"]["config"]["providers"]
    assert [provider["id"] for provider in providers] == ["nbp", "vidis"]
    assert providers[1]["issuer_url"] == "https://aai.vidis.schule"
    assert providers[0]["client_secret"] == "[kratos-nbp-client-secret]"


def test_hydra_hides_who_people_are_and_leads_to_the_pages_of_the_domain() -> None:
    data = named(program_of("production"), "ConfigMap", "hydra").properties["data"]
    configuration = json.loads(data["etc.config.hydra.json"])
    assert configuration["oidc"]["subject_identifiers"]["supported_types"] == ["pairwise"]
    for flow in ("login", "logout", "consent"):
        assert configuration["urls"][flow] == f"https://serlo.org/auth/oauth/{flow}"


def test_a_new_version_changes_one_deployment(changed_stack: ChangedStack) -> None:
    bumped = changed_stack("staging", ("database-layer: 0.3.66", "database-layer: 0.3.67"))
    difference = changed(program_of("staging"), run_program(bumped))
    assert difference == {("kubernetes:apps/v1:Deployment", "database-layer")}


def test_a_changed_setting_in_a_configuration_rolls_its_pods(changed_stack: ChangedStack) -> None:
    edited = changed_stack("staging", ("aai-test.vidis.schule", "aai-other.vidis.schule"))
    assert changed(program_of("staging"), run_program(edited)) == {
        ("kubernetes:core/v1:Secret", "kratos"),
        ("kubernetes:apps/v1:Deployment", "kratos"),
    }


def test_a_new_secret_rolls_those_who_use_it_and_nobody_else() -> None:
    file = stack_file("staging")
    values = dict.fromkeys(Environment.load(file).secrets, "old")
    before = run_program(file, secrets=values)
    after = run_program(file, secrets={**values, "kratos-secret": "new"})
    assert changed(before, after) == {
        *(("kubernetes:apps/v1:Deployment", name) for name in ("server", "kratos")),
        *(("kubernetes:core/v1:Secret", name) for name in ("server", "kratos")),
    }


def test_a_secret_that_rolls_pods_gets_another_name(changed_stack: ChangedStack) -> None:
    file = changed_stack("staging", REHEARSAL)
    values = dict.fromkeys(Environment.load(file).secrets, "old")
    names = {
        named(
            run_program(file, secrets={**values, "mysql-uri": mysql}), "Secret", "server"
        ).properties["metadata"]["name"]
        for mysql in ("old", "new")
    }
    assert len(names) == 2
