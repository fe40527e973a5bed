"""The edge: everything at Cloudflare."""

from collections.abc import Mapping

import pulumi
import pulumi_cloudflare as cloudflare

from infra.cluster.cluster import Cluster
from infra.edge.cloudflare.dns_records import records
from infra.edge.cloudflare.rulesets import rulesets
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
_LOGS: cloudflare.WorkersScriptObservabilityArgsDict = {
    "enabled": True,
    "head_sampling_rate": 1,
    "logs": {"enabled": True, "head_sampling_rate": 1, "invocation_logs": True},
}
"""Every request is logged, with what the worker says about it."""


class Edge(pulumi.ComponentResource):
    """Everything at Cloudflare. It waits for the proof that the cluster is the right one.

    `kv_namespace_id` is None where others upload the worker. `ds_record` is what the registrar of
    the domain has to publish for DNSSEC.
    """

    kv_namespace_id: pulumi.Output[str] | None
    ds_record: pulumi.Output[str]

    def __init__(
        self,
        environment: Environment,
        secrets: Mapping[str, str],
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        token = secrets["cloudflare-api-token"]
        provider = cloudflare.Provider(
            "cloudflare",
            # The SDK makes it a secret.
            api_token=cluster.confirmed.apply(lambda _: token),
            base_url=environment.cloudflare.base_url,
        )
        own = pulumi.ResourceOptions(providers=[provider])
        super().__init__("serlo:index:Edge", "edge", opts=pulumi.ResourceOptions.merge(own, opts))
        self._guarded = pulumi.ResourceOptions(parent=self, protect=environment.is_production)
        self._zone = environment.cloudflare.zone_id
        self._add_records(environment)
        self._add_settings(environment)
        self.ds_record = self._sign_records()
        self._add_rulesets(environment)
        name: pulumi.Input[str] = script_name(environment)
        self.kv_namespace_id = None
        if environment.edge.script is None:
            store = self._add_store(environment)
            self.kv_namespace_id = store.id
            # Cloudflare refuses a route to a script that is not there yet.
            name = self._add_worker(environment, secrets, store).script_name
        self._add_routes(environment, name)
        self.register_outputs({})

    def _add_records(self, environment: Environment) -> None:
        for record in records(environment):
            cloudflare.DnsRecord(
                record.label,
                zone_id=self._zone,
                name=record.host,
                type=record.type,
                content=record.content,
                proxied=True,
                ttl=_AUTOMATIC_TTL,
                comment=f"Leads to {record.leads_to}",
                opts=self._guarded,
            )

    def _add_settings(self, environment: Environment) -> None:
        for setting in zone_settings(environment):
            cloudflare.ZoneSetting(
                setting.id,
                zone_id=self._zone,
                setting_id=setting.id,
                value=setting.value,
                opts=self._guarded,
            )

    def _sign_records(self) -> pulumi.Output[str]:
        """Turn DNSSEC on; return the DS record that the registrar has to publish."""
        # Signing may end only after the registrar has forgotten the key, which takes days. Until
        # then validating resolvers would reject our names, so no update ends it.
        # The provider takes what the program does not say for something that changed.
        kept = pulumi.ResourceOptions(
            retain_on_delete=True,
            ignore_changes=["dnssecMultiSigner", "dnssecPresigned", "dnssecUseNsec3"],
        )
        return cloudflare.ZoneDnssec(
            "dnssec",
            zone_id=self._zone,
            status="active",
            opts=pulumi.ResourceOptions.merge(self._guarded, kept),
        ).ds

    def _add_rulesets(self, environment: Environment) -> None:
        for ruleset in rulesets(environment):
            cloudflare.Ruleset(
                ruleset.label,
                zone_id=self._zone,
                name=f"serlo {ruleset.label}",
                kind="zone",
                phase=ruleset.phase,
                rules=ruleset.rules,
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _add_store(self, environment: Environment) -> cloudflare.WorkersKvNamespace:
        return cloudflare.WorkersKvNamespace(
            "path-info",
            account_id=environment.cloudflare.account_id,
            title=f"{script_name(environment)}-path-info",
            opts=self._guarded,
        )

    def _add_worker(
        self,
        environment: Environment,
        secrets: Mapping[str, str],
        store: cloudflare.WorkersKvNamespace,
    ) -> cloudflare.WorkersScript:
        declared = script(environment)
        bindings: list[cloudflare.WorkersScriptBindingArgsDict] = [
            {"name": name, "type": "plain_text", "text": text}
            for name, text in declared.variables.items()
        ]
        bindings.extend(
            {"name": name, "type": "secret_text", "text": pulumi.Output.secret(secrets[secret])}
            for name, secret in SECRET_BINDINGS.items()
            if secret in secrets
        )
        bindings.append({"name": "PATH_INFO_KV", "type": "kv_namespace", "namespace_id": store.id})
        return cloudflare.WorkersScript(
            "worker",
            account_id=environment.cloudflare.account_id,
            script_name=declared.name,
            main_module=MAIN_MODULE,
            content=declared.code,
            compatibility_date=COMPATIBILITY_DATE,
            bindings=bindings,
            observability=_LOGS,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _add_routes(self, environment: Environment, worker: pulumi.Input[str]) -> None:
        for route in routes(environment, script_name(environment)):
            cloudflare.WorkersRoute(
                route.label,
                zone_id=self._zone,
                pattern=route.pattern,
                script=None if route.script is None else worker,
                opts=self._guarded,
            )
