"""The types and properties we register are those of the official SDKs."""

import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from pulumi._types import input_type_py_to_pulumi_names

from infra.cluster.registration import CloudflareProvider

from .conftest import program_of

with warnings.catch_warnings():
    # The package warns of its own deprecated classes, which nobody here uses.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_cloudflare

_NESTED = {
    "bindings": pulumi_cloudflare.WorkersScriptBindingArgs,
    "observability": pulumi_cloudflare.WorkersScriptObservabilityArgs,
    "rules": pulumi_cloudflare.RulesetRuleArgs,
}


def _names(arguments: type) -> set[str]:
    return set(input_type_py_to_pulumi_names(arguments).values())


def _required(kind: str, properties: Mapping[str, Any]) -> None:
    """The SDK's own constructor knows what is required: it raises TypeError for what is missing."""
    arguments = getattr(pulumi_cloudflare, f"{kind}Args")
    python = {pulumi: py for py, pulumi in input_type_py_to_pulumi_names(arguments).items()}
    arguments(**{python[name]: value for name, value in properties.items()})


def test_cloudflare_resources_are_those_of_the_sdk() -> None:
    seen: set[str] = set()
    for entry in program_of("production").registrations:
        if not entry.type.startswith("cloudflare:"):
            continue
        kind = entry.type.split(":")[-1]
        seen.add(kind)
        assert getattr(pulumi_cloudflare, kind).pulumi_type == entry.type
        assert entry.properties.keys() <= _names(getattr(pulumi_cloudflare, f"{kind}Args"))
        _required(kind, entry.properties)
        for name, arguments in _NESTED.items():
            nested = entry.properties.get(name, [])
            several = isinstance(nested, list)
            for value in cast(list[dict[str, Any]], nested if several else [nested]):
                assert value.keys() <= _names(arguments)
    assert seen == {
        *("DnsRecord", "Ruleset", "WorkersKvNamespace", "WorkersRoute", "WorkersScript"),
        *("ZoneDnssec", "ZoneSetting"),
    }


def test_the_cloudflare_provider_is_that_of_the_sdk() -> None:
    (provider,) = (
        entry
        for entry in program_of("production").registrations
        if entry.type == "pulumi:providers:cloudflare"
    )
    assert provider.properties.keys() <= _names(pulumi_cloudflare.ProviderArgs) | {"version"}
    assert issubclass(CloudflareProvider, pulumi_cloudflare.Provider.__mro__[1])
    assert version("pulumi-cloudflare")
