"""The policy pack that `pulumi preview --policy-pack policy/` runs."""

from collections.abc import Callable

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.facts import facts_of
from policy.resources import Resource
from policy.rules import RESOURCE_RULES, STACK_RULES
from policy.rules.rule import ResourceRule, StackRule


def _resource(given: ResourceValidationArgs | PolicyResource) -> Resource:
    protect = given.opts.protect
    return Resource(given.urn, given.resource_type, given.name, given.props, protect)


def _on_resource(
    rule: ResourceRule,
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(given: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = _resource(given)
        if resource.kind:
            for finding in rule.findings(resource, facts_of(resource.stack)):
                report(f"{finding}. {rule.remedy}.", None)

    return validate


def _on_stack(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(given: StackValidationArgs, report: ReportViolation) -> None:
        resources = [_resource(entry) for entry in given.resources]
        managed = [resource for resource in resources if resource.kind]
        if managed:
            for resource, finding in rule.findings(managed, facts_of(managed[0].stack)):
                report(f"{finding}. {rule.remedy}.", resource.urn)

    return validate


def _level(rule: ResourceRule | StackRule) -> EnforcementLevel:
    return EnforcementLevel.MANDATORY if rule.mandatory else EnforcementLevel.ADVISORY


PolicyPack(
    "serlo",
    [
        *(
            ResourceValidationPolicy(
                rule.name, rule.description, _on_resource(rule), enforcement_level=_level(rule)
            )
            for rule in RESOURCE_RULES
        ),
        *(
            StackValidationPolicy(
                rule.name, rule.description, _on_stack(rule), enforcement_level=_level(rule)
            )
            for rule in STACK_RULES
        ),
    ],
)
