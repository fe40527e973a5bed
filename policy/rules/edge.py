"""Routes lead to what exists."""

from collections.abc import Iterator, Sequence

from policy.facts import Facts
from policy.resources import Resource, entries
from policy.rules.rule import StackRule


def _missing_scripts(resources: Sequence[Resource], facts: Facts) -> Iterator[tuple[Resource, str]]:
    scripts = {
        entry.properties.get("scriptName") for entry in resources if entry.kind == "WorkersScript"
    }
    for route in resources:
        if route.kind != "WorkersRoute":
            continue
        script = route.properties.get("script")  # a route without one turns workers off
        if script and script not in scripts and script != facts.script:
            pattern = route.properties.get("pattern")
            yield route, f"{pattern} leads to the script {script!r}, which the stack does not have"


def _missing_services(resources: Sequence[Resource], _: Facts) -> Iterator[tuple[Resource, str]]:
    services = {
        (entry.namespace, entry.metadata.get("name"))
        for entry in resources
        if entry.type == "kubernetes:core/v1:Service"
    }
    for route in resources:
        if route.kind != "HTTPRoute":
            continue
        for rule in entries(route.spec, "rules"):
            for backend in entries(rule, "backendRefs"):
                target = (backend.get("namespace", route.namespace), backend.get("name"))
                if target not in services:
                    yield route, f"it leads to the Service {target[1]!r} in {target[0]!r}"


RULES = (
    StackRule(
        name="routes-have-scripts",
        description="A route of the zone leads to a script that exists.",
        remedy="Take the route's script from the script resource, or from serlo:edge.script",
        findings=_missing_scripts,
    ),
    StackRule(
        name="routes-have-services",
        description="A route of the gateway leads to a Service that exists.",
        remedy="Name a Service that the stack registers",
        findings=_missing_services,
    ),
)
