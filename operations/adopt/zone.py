"""Which declared resources exist at Cloudflare."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.recorder import Registration
from operations.adopt.findings import ExistingResource, Findings, InTheWay, label_of
from operations.errors import CommandError
from operations.support.cloudflare import CloudflareApi

# A name has either one alias or addresses; and addresses beside ours would answer in its place.
_EXCLUSIVE = frozenset({"A", "AAAA", "CNAME", "NS"})

Json = dict[str, Any]


def look_at_zone(zone: CloudflareApi, entries: Iterable[Registration]) -> Findings:
    """Find the declared resources that exist. Raises CommandError with all that went wrong."""
    look = _Look(zone)
    problems: dict[str, None] = {}
    for entry in entries:
        kind = entry.type.rpartition(":")[2]
        if not entry.type.startswith("cloudflare:"):
            continue
        try:
            look.for_one(kind, entry)
        except CommandError as error:
            problems[str(error)] = None
    if problems:
        raise CommandError("\n".join(problems))
    look.tell_undeclared()
    return look.findings


class _Look:
    """One pass over a zone; collections are read once."""

    def __init__(self, zone: CloudflareApi) -> None:
        self.findings = Findings()
        self._zone = zone
        self._collections: dict[str, list[Json]] = {}
        self._patterns: set[str] = set()

    def for_one(self, kind: str, entry: Registration) -> None:
        """Look for one declared resource."""
        said = entry.properties
        account, zone = said.get("accountId"), said.get("zoneId")
        match kind:
            case "DnsRecord":
                self._record(entry, self._all(f"/zones/{zone}/dns_records"))
            case "WorkersRoute":
                self._patterns.add(said["pattern"])
                self._route(entry, self._all(f"/zones/{zone}/workers/routes"))
            case "WorkersKvNamespace":
                namespaces = self._all(f"/accounts/{account}/storage/kv/namespaces")
                self._named(entry, namespaces, "title", said["title"], f"{account}")
            case "WorkersScript":
                scripts = self._all(f"/accounts/{account}/workers/scripts")
                self._named(entry, scripts, "id", said["scriptName"], f"{account}")
            case "ZoneSetting":
                if self._zone.one(f"/zones/{zone}/settings/{said['settingId']}") is not None:
                    self._found(entry, f"{zone}/{said['settingId']}")
            case "ZoneDnssec":
                if self._zone.one(f"/zones/{zone}/dnssec") is not None:
                    self._found(entry, f"{zone}")
            case "Ruleset":
                path = f"/zones/{zone}/rulesets/phases/{said['phase']}/entrypoint"
                if (ruleset := self._zone.one(path)) is not None:
                    self._found(entry, f"zones/{zone}/{ruleset['id']}")
            case _:
                raise CommandError(f"how to look for a {kind} is not known: see operations/adopt")

    def tell_undeclared(self) -> None:
        """Routes that are not declared take requests away from those that are."""
        for path, routes in self._collections.items():
            if path.endswith("/workers/routes"):
                self.findings.undeclared += [
                    f"route {route['pattern']} to {route.get('script') or 'no worker'}"
                    for route in routes
                    if route["pattern"] not in self._patterns
                ]

    def _all(self, path: str) -> list[Json]:
        if path not in self._collections:
            self._collections[path] = self._zone.all(path)
        return self._collections[path]

    def _found(self, entry: Registration, identifier: str, differs: str = "") -> None:
        self.findings.found.append(ExistingResource(entry, identifier, differs))

    def _named(
        self, entry: Registration, there: list[Json], key: str, value: str, scope: str
    ) -> None:
        for one in there:
            if one[key] == value:
                self._found(entry, f"{scope}/{one['id']}")

    def _route(self, entry: Registration, there: list[Json]) -> None:
        said = entry.properties
        script = said.get("script")
        for route in there:
            if route["pattern"] == said["pattern"]:
                now = route.get("script")
                differs = "" if now == script else f"leads to {now or 'no worker'}, not {script}"
                self._found(entry, f"{said['zoneId']}/{route['id']}", differs)

    def _record(self, entry: Registration, there: list[Json]) -> None:
        said = entry.properties
        host, type_ = said["name"], said["type"]
        named = [one for one in there if one["name"].rstrip(".").lower() == host.lower()]
        same = [one for one in named if one["type"] == type_]
        # Of several, the one with the declared target is meant, if there is one.
        exact = [one for one in same if one["content"] == said["content"]]
        chosen = exact[:1] or (same if len(same) == 1 else [])
        for record in chosen:
            differs = ", ".join(_differences(record, said))
            self._found(entry, f"{said['zoneId']}/{record['id']}", differs)
        for record in named:
            if record not in chosen and record["type"] in _EXCLUSIVE:
                self.findings.in_the_way.append(
                    InTheWay(
                        label_of(entry),
                        f"is declared as {type_} {said['content']}, but {host} has a record "
                        f"{record['type']} {record['content']}",
                        "declare what is right; if that is ours, delete the other one immediately "
                        "before `pulumi up`",
                    )
                )


def _differences(record: Json, said: Mapping[str, Any]) -> Iterator[str]:
    if record["content"] != said["content"]:
        yield f"leads to {record['content']}, not {said['content']}"
    if bool(record.get("proxied")) != said["proxied"]:
        yield "passes Cloudflare by" if said["proxied"] else "goes through Cloudflare"
