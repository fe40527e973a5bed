"""The resources that the plugin knows.

Which inputs force a replacement, and the identifiers of imports, follow the official provider.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from k8s.properties import PropertyMap, reveal
from rehearsal.plugins.resource_cloudflare.api import JsonObject, path_of
from rehearsal.plugins.resource_cloudflare.drift import Equivalence, says_the_same
from rehearsal.plugins.resource_cloudflare.kv_pair import KvPair, same_json
from rehearsal.plugins.resource_cloudflare.resource import (
    ExistingResource,
    IdentifierError,
    Location,
    Operation,
    Resource,
)
from rehearsal.plugins.resource_cloudflare.schema import Problem
from rehearsal.plugins.resource_cloudflare.worker_script import WorkerScript

RECORD_IDENTICAL = frozenset({81057, 81058})
ROUTE_DUPLICATE = frozenset({10020})
NAMESPACE_TITLE_EXISTS = frozenset({10014})

_OTHER = object()


def _dns_equivalences(
    inputs: PropertyMap, operation: Operation, scope: Mapping[str, str]
) -> dict[str, Equivalence]:
    def same_name(said: str, there: str) -> bool:
        said, there = said.rstrip(".").lower(), (there or "").lower()
        if said == there:
            return True
        zone = operation.api.zone_name(scope["zoneId"]).lower()
        return there == (zone if said in ("", "@") else f"{said}.{zone}")

    def same_content(said: str, there: str) -> bool:
        return _canonical_content(said) == _canonical_content(there or "")

    def same_ttl(said: float, there: float) -> bool:
        # Cloudflare decides the time to live of a proxied record, whatever it was given.
        return said == there or reveal(inputs.get("proxied")) is True

    return {
        "name": same_name,
        "content": same_content,
        "ttl": same_ttl,
        "tags": lambda said, there: sorted(said) == sorted(there or []),
        # Asked of the API when reading, never answered by it.
        "includeShadowMetadata": lambda _said, _there: True,
    }


def _canonical_content(content: str) -> str:
    text = content.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text.rstrip(".").lower() if " " not in text and "=" not in text else text


@dataclass(frozen=True, kw_only=True)
class ZoneSetting(Resource):
    """A setting, which every zone has: creating it is changing it, and it cannot be deleted."""

    def create(self, operation: Operation, inputs: PropertyMap) -> ExistingResource:
        """See Resource."""
        location = Location(self.scope_of(inputs), str(reveal(inputs["settingId"])))
        return self.update(operation, location, inputs)

    def update(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource:
        """See Resource."""
        document = operation.api.call("PATCH", self.path(location), body=self.body(inputs)).result
        return self.found(operation, location, document, inputs, applied=True)

    def delete(self, operation: Operation, location: Location, state: PropertyMap) -> None:
        """Leave the setting as it is and say so."""
        del state
        operation.warn(
            f"the zone setting {location.id} stays as it is: Cloudflare has no way to delete it"
        )

    def body(self, inputs: PropertyMap) -> JsonObject:
        """See Resource."""
        # `enabled` is the form of ssl_recommender alone, `value` that of all others.
        name = "enabled" if reveal(inputs.get("enabled")) is not None else "value"
        return {name: reveal(inputs.get(name))}

    def describe(
        self, operation: Operation, location: Location, document: Any, inputs: PropertyMap
    ) -> PropertyMap:
        """See Resource."""
        named = {**document, "setting_id": location.id}
        return super().describe(operation, location, named, inputs)


@dataclass(frozen=True, kw_only=True)
class ZoneDnssec(Resource):
    """The signing of a zone, of which each has one: its identifier is that of the zone."""

    @property
    def import_form(self) -> str:
        """See Resource."""
        return "<zoneId>"

    def locate(self, identifier: str, state: Mapping[str, Any]) -> Location:
        """See Resource."""
        del state
        if not identifier or "/" in identifier:
            raise IdentifierError(
                f"the identifier of {self.noun} must be that of its zone, found {identifier!r}"
            )
        return Location({"zoneId": identifier}, identifier)

    def create(self, operation: Operation, inputs: PropertyMap) -> ExistingResource:
        """See Resource."""
        scope = self.scope_of(inputs)
        return self.update(operation, Location(scope, scope["zoneId"]), inputs)

    def update(
        self, operation: Operation, location: Location, inputs: PropertyMap
    ) -> ExistingResource:
        """See Resource."""
        document = operation.api.call("PATCH", self.path(location), body=self.body(inputs)).result
        return self.found(operation, location, document, inputs, applied=True)

    def path(self, location: Location) -> str:
        """See Resource."""
        return path_of(self.collection, location.scope)


def _dnssec_equivalences(
    inputs: PropertyMap, operation: Operation, scope: Mapping[str, str]
) -> dict[str, Equivalence]:
    del inputs, operation, scope
    # Until the registrar has the zone's DS record, Cloudflare calls what was switched on pending.
    pending = {"active": {"active", "pending"}, "disabled": {"disabled", "pending-disabled"}}
    return {"status": lambda said, there: there in pending.get(said, {said})}


@dataclass(frozen=True, kw_only=True)
class Ruleset(Resource):
    """A ruleset of a zone or of an account."""

    def check(self, inputs: PropertyMap) -> Iterator[Problem]:
        """See Resource."""
        owners = [name for name in ("zoneId", "accountId") if inputs.get(name) is not None]
        if len(owners) != 1:
            yield Problem("zoneId", "a ruleset needs either zoneId or accountId")

    @property
    def import_form(self) -> str:
        """See Resource."""
        return "zones/<zoneId>/<id> or accounts/<accountId>/<id>"

    def scope_of(self, inputs: PropertyMap) -> dict[str, str]:
        """See Resource."""
        name = "zoneId" if reveal(inputs.get("zoneId")) is not None else "accountId"
        return {name: str(reveal(inputs[name]))}

    def locate(self, identifier: str, state: Mapping[str, Any]) -> Location:
        """See Resource."""
        if reveal(state.get("zoneId")) or reveal(state.get("accountId")):
            return Location(self.scope_of(dict(state)), identifier.rpartition("/")[2])
        parts = identifier.split("/")
        names = {"zones": "zoneId", "accounts": "accountId"}
        if len(parts) != 3 or parts[0] not in names or not all(parts):
            raise IdentifierError(
                f"the identifier of a {self.noun} must have the form {self.import_form}, "
                f"found {identifier!r}"
            )
        return Location({names[parts[0]]: parts[1]}, parts[2])

    def path(self, location: Location) -> str:
        """See Resource."""
        return f"{self._collection(location.scope)}/{location.id}"

    def create(self, operation: Operation, inputs: PropertyMap) -> ExistingResource:
        """See Resource. Rulesets have no name of their own to be taken: look before creating."""
        scope = self.scope_of(inputs)
        twin = self.find_twin(operation, inputs, scope)
        if twin is not None:
            return self.adopted(operation, twin)
        document = operation.api.call(
            "POST", self._collection(scope), body=self.body(inputs)
        ).result
        location = Location(scope, str(document["id"]))
        return self.found(operation, location, document, inputs, applied=True)

    def find_twin(
        self, operation: Operation, inputs: PropertyMap, scope: Mapping[str, str]
    ) -> ExistingResource | None:
        """See Resource. The list has no rules, so those of the same name are read one by one."""
        listed: list[JsonObject] = operation.api.call("GET", self._collection(scope)).result or []
        for document in listed:
            same = ("name", "kind", "phase")
            if all(document.get(name) == reveal(inputs.get(name)) for name in same):
                location = Location(scope, str(document["id"]))
                if operation.owned(location.id):
                    continue
                found = self.read(operation, location, inputs)
                if found is not None and says_the_same(found.inputs, inputs):
                    return found
        return None

    def describe(
        self, operation: Operation, location: Location, document: Any, inputs: PropertyMap
    ) -> PropertyMap:
        """See Resource. An import leaves out what the API adds to every rule."""
        described = super().describe(operation, location, document, inputs)
        if not inputs:
            rules: list[PropertyMap] = described.get("rules") or []
            described["rules"] = [_as_written(rule) for rule in rules]
        return described

    def body(self, inputs: PropertyMap) -> JsonObject:
        """See Resource."""
        sent = {k: v for k, v in inputs.items() if k not in ("zoneId", "accountId")}
        # A ruleset without rules is written as one with none: leaving them out keeps the old.
        return {"rules": [], **super().body(sent)}

    def _collection(self, scope: Mapping[str, str]) -> str:
        owner = "zones/{zoneId}" if "zoneId" in scope else "accounts/{accountId}"
        return path_of(f"/{owner}/rulesets", scope)


def _as_written(rule: PropertyMap) -> PropertyMap:
    added = {"id": rule.get("id"), "enabled": True}
    if rule.get("ref") == rule.get("id"):
        added["ref"] = rule.get("ref")
    return {name: value for name, value in rule.items() if added.get(name, _OTHER) != value}


RESOURCES: Mapping[str, Resource] = {
    resource.token: resource
    for resource in (
        Resource(
            token="cloudflare:index/dnsRecord:DnsRecord",  # noqa: S106 (a type, no password)
            noun="DNS record",
            title="name",
            collection="/zones/{zoneId}/dns_records",
            scope=("zoneId",),
            replace_on=frozenset({"zoneId", "type"}),
            defaults={"proxied": False, "comment": None, "tags": []},
            filled_in=frozenset({"data", "privateRouting", "settings"}),
            equivalences=_dns_equivalences,
            taken=RECORD_IDENTICAL,
            twin_query=(("type", "type"), ("content.exact", "content")),
        ),
        Resource(
            token="cloudflare:index/workersRoute:WorkersRoute",  # noqa: S106
            noun="worker route",
            title="pattern",
            collection="/zones/{zoneId}/workers/routes",
            scope=("zoneId",),
            replace_on=frozenset({"zoneId"}),
            defaults={"script": None},
            taken=ROUTE_DUPLICATE,
        ),
        Resource(
            token="cloudflare:index/workersKvNamespace:WorkersKvNamespace",  # noqa: S106
            noun="KV namespace",
            title="title",
            collection="/accounts/{accountId}/storage/kv/namespaces",
            scope=("accountId",),
            replace_on=frozenset({"accountId", "jurisdiction", "mode"}),
            taken=NAMESPACE_TITLE_EXISTS,
        ),
        KvPair(
            token="cloudflare:index/workersKv:WorkersKv",  # noqa: S106
            noun="KV pair",
            title="keyName",
            collection="/accounts/{accountId}/storage/kv/namespaces/{namespaceId}/values",
            scope=("accountId", "namespaceId"),
            replace_on=frozenset({"accountId", "namespaceId", "keyName"}),
            defaults={"metadata": None},
            equivalences=lambda _inputs, _operation, _scope: {"metadata": same_json},
        ),
        WorkerScript(
            token="cloudflare:index/workersScript:WorkersScript",  # noqa: S106
            noun="worker script",
            title="scriptName",
            collection="/accounts/{accountId}/workers/scripts",
            scope=("accountId",),
            replace_on=frozenset({"accountId", "scriptName"}),
            defaults={"bindings": [], "compatibilityFlags": []},
            filled_in=frozenset(
                {
                    *("annotations", "cacheOptions", "exports", "limits", "logpush"),
                    *("observability", "placement", "tailConsumers", "usageModel"),
                }
            ),
        ),
        ZoneSetting(
            token="cloudflare:index/zoneSetting:ZoneSetting",  # noqa: S106
            noun="zone setting",
            title="settingId",
            collection="/zones/{zoneId}/settings",
            scope=("zoneId",),
            replace_on=frozenset({"zoneId", "settingId"}),
        ),
        ZoneDnssec(
            token="cloudflare:index/zoneDnssec:ZoneDnssec",  # noqa: S106
            noun="DNSSEC",
            title="zoneId",
            collection="/zones/{zoneId}/dnssec",
            scope=("zoneId",),
            replace_on=frozenset({"zoneId"}),
            filled_in=frozenset({"dnssecMultiSigner", "dnssecPresigned", "dnssecUseNsec3"}),
            equivalences=_dnssec_equivalences,
        ),
        Ruleset(
            token="cloudflare:index/ruleset:Ruleset",  # noqa: S106
            noun="ruleset",
            title="name",
            collection="",
            scope=(),
            replace_on=frozenset({"zoneId", "accountId", "kind", "phase"}),
            defaults={"description": ""},
        ),
    )
}
