"""Each real stack keeps every rule, without a cluster."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from k8s.properties import reveal
from operations.declared.program import run_program
from policy.facts import facts_of, read_facts
from policy.resources import Resource, containers
from policy.rules import RESOURCE_RULES, STACK_RULES
from tests.stack_files import STACKS, changed_stack_file, real_stack_file


@cache
def resources_of(stack: str) -> tuple[Resource, ...]:
    """What the pack would be shown of a stack."""
    program = run_program(real_stack_file(stack))
    return tuple(
        Resource(
            entry.urn,
            entry.type,
            entry.name,
            cast(dict[str, object], reveal(dict(entry.properties))),
            entry.protect,
        )
        for entry in program.registrations
        if not entry.existing and entry.type.startswith(("kubernetes:", "cloudflare:"))
    )


@pytest.mark.real_stacks
@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_keeps_every_rule(stack: str) -> None:
    resources, facts = resources_of(stack), facts_of(stack)
    found = [
        f"{rule.name}: {resource.type} {resource.name}: {finding}. {rule.remedy}."
        for rule in RESOURCE_RULES
        for resource in resources
        for finding in rule.findings(resource, facts)
    ]
    found += [
        f"{rule.name}: {resource.type} {resource.name}: {finding}. {rule.remedy}."
        for rule in STACK_RULES
        for resource, finding in rule.findings(resources, facts)
    ]
    assert found == []


@pytest.mark.real_stacks
def test_the_rules_see_what_they_judge() -> None:
    resources = resources_of("production")
    kinds = Counter(resource.kind for resource in resources)
    for kind in ("Deployment", "Service", "HTTPRoute", "DnsRecord", "WorkersRoute"):
        assert kinds[kind], kind
    assert all(list(containers(entry)) for entry in resources if entry.kind == "Deployment")
    assert {resource.stack for resource in resources} == {"production"}


@pytest.mark.real_stacks
def test_the_facts_of_a_rehearsal_are_those_of_its_own_stack_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_stack_file(tmp_path, "local", ("serlo.localhost", "serlo.example"))
    monkeypatch.setenv("PULUMI_OPTION_CWD", str(tmp_path))
    facts_of.cache_clear()
    assert facts_of("local").domain == "serlo.example"
    monkeypatch.delenv("PULUMI_OPTION_CWD")
    facts_of.cache_clear()
    assert facts_of("local") == read_facts(real_stack_file("local"))


def test_a_reason_for_a_pre_release_is_read_from_the_stack_file(tmp_path: Path) -> None:
    file = changed_stack_file(
        tmp_path,
        "production",
        ("    server: 0.52.1\n", "    server: 0.53.0-rc.1\n"),
        ("  serlo:features:\n", "  serlo:prereleases: {server: why}\n  serlo:features:\n"),
    )
    assert read_facts(file).prereleases == {"0.53.0-rc.1"}
