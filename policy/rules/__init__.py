"""The rules, all of them. Each is plain data with a function that tells what is wrong.

A finding says what was found; the rule's remedy, which says what to do, is added to it.
"""

from policy.rules import availability, edge, exposure, images, pods, protection, settings
from policy.rules.rule import ResourceRule, StackRule

RESOURCE_RULES: tuple[ResourceRule, ...] = (
    *images.RULES,
    *pods.RULES,
    *settings.RULES,
    *exposure.RULES,
    *protection.RULES,
)
"""Rules that look at one resource at a time."""

STACK_RULES: tuple[StackRule, ...] = (*availability.RULES, *edge.RULES)
"""Rules that look at all resources of a stack together."""
