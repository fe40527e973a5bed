"""A platform that somebody has made by hand, with kubectl, Terraform and the official client."""

import copy
import json
from pathlib import Path
from typing import Any

from cloudflare import Cloudflare

from infra.recorder import Registration
from k8s.manifests import manifest_of
from k8s.properties import reveal
from operations.declared.program import run_program
from tests.rehearsal.platform.conftest import Rehearsal

Object = dict[str, Any]

OLD_IMAGE = "eu.gcr.io/serlo-shared/api-server:0.50.0"
OLD_PASSWORD = "a-password-of-before"
LEFT_OVER = "192.0.2.99"
REPLICAS = 2


class Before:
    """What exists before the stack does; `declared` is what the program wants."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        file = rehearsal.folder / "project" / "stacks" / "Pulumi.local.yaml"
        self.declared = run_program(file).registrations
        zone = rehearsal.zone
        self.zone, self.account = zone["id"], zone["account"]["id"]
        self.client = Cloudflare(
            api_token=(rehearsal.folder / "cloudflare" / "token").read_text().strip(),
            base_url=rehearsal.endpoints["cloudflare_api"],
        )

    def manifest(self, kind: str, name: str) -> Object:
        """A copy of a declared object."""
        return next(
            copy.deepcopy(manifest_of(dict(entry.properties)))
            for entry in self.declared
            if entry.type.endswith(f":{kind}") and entry.properties["metadata"]["name"] == name
        )

    def resource(self, kind: str, name: str) -> Registration:
        """A declared resource of Cloudflare."""
        return next(
            entry
            for entry in self.declared
            if entry.type.endswith(f":{kind}") and entry.name == name
        )

    def kubectl(self, command: str, *objects: Object) -> None:
        """Run kubectl as an administrator on a file of objects."""
        file: Path = self.rehearsal.folder.parent / "objects.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        at = f" --filename {file}" if objects else ""
        done = self.rehearsal.by_hand(f"kubectl {command}{at}")
        assert done.returncode == 0, done.stderr

    def make_objects(self) -> None:
        """Some as declared, some changed, and one that cannot become what is declared."""
        server = self.manifest("Deployment", "server")
        server["spec"]["replicas"] = REPLICAS
        container = server["spec"]["template"]["spec"]["containers"][0]
        container["image"] = OLD_IMAGE
        container["env"].append({"name": "OLD", "value": OLD_PASSWORD})
        kratos = self.manifest("Deployment", "kratos")
        kratos["spec"]["selector"] = {"matchLabels": {"app": "kratos"}}
        kratos["spec"]["template"]["metadata"]["labels"]["app"] = "kratos"
        same = [
            self.manifest(kind, name)
            for kind, name in (
                *(("ServiceAccount", "server"), ("ServiceAccount", "redis")),
                *(("ServiceAccount", "kratos"), ("Service", "server")),
                *(("PriorityClass", "serlo-serving"), ("StatefulSet", "redis")),
            )
        ]
        self.kubectl("apply", *same, server)
        self.kubectl("create", kratos)
        self.kubectl("label namespace api team=api")
        frontend = self.manifest("Service", "frontend")
        frontend["metadata"]["labels"] |= {"app.kubernetes.io/part-of": "before", "old": "yes"}
        self.kubectl("create --field-manager=HashiCorp", frontend)

    def make_zone(self) -> dict[str, str]:
        """The same at Cloudflare; returns identifiers."""
        records = self.client.dns.records
        domain = self.rehearsal.domain
        moved = records.create(
            zone_id=self.zone,
            name=f"en.{domain}",
            type="CNAME",
            content="before.example",
            proxied=True,
            ttl=1,
        )
        other = records.create(
            zone_id=self.zone,
            name=f"de.{domain}",
            type="A",
            content="192.0.2.77",
            proxied=True,
            ttl=1,
        )
        # Two addresses of the domain itself: one as declared, one that is left over.
        apex, left_over = (
            records.create(
                zone_id=self.zone, name=domain, type="A", content=address, proxied=True, ttl=1
            )
            for address in ("192.0.2.10", LEFT_OVER)
        )
        script = str(self.resource("WorkersScript", "worker").properties["scriptName"])
        self.client.workers.scripts.update(
            script,
            account_id=self.account,
            metadata={"main_module": "index.js", "compatibility_date": "2024-01-01"},
            files=[("index.js", b"export default { fetch() {} }", "application/javascript+module")],
        )
        [declared] = [e for e in self.declared if e.type.endswith(":WorkersRoute")]
        pattern = str(reveal(declared.properties["pattern"]))
        route = self.client.workers.routes.create(zone_id=self.zone, pattern=pattern, script=script)
        self.client.workers.routes.create(zone_id=self.zone, pattern=f"old.{domain}/*")
        title = str(self.resource("WorkersKvNamespace", "path-info").properties["title"])
        store = self.client.kv.namespaces.create(account_id=self.account, title=title)
        assert moved
        assert other
        assert apex
        assert left_over
        assert store
        return {
            "en": str(moved.id),
            "de": str(other.id),
            "apex": str(apex.id),
            "left over": str(left_over.id),
            "route": str(route.id),
            "store": store.id,
            "script": script,
        }
