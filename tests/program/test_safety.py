"""What the program refuses, and that it does so before anything is registered."""

import importlib.metadata
import sys
from itertools import combinations
from pathlib import Path

import pytest

from infra.cluster.metadata import GATEWAY_ACCESS_LABEL
from infra.cluster.namespaces import namespace_labels
from infra.cluster.rbac import DEPLOYER, prepared
from infra.recorder import Program, ProgramError
from infra.stack.environment import Environment
from operations.declared.program import run_program
from tests.stack_files import ROOT, STACKS, stack_file

from .conftest import REHEARSAL, ChangedStack, Edit, of_kind, program_of

UID = "1f0b1d4e-6a0c-4f43-9d5b-0f6d3c1a2b34"
OTHER_UID = "2e0b1d4e-6a0c-4f43-9d5b-0f6d3c1a2b34"
NO_UID = "00000000-0000-0000-0000-000000000000"


def _refusal(file: Path, **given: object) -> ProgramError:
    with pytest.raises(ProgramError) as refused:
        run_program(file, **given)  # pyright: ignore[reportArgumentType]
    return refused.value


def test_a_bad_stack_file_registers_nothing(changed_stack: ChangedStack) -> None:
    file = changed_stack(
        "staging",
        ("server: 0.52.1", "server: latest"),
        ("domain: serlo-staging.dev", "domain: serlo.org"),
    )
    refusal = _refusal(file)
    assert refusal.registrations == ()
    assert "2 mistakes in stacks/Pulumi.staging.yaml" in str(refusal)
    assert 'serlo:versions.server: found "latest"' in str(refusal)
    assert 'serlo:domain: found "serlo.org"' in str(refusal)


def test_missing_secrets_register_nothing_and_are_named_with_their_commands() -> None:
    file = stack_file("staging")
    needed = Environment.load(file).secrets
    refusal = _refusal(file, secrets={"mysql-uri": "set", "sentry-dsn": ""})
    assert refusal.registrations == ()
    for name in needed.keys() - {"mysql-uri"}:
        command = f"pulumi config set --secret --path 'serlo:secrets.{name}' --stack staging"
        assert command in str(refusal)
    assert "serlo:secrets.mysql-uri" not in str(refusal)


def test_the_wrong_cluster_is_refused_and_left_alone(changed_stack: ChangedStack) -> None:
    file = changed_stack("staging", REHEARSAL, (NO_UID, UID))
    refusal = _refusal(file, cluster_uid=OTHER_UID)
    assert OTHER_UID in str(refusal)
    assert UID in str(refusal)
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if UID in text)
    assert f"stacks/Pulumi.staging.yaml:{line}:10" in str(refusal)
    assert _looked_up(refusal) == {"kube-system"}


def _looked_up(refusal: ProgramError) -> set[str]:
    """What the program looked up before it refused; nothing else was done to a cluster."""
    for entry in refusal.registrations:
        is_component = entry.type.startswith("serlo:")
        is_reader = entry.name == "cluster-identity" or entry.existing
        assert is_component or is_reader, f"{entry.type} {entry.name} was registered"
    return {entry.name for entry in refusal.registrations if entry.existing}


def test_missing_namespaces_are_refused_before_anything_is_done(
    changed_stack: ChangedStack,
) -> None:
    file = changed_stack("staging", REHEARSAL, (NO_UID, UID))
    role = {"metadata": {"name": DEPLOYER, "annotations": prepared(["auth", "frontend"])}}
    refusal = _refusal(file, cluster_uid=UID, found={DEPLOYER: role})
    assert "Namespaces are missing: api, gateway, serlo-org." in str(refusal)
    assert "serlo access --stack staging" in str(refusal)
    assert _looked_up(refusal) == {"kube-system", DEPLOYER}


@pytest.mark.parametrize("label", ["pod-security.kubernetes.io/enforce", GATEWAY_ACCESS_LABEL])
@pytest.mark.parametrize("there", ["privileged", None])
def test_namespaces_that_are_not_labelled_as_declared_are_refused(
    changed_stack: ChangedStack, label: str, there: str | None
) -> None:
    file = changed_stack("staging", REHEARSAL, (NO_UID, UID))
    labels = dict(namespace_labels("api", enforce=True))
    wanted = labels.pop(label)
    if there is not None:
        labels[label] = there
    found = {name: {"metadata": {"labels": labels}} for name in ("api", "auth")}
    refusal = _refusal(file, cluster_uid=UID, found=found)
    for name in found:
        said = f"namespace {name}: label {label}: found {there or 'nothing'}, wanted {wanted}\n"
        assert said in str(refusal)
    assert "serlo access --stack staging | kubectl apply" in str(refusal)
    assert "namespace frontend" not in str(refusal)
    _looked_up(refusal)


def test_a_stack_may_wait_before_it_enforces_the_restricted_standard(
    changed_stack: ChangedStack,
) -> None:
    warn: Edit = (f"    uid: {NO_UID}", f"    pod-security: warn\n    uid: {UID}")
    file = changed_stack("staging", REHEARSAL, warn)
    (api,) = (e for e in of_kind(run_program(file), "Namespace") if e.name == "api")
    labels = api.properties["metadata"]["labels"]
    assert "pod-security.kubernetes.io/enforce" not in labels
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"
    # Somebody is further already: that is no reason to stop.
    enforced = {"api": {"metadata": {"labels": namespace_labels("api", enforce=True)}}}
    assert run_program(file, cluster_uid=UID, found=enforced)


def test_the_right_cluster_is_accepted(changed_stack: ChangedStack) -> None:
    file = changed_stack("staging", REHEARSAL, (NO_UID, UID))
    program = run_program(file, cluster_uid=UID)
    assert {entry.name for entry in of_kind(program, "Deployment")} >= {"server", "frontend"}


def test_placeholders_are_refused_in_an_update_and_warned_of_in_a_preview(
    changed_stack: ChangedStack,
) -> None:
    file = changed_stack("staging", (NO_UID, UID))
    refusal = _refusal(file, cluster_uid=UID)
    assert refusal.registrations == ()
    preview = run_program(file)
    for key in ("serlo:gateway.address", "serlo:cloudflare.account-id", "serlo:versions.frontend"):
        assert key in str(refusal)
        assert key in "".join(preview.warnings)


def test_a_rehearsal_may_hold_placeholders(changed_stack: ChangedStack) -> None:
    program = run_program(changed_stack("production", REHEARSAL), cluster_uid=NO_UID)
    assert program.warnings == ()


def test_another_configuration_than_the_stack_file_is_refused(
    changed_stack: ChangedStack,
) -> None:
    # As with `pulumi --config-file`: secrets would come from elsewhere than everything else.
    file = changed_stack("staging", REHEARSAL)
    refusal = _refusal(file, config={"serlo:domain": "serlo.org"})
    assert refusal.registrations == ()
    assert "--config-file" in str(refusal)


def test_every_resource_has_a_provider_of_ours(program: Program) -> None:
    providers = {
        entry.urn: entry for entry in program.registrations if "pulumi:providers:" in entry.type
    }
    assert {entry.name for entry in providers.values()} == {
        *("cluster-identity", "cluster", "cloudflare")
    }
    for entry in program.registrations:
        if entry.type.startswith(("kubernetes:", "cloudflare:")):
            urn, _, _ = entry.provider.rpartition("::")
            wanted = "cluster-identity" if entry.existing else None
            assert providers[urn].name == (wanted or entry.type.split(":")[0]).replace(
                "kubernetes", "cluster"
            )


def test_cluster_providers_name_their_cluster(program: Program) -> None:
    environment = Environment.load(stack_file(program.stack))
    for entry in program.registrations:
        if entry.type == "pulumi:providers:kubernetes":
            assert entry.properties["context"] == environment.cluster.context
            expected = environment.cluster.uid if entry.name == "cluster" else program.stack
            assert entry.properties["clusterIdentifier"] == expected


def test_production_is_protected_and_nothing_else(program: Program) -> None:
    protected = {entry.type.split(":")[-1] for entry in program.registrations if entry.protect}
    if program.stack == "production":
        assert protected == {
            *("Gateway", "StatefulSet", "DnsRecord", "WorkersRoute"),
            *("WorkersKvNamespace", "ZoneDnssec", "ZoneSetting"),
        }
    else:
        assert protected == set()


def test_stacks_differ_only_in_the_services_they_have() -> None:
    def shape(stack: str, of: set[str]) -> set[tuple[str, str]]:
        program = program_of(stack)
        kinds = ("Deployment", "StatefulSet", "Service", "HorizontalPodAutoscaler")
        return {
            (entry.type, entry.name)
            for kind in kinds
            for entry in of_kind(program, kind)
            if entry.name in of
        }

    def services(stack: str) -> set[str]:
        environment = Environment.load(stack_file(stack))
        return {service.name for service in environment.services}

    for one, other in combinations(STACKS, 2):
        common = services(one) & services(other)
        assert len(common) >= 9
        # How many pods of it there are is for each environment to say.
        common -= {"varnish"}
        assert shape(one, common) == shape(other, common)


def test_no_module_of_the_program_hides_another() -> None:
    # Pulumi puts infra/ first on the path, so infra/yaml.py would take PyYAML's place.
    names = {path.stem for path in (ROOT / "infra").iterdir() if not path.stem.startswith("_")}
    taken = set(sys.stdlib_module_names) | set(importlib.metadata.packages_distributions())
    assert names & taken == set()


def test_the_main_file_reads_like_a_table_of_contents() -> None:
    assert len((ROOT / "infra" / "__main__.py").read_text().splitlines()) < 40
