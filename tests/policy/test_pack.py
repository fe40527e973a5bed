"""The pack in the real CLI: what is mandatory stops an update, the rest warns."""

from pathlib import Path

import pytest

from tests.rehearsal.language_host.conftest import Project
from toolchain.resolver import resolve

pytestmark = [pytest.mark.xdist_group("policy-pack"), pytest.mark.tools]

PACK = Path(__file__).parents[2] / "policy"

PROGRAM = """
    import pulumi

    GROUPS = {{"Deployment": "apps/v1", "HorizontalPodAutoscaler": "autoscaling/v2",
              "PodDisruptionBudget": "policy/v1"}}

    # Asks no cluster.
    provider = pulumi.ProviderResource("kubernetes", "files", {{"renderYamlToDirectory": "made"}})

    def declare(kind, **spec):
        pulumi.CustomResource(f"kubernetes:{{GROUPS[kind]}}:{{kind}}", kind, {{
            "apiVersion": GROUPS[kind], "kind": kind,
            "metadata": {{"name": "server", "namespace": "api"}}, "spec": spec}},
            pulumi.ResourceOptions(provider=provider))

    bounds = {{"cpu": "100m", "memory": "100Mi"}}
    selector = {{"matchLabels": {{"app": "server"}}}}
    declare("Deployment", selector=selector, template={{
        "metadata": {{"labels": {{"app": "server"}}}},
        "spec": {{"automountServiceAccountToken": False, "containers": [{{
            "name": "server", "image": "ghcr.io/serlo/server:{tag}",
            "resources": {{"requests": bounds, "limits": bounds}},
            "securityContext": {{"allowPrivilegeEscalation": False}}}}]}}}})
    declare("PodDisruptionBudget", maxUnavailable=1, selector={{
        "matchLabels": {{"app": "{budget_for}"}}}})
    declare("HorizontalPodAutoscaler", minReplicas={fewest}, maxReplicas=5,
            scaleTargetRef={{"kind": "Deployment", "name": "server"}})
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small project whose stack is called production; nothing is ever made of it."""
    made = Project(tmp_path_factory.mktemp("policy") / "project")
    plugin = resolve("pulumi-resource-kubernetes").path.parent
    made.environment["PATH"] = f"{plugin}:{made.environment['PATH']}"
    made.program("import pulumi\n")
    status, output = made.run("stack", "init", "production")
    assert status == 0, output
    return made


def preview(
    project: Project, *, tag: str = "0.52.1", budget_for: str = "server", fewest: int = 2
) -> tuple[int, str]:
    project.program(PROGRAM.format(tag=tag, budget_for=budget_for, fewest=fewest))
    return project.run("preview", "--policy-pack", str(PACK))


def test_good_resources_pass_silently(production: Project) -> None:
    status, output = preview(production)
    assert status == 0, output
    assert "serlo@v" in output
    assert "[mandatory]" not in output
    assert "[advisory]" not in output


def test_a_mandatory_rule_about_a_resource_stops(production: Project) -> None:
    status, output = preview(production, tag="latest")
    assert status != 0
    assert "[mandatory]  immutable-images  (kubernetes:apps/v1:Deployment: Deployment)" in output
    assert "container 'server' runs 'ghcr.io/serlo/server:latest'. Write a full version" in output


def test_a_mandatory_rule_about_the_stack_stops(production: Project) -> None:
    status, output = preview(production, budget_for="frontend")
    assert status != 0
    assert "[mandatory]  disruption-budgets  (kubernetes:apps/v1:Deployment: Deployment)" in output
    assert "no PodDisruptionBudget selects them. Add one" in output


def test_an_advisory_rule_warns(production: Project) -> None:
    status, output = preview(production, fewest=1)
    assert status == 0, output
    assert "[advisory]  no-single-pods" in output
    assert "down to a single pod. Set replicas" in output
