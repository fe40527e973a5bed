"""The way from the world to a service: records, worker, gateway and routes, in every stack."""

import json

from infra.declaration.service import GATEWAY
from infra.edge.compiler import LIMITS
from infra.recorder import Program
from infra.services import declared
from infra.stack.environment import Environment
from k8s.properties import UNKNOWN, Secret
from tests.stack_files import stack_file

from .conftest import container, named, of_kind, pod_templates


def _environment(program: Program) -> Environment:
    return Environment.load(stack_file(program.stack))


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
    environment = _environment(program)
    (gateway,) = of_kind(program, "Gateway")
    routes = {entry.name: entry.properties["spec"] for entry in of_kind(program, "HTTPRoute")}
    public = {s.name: s for s in environment.services if s.host is not None or s.catch_all}
    assert routes.keys() == public.keys()
    for name, service in public.items():
        (parent,) = routes[name]["parentRefs"]
        assert parent["name"] == gateway.properties["metadata"]["name"]
        assert parent["namespace"] == gateway.properties["metadata"]["namespace"]
        (rule,) = routes[name]["rules"]
        (backend,) = rule["backendRefs"]
        assert backend == {"name": service.service_name or name, "port": service.main_port}
        assert GATEWAY in service.allowed_clients


def test_the_load_balancer_asks_what_readiness_asks(program: Program) -> None:
    routes = {entry.name: entry.properties["spec"] for entry in of_kind(program, "HTTPRoute")}
    checks = {
        entry.name: entry.properties["spec"] for entry in of_kind(program, "HealthCheckPolicy")
    }
    assert checks.keys() == routes.keys()
    for name, check in checks.items():
        (backend,) = routes[name]["rules"][0]["backendRefs"]
        assert check["targetRef"] == {"group": "", "kind": "Service", "name": backend["name"]}
        main = container(named(program, "Deployment", name))
        asked = main["readinessProbe"].get("httpGet", {}).get("path")
        assert check["default"]["config"].get("httpHealthCheck", {}).get("requestPath") == asked


def test_the_load_balancer_waits_as_long_as_the_worker(program: Program) -> None:
    policies = {
        entry.name: entry.properties["spec"] for entry in of_kind(program, "GCPBackendPolicy")
    }
    assert policies.keys() == {entry.name for entry in of_kind(program, "HTTPRoute")}
    for name, policy in policies.items():
        default = policy["default"]
        assert default["timeoutSec"] * 1000 >= max(LIMITS.values())
        spec = named(program, "Deployment", name).properties["spec"]
        ends = spec["template"]["spec"]["terminationGracePeriodSeconds"]
        assert default["connectionDraining"]["drainingTimeoutSec"] == ends
    if program.stack == "production":
        assert policies["hydra"]["default"]["timeoutSec"] == 100


def test_each_public_host_leads_to_one_service(program: Program) -> None:
    domain = _environment(program).domain
    hosts = {
        entry.name: entry.properties["spec"]["hostnames"] for entry in of_kind(program, "HTTPRoute")
    }
    expected = {
        "server": [f"api.{domain}"],
        "frontend": [f"frontend.{domain}"],
        "kratos": [f"kratos.{domain}"],
        # Every host that has no other route, as its Ingress was the default one.
        "varnish": [domain, f"*.{domain}"],
        "hydra": [f"hydra.{domain}"],
    }
    absent = {"local": {"varnish", "hydra"}, "staging": {"hydra"}, "production": set[str]()}
    for name in absent[program.stack]:
        del expected[name]
    assert hosts == expected


def test_routes_may_come_only_from_namespaces_of_ours(program: Program) -> None:
    (gateway,) = of_kind(program, "Gateway")
    (listener,) = gateway.properties["spec"]["listeners"]
    wanted = listener["allowedRoutes"]["namespaces"]["selector"]["matchLabels"]
    for namespace in of_kind(program, "Namespace"):
        if namespace.is_declared:
            assert wanted.items() <= namespace.properties["metadata"]["labels"].items()


def test_the_gateway_ends_tls_with_a_secret_certificate(program: Program) -> None:
    (certificate,) = (e for e in of_kind(program, "Secret") if e.name == "gateway-tls")
    assert certificate.properties["type"] == "kubernetes.io/tls"
    data = certificate.properties["data"]
    assert isinstance(data, Secret)
    assert set(data.value) == {"tls.crt", "tls.key"}
    assert "[gateway" not in json.dumps(certificate.properties, default=repr)


def test_services_listen_where_others_expect_them(program: Program) -> None:
    addresses = {
        f"{metadata['name']}.{metadata['namespace']}": entry.properties["spec"]["ports"][0]["port"]
        for entry in of_kind(program, "Service")
        if (metadata := entry.properties["metadata"])
    }
    expected = {
        "server.api": 3000,
        "swr-queue-worker.api": 3000,
        "database-layer.api": 8080,
        "redis-master.api": 6379,
        "kratos-public.auth": 80,
        "kratos-admin.auth": 80,
        "frontend.frontend": 3000,
    }
    if program.stack == "production":
        expected |= {"hydra-public.auth": 4444, "hydra-admin.auth": 4445}
    if program.stack != "local":
        expected |= {
            "server.serlo-org": 80,
            "varnish.serlo-org": 80,
            "editor-renderer.serlo-org": 3000,
            "legacy-editor-renderer.serlo-org": 3000,
        }
    assert addresses == expected


def test_a_service_leads_to_ports_that_its_pods_have(program: Program) -> None:
    ports = {
        (entry.properties["metadata"]["namespace"], entry.name): {
            port["name"] for c in template["spec"]["containers"] for port in c.get("ports", [])
        }
        for entry, template in pod_templates(program)
    }
    for entry in of_kind(program, "Service"):
        metadata, spec = entry.properties["metadata"], entry.properties["spec"]
        pods = ports[metadata["namespace"], spec["selector"]["app.kubernetes.io/name"]]
        assert {port["targetPort"] for port in spec["ports"]} <= pods
