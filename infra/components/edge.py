"""The edge: records, worker, route and the worker's store at Cloudflare."""

from collections.abc import Mapping

import pulumi

from infra.components.cluster import Cluster
from infra.components.registration import (
    CloudflareProvider,
    DnsRecord,
    WorkersKvNamespace,
    WorkersRoute,
    WorkersScript,
)
from infra.edge.records import records
from infra.edge.script import COMPATIBILITY_DATE, MAIN_MODULE, SECRET, script
from infra.environment import Environment

_AUTOMATIC_TTL = 1


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
        self._add_records(environment)
        self._add_worker(environment, secrets[SECRET])
        self.register_outputs({})

    def _add_records(self, environment: Environment) -> None:
        for record in records(environment):
            properties = {
                "zoneId": environment.cloudflare.zone_id,
                "name": record.host,
                "type": record.type,
                "content": record.content,
                "proxied": True,
                "ttl": _AUTOMATIC_TTL,
            }
            DnsRecord(record.label, properties, self._guarded)

    def _add_worker(self, environment: Environment, api_secret: str) -> None:
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
            {"name": "API_SECRET", "type": "secret_text", "text": pulumi.Output.secret(api_secret)},
            {"name": "PATH_INFO_KV", "type": "kv_namespace", "namespaceId": store.id},
        ]
        worker = WorkersScript(
            "worker",
            {
                **account,
                "scriptName": declared.name,
                "mainModule": MAIN_MODULE,
                "content": declared.code,
                "compatibilityDate": COMPATIBILITY_DATE,
                "bindings": bindings,
                "observability": {"enabled": True},
            },
            pulumi.ResourceOptions(parent=self),
        )
        WorkersRoute(
            "all-hosts",
            {
                "zoneId": environment.cloudflare.zone_id,
                "pattern": declared.route,
                "script": worker.scriptName,
            },
            self._guarded,
        )
