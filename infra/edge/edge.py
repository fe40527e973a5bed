"""The edge: everything at Cloudflare."""

from collections.abc import Mapping

import pulumi

from infra.cluster.cluster import Cluster
from infra.cluster.registration import (
    CloudflareProvider,
    DnsRecord,
    Ruleset,
    WorkersKvNamespace,
    WorkersRoute,
    WorkersScript,
    ZoneDnssec,
    ZoneSetting,
)
from infra.edge.cloudflare.dns_records import records
from infra.edge.cloudflare.rulesets import Rule, rulesets
from infra.edge.cloudflare.worker_routes import routes
from infra.edge.cloudflare.worker_script import (
    COMPATIBILITY_DATE,
    MAIN_MODULE,
    SECRET_BINDINGS,
    script,
    script_name,
)
from infra.edge.cloudflare.zone_settings import zone_settings
from infra.stack.environment import Environment

_AUTOMATIC_TTL = 1
_LOGS = {
    "enabled": True,
    "headSamplingRate": 1,
    "logs": {"enabled": True, "headSamplingRate": 1, "invocationLogs": True},
}
"""Every request is logged, with what the worker says about it."""


class Edge(pulumi.ComponentResource):
    """Everything at Cloudflare. It waits for the proof that the cluster is the right one."""

    def __init__(
        self, environment: Environment, secrets: Mapping[str, str], cluster: Cluster
    ) -> None:
        token = secrets["cloudflare-api-token"]
        provider = CloudflareProvider(
            "cloudflare",
            api_token=cluster.confirmed.apply(lambda _: token),
            base_url=environment.cloudflare.base_url,
            opts=pulumi.ResourceOptions(),
        )
        super().__init__(
            "serlo:index:Edge", "edge", opts=pulumi.ResourceOptions(providers=[provider])
        )
        self._guarded = pulumi.ResourceOptions(parent=self, protect=environment.is_production)
        self._zone = {"zoneId": environment.cloudflare.zone_id}
        self._add_records(environment)
        self._add_settings(environment)
        self._add_rules(environment)
        name: pulumi.Input[str] = script_name(environment)
        if environment.edge.script is None:
            # Cloudflare refuses a route to a script that is not there yet.
            name = self._add_worker(environment, secrets).scriptName
        self._add_routes(environment, name)
        self.register_outputs({})

    def _add_records(self, environment: Environment) -> None:
        for record in records(environment):
            properties = {
                **self._zone,
                "name": record.host,
                "type": record.type,
                "content": record.content,
                "proxied": True,
                "ttl": _AUTOMATIC_TTL,
                "comment": f"Leads to {record.leads_to}",
            }
            DnsRecord(record.label, properties, self._guarded)

    def _add_settings(self, environment: Environment) -> None:
        for setting in zone_settings(environment):
            properties = {**self._zone, "settingId": setting.id, "value": setting.value}
            ZoneSetting(setting.id, properties, self._guarded)
        # Signing may end only after the registrar has forgotten the key, which takes days. Whoever
        # resolves names with care would find none of ours meanwhile, so no update ends it.
        # The provider takes what the program does not say for something that changed.
        kept = pulumi.ResourceOptions(
            retain_on_delete=True,
            ignore_changes=["dnssecMultiSigner", "dnssecPresigned", "dnssecUseNsec3"],
        )
        opts = pulumi.ResourceOptions.merge(self._guarded, kept)
        ZoneDnssec("dnssec", {**self._zone, "status": "active"}, opts)

    def _add_rules(self, environment: Environment) -> None:
        for ruleset in rulesets(environment):
            properties = {
                **self._zone,
                "name": f"serlo {ruleset.label}",
                "kind": "zone",
                "phase": ruleset.phase,
                "rules": [_rule(rule) for rule in ruleset.rules],
            }
            Ruleset(ruleset.label, properties, pulumi.ResourceOptions(parent=self))

    def _add_worker(self, environment: Environment, secrets: Mapping[str, str]) -> WorkersScript:
        account = {"accountId": environment.cloudflare.account_id}
        declared = script(environment)
        store = WorkersKvNamespace(
            "path-info", {**account, "title": f"{declared.name}-path-info"}, self._guarded
        )
        bindings = [
            *(
                {"name": name, "type": "plain_text", "text": text}
                for name, text in declared.variables.items()
            ),
            *(
                {"name": name, "type": "secret_text", "text": pulumi.Output.secret(secrets[secret])}
                for name, secret in SECRET_BINDINGS.items()
                if secret in secrets
            ),
            {"name": "PATH_INFO_KV", "type": "kv_namespace", "namespaceId": store.id},
        ]
        return WorkersScript(
            "worker",
            {
                **account,
                "scriptName": declared.name,
                "mainModule": MAIN_MODULE,
                "content": declared.code,
                "compatibilityDate": COMPATIBILITY_DATE,
                "bindings": bindings,
                "observability": _LOGS,
            },
            pulumi.ResourceOptions(parent=self),
        )

    def _add_routes(self, environment: Environment, worker: pulumi.Input[str]) -> None:
        for route in routes(environment, script_name(environment)):
            properties: dict[str, object] = {**self._zone, "pattern": route.pattern}
            if route.script is not None:
                properties["script"] = worker
            WorkersRoute(route.label, properties, self._guarded)


def _rule(rule: Rule) -> dict[str, object]:
    said: dict[str, object] = {
        "ref": rule.ref,
        "description": rule.description,
        "expression": rule.expression,
        "action": rule.action,
        "enabled": True,
    }
    if rule.parameters:
        said["actionParameters"] = dict(rule.parameters)
    if rule.limit is not None:
        said["ratelimit"] = dict(rule.limit)
    return said
