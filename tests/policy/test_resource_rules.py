"""Each rule about one resource: a bad one fails, the good one beside it passes."""

from typing import Any

import pytest

from policy.resources import Resource
from policy.rules import RESOURCE_RULES
from tests.policy.conftest import (
    cloudflare,
    deployment,
    facts,
    findings,
    kubernetes,
    pod,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "5" * 64
IMAGE = "ghcr.io/serlo/server"


def image(reference: str) -> Resource:
    return deployment({"image": reference})


@pytest.mark.parametrize(
    "reference",
    [
        *(f"{IMAGE}:0.52.1", f"{IMAGE}:v1.0.0", f"{IMAGE}:0.53.0-staging.1", f"{IMAGE}:{COMMIT}"),
        *(f"{IMAGE}:0.52.1@{DIGEST}", f"{IMAGE}:{COMMIT}@{DIGEST}", "host:5000/a:1.2.3"),
    ],
)
def test_images_that_can_never_change_pass(reference: str) -> None:
    assert findings("immutable-images", image(reference)) == []


@pytest.mark.parametrize(
    "reference",
    [
        *(IMAGE, f"{IMAGE}:latest", f"{IMAGE}:production", f"{IMAGE}:1", f"{IMAGE}:1.2"),
        *(f"{IMAGE}:{COMMIT[:7]}", f"{IMAGE}@{DIGEST}", f"{IMAGE}:1.2.3@sha256:1", ""),
        *(f"{IMAGE}:", "host:5000/server", f"{IMAGE}:1.2.3+build", f"{IMAGE}:^1.2.3"),
    ],
)
def test_images_that_can_change_fail(reference: str) -> None:
    assert findings("immutable-images", image(reference)) == [
        f"container 'server' runs {reference!r}"
    ]


def test_images_of_every_kind_of_workload_and_container_are_judged() -> None:
    bad = pod(initContainers=[{"name": "early", "image": "busybox"}])
    assert findings("immutable-images", kubernetes("StatefulSet", {"template": bad}))
    assert findings("immutable-images", kubernetes("Job", {"template": bad}))
    assert findings("immutable-images", kubernetes("Pod", bad["spec"]))
    nested = {"jobTemplate": {"spec": {"template": bad}}}
    assert findings("immutable-images", kubernetes("CronJob", nested))


def test_production_runs_pre_releases_for_a_reason_only() -> None:
    early = image(f"{IMAGE}:0.53.0-staging.1")
    (finding,) = findings("no-unreasoned-prereleases", early)
    assert "pre-release 0.53.0-staging.1" in finding
    assert findings("no-unreasoned-prereleases", early, facts("staging")) == []
    reasoned = facts(prereleases=["0.53.0-staging.1"])
    assert findings("no-unreasoned-prereleases", early, reasoned) == []
    assert findings("no-unreasoned-prereleases", image(f"{IMAGE}:0.53.0")) == []


@pytest.mark.parametrize(
    ("spec", "container", "says"),
    [
        ({"hostNetwork": True}, {}, "hostNetwork"),
        ({"hostPID": True}, {}, "hostPID"),
        ({"hostIPC": True}, {}, "hostIPC"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, {}, "volume 'v'"),
        ({}, {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}}, "priv"),
        ({}, {"securityContext": {}}, "does not set allowPrivilegeEscalation: false"),
        (
            {},
            {
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"add": ["SYS_ADMIN", "NET_BIND_SERVICE"]},
                }
            },
            "capabilities SYS_ADMIN",
        ),
        ({}, {"ports": [{"containerPort": 80, "hostPort": 80.0}]}, "port 80 of its node"),
    ],
)
def test_host_access_fails(spec: dict[str, Any], container: dict[str, Any], says: str) -> None:
    (finding,) = findings("no-host-access", deployment(container, **spec))
    assert says in finding


@pytest.mark.parametrize(
    ("part", "amount"), [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")]
)
def test_a_missing_bound_fails(part: str, amount: str) -> None:
    resources = {
        kind: {"cpu": "1", "memory": "1Gi"} for kind in ("requests", "limits") if kind != part
    }
    resources[part] = {"cpu": "1", "memory": "1Gi"}
    del resources[part][amount]
    assert findings("bounded-resources", deployment({"resources": resources})) == [
        f"container 'server' has no {part}.{amount}"
    ]


def test_bounds_are_asked_of_init_containers_and_jobs_too() -> None:
    early = {"name": "early", "image": "a:1.0.0"}
    (finding,) = findings("bounded-resources", deployment(initContainers=[early]))
    assert "'early' has no requests.cpu, requests.memory, limits.cpu, limits.memory" in finding
    job = kubernetes("Job", {"template": pod(containers=[early])})
    assert len(findings("bounded-resources", job)) == 1


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_missing_probe_fails(probe: str) -> None:
    assert findings("three-probes", deployment({probe: None})) == [
        f"container 'server' has no {probe}"
    ]


def test_probes_are_asked_only_of_what_serves() -> None:
    silent = {"startupProbe": None, "readinessProbe": None, "livenessProbe": None}
    assert findings("three-probes", deployment({**silent, "ports": []})) == []
    job = kubernetes("Job", {"template": pod(containers=[{"name": "a", "image": "a:1.0.0"}])})
    assert findings("three-probes", job) == []


def test_tokens_for_the_kubernetes_api_fail() -> None:
    assert len(findings("no-account-token", deployment(automountServiceAccountToken=True))) == 1
    assert len(findings("no-account-token", deployment(automountServiceAccountToken=None))) == 1
    account = kubernetes("ServiceAccount")
    assert len(findings("no-account-token", account)) == 1
    tokenless = kubernetes("ServiceAccount", automountServiceAccountToken=False)
    assert findings("no-account-token", tokenless) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SERVER_KRATOS_SECRET", "abc", "plain value for SERVER_KRATOS_SECRET"),
        ("MAILCHIMP_API_KEY", "abc", "plain value"),
        ("DASHBOARD_PASSWORD", "abc", "plain value"),
        ("SENTRY_DSN", "abc", "plain value"),
        ("auth_token", "abc", "plain value"),
        ("DATABASE_URL", "mysql://user:topsecret@db/serlo", "a URL with a password"),
        ("REDIS_URL", "redis://:topsecret@redis:6379", "a URL with a password"),
        ("SENTRY", f"https://{'0a' * 16}@o1.ingest.sentry.io/1", "a key for Sentry"),
        ("MISC", "-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("MISC", "ghp_" + "a" * 36, "a token of a provider"),
    ],
)
def test_an_open_secret_fails_and_is_not_repeated(name: str, value: str, says: str) -> None:
    (finding,) = findings("no-open-secrets", deployment({"env": [{"name": name, "value": value}]}))
    assert says in finding
    assert value not in finding


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/google_service_account/key.json"),
        ("ENMESHED_SERVER_SECRET", ""),  # the environment has none
        ("REDIS_URL", "redis://redis-master:6379"),
        ("KEYBOARD", "de"),
        ("TOKENIZER", "simple"),
        ("CACHE_KEY_PREFIX", "api"),
        ("SENTRY_RELEASE", COMMIT),
    ],
)
def test_settings_pass(name: str, value: str) -> None:
    env = {"env": [{"name": name, "value": value}]}
    assert findings("no-open-secrets", deployment(env)) == []


def test_secrets_in_arguments_and_config_maps_fail() -> None:
    dsn = "mysql://user:topsecret@db/serlo"
    (finding,) = findings("no-open-secrets", deployment({"args": ["--dsn", dsn]}))
    assert "in its args" in finding
    (finding,) = findings("no-open-secrets", kubernetes("ConfigMap", data={"a.yml": f"dsn: {dsn}"}))
    assert "key 'a.yml' of a ConfigMap" in finding
    reference = {"name": "API_TOKEN", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}
    (finding,) = findings("no-open-secrets", deployment({"env": [reference]}))
    assert "from a ConfigMap" in finding
    kept = kubernetes("Secret", data={"a": dsn})
    assert findings("no-open-secrets", kept) == []


@pytest.mark.parametrize(
    "bad",
    [
        kubernetes("Service", {"type": "LoadBalancer"}),
        kubernetes("Service", {"type": "NodePort"}),
        kubernetes("Service", {"type": "ClusterIP", "externalIPs": ["203.0.113.7"]}),
        kubernetes("Ingress", {}),
        kubernetes("Gateway", {}),
    ],
    ids=["load-balancer", "node-port", "external-address", "ingress", "gateway"],
)
def test_side_doors_fail(bad: Resource) -> None:
    assert len(findings("no-side-doors", bad)) == 1


def test_the_gateway_and_inner_services_are_no_side_doors() -> None:
    there = {"metadata": {"namespace": "gateway"}}
    assert findings("no-side-doors", kubernetes("Service", {"type": "LoadBalancer"}, **there)) == []
    assert findings("no-side-doors", kubernetes("Gateway", {}, **there)) == []
    assert findings("no-side-doors", kubernetes("Service", {"type": "ClusterIP"})) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (
            kubernetes("HTTPRoute", {"hostnames": ["api.serlo.org"]}),
            kubernetes("HTTPRoute", {"hostnames": ["api.serlo-staging.dev"]}),
        ),
        (
            kubernetes("HTTPRoute", {"hostnames": ["*.serlo.org"]}),
            kubernetes("HTTPRoute", {"hostnames": ["*.org"]}),
        ),
        (
            kubernetes("Gateway", {"listeners": [{"name": "https"}]}),
            kubernetes("Gateway", {"listeners": [{"hostname": "*.example.org"}]}),
        ),
        (
            cloudflare("DnsRecord", name="api.serlo.org"),
            cloudflare("DnsRecord", name="apo.serlo.org"),
        ),
        (
            cloudflare("WorkersRoute", pattern="*serlo.org/*"),
            cloudflare("WorkersRoute", pattern="*/*"),
        ),
        (
            cloudflare("WorkersRoute", pattern="https://api.serlo.org/graphql"),
            cloudflare("WorkersRoute", pattern="https://notserlo.org/serlo.org/*"),
        ),
    ],
    ids=["route", "route-of-all", "listener", "record", "worker-route", "worker-route-of-a-host"],
)
def test_names_that_are_not_the_environments_own_fail(good: Resource, bad: Resource) -> None:
    assert findings("known-hosts", good) == []
    assert len(findings("known-hosts", bad)) == 1


def test_other_zones_and_accounts_fail() -> None:
    own = {"zoneId": "a" * 32, "accountId": "b" * 32}
    assert findings("known-zone", cloudflare("ZoneSetting", **own)) == []
    strange = cloudflare("ZoneSetting", zoneId="c" * 32, accountId="d" * 32)
    assert len(findings("known-zone", strange)) == 2


def test_the_irreplaceable_is_protected_in_production() -> None:
    for kind in ("PersistentVolumeClaim", "StatefulSet", "Gateway"):
        assert findings("protected-in-production", kubernetes(kind)) == [
            f"this {kind} is not protected"
        ]
        assert findings("protected-in-production", kubernetes(kind), facts("staging")) == []
        assert findings("protected-in-production", kubernetes(kind, protect=True)) == []
    for kind in ("DnsRecord", "WorkersKvNamespace", "WorkersRoute"):
        assert len(findings("protected-in-production", cloudflare(kind))) == 1
    assert findings("protected-in-production", deployment()) == []


@pytest.mark.parametrize(
    "kind", ["Namespace", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]
)
def test_namespaces_and_rights_are_not_changed_by_an_update(kind: str) -> None:
    assert findings("administrator-owned", kubernetes(kind)) == [
        f"this {kind} belongs to the administrator"
    ]


@pytest.mark.parametrize("name", [rule.name for rule in RESOURCE_RULES])
def test_a_good_deployment_keeps_every_rule(name: str, good: Resource) -> None:
    assert findings(name, good) == []
