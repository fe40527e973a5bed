"""The way from the world to a service: records, worker, gateway and routes, in every stack."""

import json

from infra.environment import Environment
from infra.service import GATEWAY
from infra.services import declared
from operations.program import Program
from rehearsal.plugins.properties import UNKNOWN, Secret

from .conftest import ROOT, of_kind


def _environment(program: Program) -> Environment:
    return Environment.load(ROOT / "stacks" / f"Pulumi.{program.stack}.yaml")


def test_the_worker_answers_for_every_host(program: Program) -> None:
    (route,) = (e for e in of_kind(program, "WorkersRoute") if e.name == "all-hosts")
    (worker,) = of_kind(program, "WorkersScript")
    assert route.properties["pattern"] == f"*{_environment(program).domain}/*"
    assert route.properties["script"] == f"serlo-{program.stack}"
    # Cloudflare refuses a route to a script that is not there yet.
    assert worker.urn in route.dependencies


def test_the_worker_gets_its_bindings(program: Program) -> None:
    (worker,) = of_kind(program, "WorkersScript")
    domain = _environment(program).domain
    bindings = {
        binding.pop("name"): binding for binding in map(dict, worker.properties["bindings"])
    }
    store = bindings.pop("PATH_INFO_KV")
    secrets = [bindings.pop("API_SECRET"), bindings.pop("ORIGIN_SECRET")]
    assert {name: binding["text"] for name, binding in bindings.items()} == {
        "DOMAIN": domain,
        "ENVIRONMENT": program.stack,
        "API_ENDPOINT": f"https://api.{domain}/graphql",
        "FRONTEND_DOMAIN": f"frontend.{domain}",
        "ALLOW_AUTH_FROM_LOCALHOST": "false" if program.stack == "production" else "true",
    }
    assert store == {"type": "kv_namespace", "namespaceId": UNKNOWN}
    for secret in secrets:
        assert secret["type"] == "secret_text"
        assert isinstance(secret["text"], Secret)


def test_worker_and_server_share_one_secret(program: Program) -> None:
    (worker,) = of_kind(program, "WorkersScript")
    (text,) = (b["text"] for b in worker.properties["bindings"] if b["name"] == "API_SECRET")
    assert text == Secret("[cloudflare-worker-secret]")
    server = next(service for service in declared() if service.name == "server")
    assert "cloudflare-worker-secret" in {secret.name for secret in server.secrets}


def test_public_services_have_a_route_from_the_one_gateway(program: Program) -> None:
    (gateway,) = of_kind(program, "Gateway")
    routes = {entry.name: entry.properties["spec"] for entry in of_kind(program, "HTTPRoute")}
    public = {service.name: service for service in declared() if service.host is not None}
    assert routes.keys() == public.keys()
    for name, service in public.items():
        (parent,) = routes[name]["parentRefs"]
        assert parent["name"] == gateway.properties["metadata"]["name"]
        assert parent["namespace"] == gateway.properties["metadata"]["namespace"]
        assert routes[name]["hostnames"] == [_environment(program).host(service.host or "")]
        (rule,) = routes[name]["rules"]
        assert rule["backendRefs"] == [{"name": name, "port": service.reached_at}]
        assert GATEWAY in service.callers


def test_routes_may_come_only_from_namespaces_of_ours(program: Program) -> None:
    (gateway,) = of_kind(program, "Gateway")
    (listener,) = gateway.properties["spec"]["listeners"]
    wanted = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
    for namespace in of_kind(program, "Namespace"):
        if not namespace.existing:
            assert wanted.items() <= namespace.properties["metadata"]["labels"].items()


def test_the_gateway_ends_tls_with_a_secret_certificate(program: Program) -> None:
    (certificate,) = (e for e in of_kind(program, "Secret") if e.name == "gateway-tls")
    assert certificate.properties["type"] == "kubernetes.io/tls"
    assert set(certificate.properties["data"]) == {"tls.crt", "tls.key"}
    assert "[gateway" not in json.dumps(certificate.properties, default=repr)


def test_services_listen_where_others_expect_them(program: Program) -> None:
    ports = {
        entry.name: [port["port"] for port in entry.properties["spec"]["ports"]]
        for entry in of_kind(program, "Service")
    }
    assert ports == {"server": [3000], "database-layer": [8080], "frontend": [3000]}
