"""What is declared at Cloudflare, in every stack, and what it is for."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra.cluster.origin_auth import HEADER
from infra.edge.cloudflare.dns_records import KEPT_BY_HAND, LEFT_OUT
from infra.recorder import Program
from infra.stack.environment import Environment
from infra.stack.rules import used_secrets
from k8s.properties import Secret
from operations.declared.program import run_program
from tests.stack_files import stack_file

from .conftest import ChangedStack, changed, of_kind, program_of


def environment_of(program: Program) -> Environment:
    return Environment.load(stack_file(program.stack))


def hosts(stack: str) -> set[str]:
    program = program_of(stack)
    domain = environment_of(program).domain
    names = {entry.properties["name"] for entry in of_kind(program, "DnsRecord")}
    return {name.removesuffix(domain).removesuffix(".") for name in names}


def rules(program: Program, name: str) -> list[dict[str, Any]]:
    (found,) = (e for e in of_kind(program, "Ruleset") if e.name == name)
    return found.properties["rules"]


EVERYWHERE = {
    *("", "www", "de", "en", "es", "fr", "hi", "ta", "api", "frontend", "kratos"),
    *("start", "meet", "labschool", "embed"),
}


@pytest.mark.parametrize(
    ("stack", "more"),
    [
        ("local", {"lenabi", "assets"}),
        ("staging", {"enmeshed", "assets"}),
        ("production", {"hydra", "community", "lenabi"}),
    ],
)
def test_hosts_have_a_record_where_something_answers(stack: str, more: set[str]) -> None:
    assert hosts(stack) == EVERYWHERE | more
    assert not hosts(stack) & LEFT_OUT.keys()
    assert stack != "production" or not hosts(stack) & KEPT_BY_HAND.keys()


def test_records_are_proxied_and_lead_to_the_gateway(program: Program) -> None:
    environment = environment_of(program)
    for entry in of_kind(program, "DnsRecord"):
        record = entry.properties
        assert (record["proxied"], record["ttl"]) == (True, 1)
        assert record["zoneId"] == environment.cloudflare.zone_id
        assert record["comment"].startswith("Leads to ")
        assert len(record["comment"]) <= 100, "Cloudflare's Free plan allows no more"
        expected = (
            ("A", environment.gateway.address)
            if record["name"] == environment.domain
            else ("CNAME", environment.domain)
        )
        assert (record["type"], record["content"]) == expected
        assert entry.protect is environment.is_production


def test_every_public_host_of_a_service_has_a_record(program: Program) -> None:
    known = {entry.properties["name"] for entry in of_kind(program, "DnsRecord")}
    for route in of_kind(program, "HTTPRoute"):
        for host in route.properties["spec"]["hostnames"]:
            assert host in known or host.startswith("*.")


def test_encryption_is_strict(program: Program) -> None:
    settings = {e.properties["settingId"]: e.properties for e in of_kind(program, "ZoneSetting")}
    assert {name: settings[name]["value"] for name in ("ssl", "min_tls_version", "tls_1_3")} == {
        "ssl": "strict",
        "min_tls_version": "1.2",
        "tls_1_3": "on",
    }
    # The worker redirects, since one of its paths answers plain HTTP.
    assert settings["always_use_https"]["value"] == "off"
    transport = settings["security_header"]["value"]["strict_transport_security"]
    assert transport["enabled"] is True
    assert not transport["preload"]
    assert not transport["include_subdomains"]
    most = {"production": 86400}.get(program.stack, 30 * 86400)
    assert 0 < transport["max_age"] <= most


def test_signing_is_on_and_no_update_ends_it(program: Program) -> None:
    (dnssec,) = of_kind(program, "ZoneDnssec")
    assert dnssec.properties["status"] == "active"
    assert dnssec.retained


def test_limits_fit_the_free_plan(program: Program) -> None:
    (limit,) = rules(program, "limits")
    assert limit["action"] == "block"
    assert limit["ratelimit"]["period"] == limit["ratelimit"]["mitigationTimeout"] == 10
    assert set(limit["ratelimit"]["characteristics"]) == {"cf.colo.id", "ip.src"}
    for path in ("/graphql", "/self-service/", "/auth/"):
        assert f'"{path}"' in limit["expression"]
    # On that plan a rule knows the path and nothing else of a request.
    fields = limit["expression"].count("http.") + limit["expression"].count("ip.")
    assert limit["expression"].count("http.request.uri.path") == fields


def test_higher_plans_limit_logins_more_than_the_api(changed_stack: ChangedStack) -> None:
    stack = changed_stack("staging", ("    account-id:", "    plan: pro\n    account-id:"))
    limits = {rule["ref"]: rule["ratelimit"] for rule in rules(run_program(stack), "limits")}
    assert limits["auth"]["requestsPerPeriod"] < limits["api"]["requestsPerPeriod"]


def test_our_own_servers_can_be_exempted(changed_stack: ChangedStack) -> None:
    before = program_of("staging")
    assert not [e for e in of_kind(before, "Ruleset") if e.name == "exemptions"]
    addresses = "    unlimited-addresses: [203.0.113.7, 198.51.100.0/28]\n"
    key = "  serlo:edge:\n"
    after = run_program(changed_stack("staging", (key, key + addresses)))
    assert {name for _, name in changed(before, after)} == {"exemptions"}
    (rule,) = rules(after, "exemptions")
    assert rule["expression"] == "(ip.src in {203.0.113.7 198.51.100.0/28})"
    assert (rule["action"], rule["actionParameters"]) == ("skip", {"phases": ["http_ratelimit"]})


def test_a_missing_file_of_another_version_is_not_cached(program: Program) -> None:
    (rule,) = rules(program, "cache")
    (by_status,) = rule["actionParameters"]["edgeTtl"]["statusCodeTtls"]
    assert by_status == {"statusCodeRange": {"from": 400, "to": 599}, "value": -1}


def test_rules_keep_their_identity(program: Program) -> None:
    for ruleset in of_kind(program, "Ruleset"):
        refs = [rule["ref"] for rule in ruleset.properties["rules"]]
        assert len(refs) == len(set(refs)) > 0


def test_only_the_chats_sockets_bypass_the_worker(program: Program) -> None:
    found = [
        (e.properties["pattern"], e.properties.get("script"))
        for e in of_kind(program, "WorkersRoute")
    ]
    domain = environment_of(program).domain
    sockets = [f"https://community.{domain}/{path}" for path in ("websocket*", "sockjs/*")]
    past = sockets if program.stack == "production" else []
    assert found == [*((p, None) for p in past), (f"*{domain}/*", f"serlo-{program.stack}")]


def admitted(program: Program) -> set[tuple[Secret, ...]]:
    """The values that each rule of each HTTPRoute asks for."""
    found: set[tuple[Secret, ...]] = set()
    for route in of_kind(program, "HTTPRoute"):
        for rule in route.properties["spec"]["rules"]:
            values = [
                header["value"]
                for match in rule["matches"]
                for header in match["headers"]
                if (header["name"], header["type"]) == (HEADER, "Exact")
            ]
            assert len(values) == len(rule["matches"])
            assert {"remove": [HEADER]} in [f.get("requestHeaderModifier") for f in rule["filters"]]
            found.add(tuple(values))
    return found


def bindings(program: Program) -> Mapping[str, Any]:
    (worker,) = of_kind(program, "WorkersScript")
    return {b["name"]: b.get("text") for b in worker.properties["bindings"]}


def test_the_gateway_answers_only_the_worker(program: Program) -> None:
    assert admitted(program) == {(Secret("[origin-secret]"),)}
    assert bindings(program)["ORIGIN_SECRET"] == Secret("[origin-secret]")
    assert f'"{HEADER}"' in _worker_code(program)


def test_second_values_are_accepted_beside_the_first(program: Program) -> None:
    assert "API_SECRET_SECOND" not in bindings(program)
    environment = environment_of(program)
    values = {name: name for name in used_secrets(environment.name, environment.services)}
    values |= {"origin-secret-second": "door-2", "cloudflare-worker-secret-second": "key-2"}
    rotating = run_program(stack_file(program.stack), secrets=values)
    assert admitted(rotating) == {(Secret("origin-secret"), Secret("door-2"))}
    known = bindings(rotating)
    assert known["ORIGIN_SECRET"] == Secret("origin-secret")
    assert known["API_SECRET"] == Secret("cloudflare-worker-secret")
    assert known["API_SECRET_SECOND"] == Secret("key-2")


def test_a_second_value_touches_nothing_but_who_accepts_it() -> None:
    file = stack_file("staging")
    environment = environment_of(program_of("staging"))
    values = {name: name for name in used_secrets(environment.name, environment.services)}
    before = run_program(file, secrets=values)
    worker = run_program(file, secrets={**values, "cloudflare-worker-secret-second": "x"})
    assert {name for _, name in changed(before, worker)} == {"worker"}
    door = run_program(file, secrets={**values, "origin-secret-second": "x"})
    kinds = {type_.split(":")[-1] for type_, _ in changed(before, door)}
    assert kinds == {"HTTPRoute"}


def _worker_code(program: Program) -> str:
    (worker,) = of_kind(program, "WorkersScript")
    return worker.properties["content"]
