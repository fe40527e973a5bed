"""Secrets, rights, and what holds pods in check."""

from tests.review.scenario import Edit, Scenario

_POD = "infra/cluster/pod.py"
_FRONTEND = "infra/services/frontend.py"
_MAIN = "infra/__main__.py"

_BINDING = """
import pulumi  # noqa: E402
import pulumi_kubernetes as kubernetes  # noqa: E402

kubernetes.rbac.v1.RoleBinding(
    "frontend-reads",
    metadata={
        "name": "frontend-reads",
        "namespace": "frontend",
        "labels": {"app.kubernetes.io/name": "frontend"},
    },
    role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    subjects=[{"kind": "ServiceAccount", "name": "frontend", "namespace": "frontend"}],
    opts=pulumi.ResourceOptions(provider=cluster.provider),
)
"""

SCENARIOS = (
    Scenario(
        "secret-needed",
        (
            Edit(
                _FRONTEND,
                '        "NODE_ENV": "production",\n',
                '        "NODE_ENV": "production",\n'
                '        "TOKEN": SecretRef("frontend-token"),\n',
            ),
            Edit(_FRONTEND, "Resources, Service\n", "Resources, SecretRef, Service\n"),
        ),
    ),
    Scenario(
        "secret-no-longer-used",
        (
            Edit(
                "infra/services/server.py",
                '        "OPENAI_API_KEY": SecretRef("openai-api-key"),\n',
                "",
            ),
            Edit(
                "infra/services/db_migration.py",
                '        "OPENAI_API_KEY": SecretRef("openai-api-key"),\n',
                "",
            ),
        ),
    ),
    Scenario(
        "secret-renamed",
        (
            Edit(
                "infra/services/hydra.py",
                'SecretRef("hydra-pairwise-salt")',
                'SecretRef("hydra-salt")',
            ),
        ),
    ),
    Scenario(
        "secret-read-by-another-service",
        (
            Edit(
                _FRONTEND,
                '        "NODE_ENV": "production",\n',
                '        "NODE_ENV": "production",\n        "SENTRY": SecretRef("sentry-dsn"),\n',
            ),
            Edit(_FRONTEND, "Resources, Service\n", "Resources, SecretRef, Service\n"),
        ),
    ),
    Scenario(
        "new-rights-for-pods",
        (
            Edit(
                _MAIN,
                "Edge(environment, secrets, cluster)\n",
                f"Edge(environment, secrets, cluster)\n{_BINDING}",
            ),
        ),
    ),
    Scenario(
        "new-rights-to-deploy",
        (
            Edit(
                "infra/services/kratos.py",
                "    kind=Job(),\n",
                '    kind=Job(schedule=Schedule("0 4 * * *")),\n',
            ),
            Edit("infra/services/kratos.py", "    Resources,\n", "    Resources,\n    Schedule,\n"),
        ),
    ),
    Scenario(
        "files-writable",
        (
            Edit(_FRONTEND, "EgressTarget, Probes", "Hardening, EgressTarget, Probes"),
            Edit(
                _FRONTEND,
                "    host=",
                '    exempt={Hardening.READ_ONLY_ROOT: "It writes wherever it likes."},\n    host=',
            ),
        ),
    ),
    Scenario(
        "capabilities-added",
        (Edit(_POD, '{"drop": ["ALL"]}', '{"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}'),),
    ),
    Scenario(
        "privilege-escalation",
        (Edit(_POD, '"allow_privilege_escalation": False', '"allow_privilege_escalation": True'),),
    ),
    Scenario(
        "account-token-in-pods",
        (
            Edit(
                _POD,
                '"automount_service_account_token": False',
                '"automount_service_account_token": True',
            ),
        ),
    ),
    Scenario(
        "runs-as-another-user",
        (Edit("infra/services/redis.py", "run_as_user=999", "run_as_user=1001"),),
    ),
    Scenario(
        "pod-security-lowered",
        (
            Edit(
                "infra/cluster/namespaces.py",
                '(("", "restricted"), ("-version", "latest"))',
                '(("", "baseline"), ("-version", "latest"))',
            ),
        ),
    ),
    Scenario(
        "largest-container-unlimited",
        (
            Edit(
                "infra/cluster/quotas.py",
                '"max": {"cpu": _cpu(cpu), "memory": _memory(memory)},',
                '"max": {"memory": _memory(memory)},',
            ),
        ),
    ),
    Scenario(
        "route-without-origin-secret",
        (
            Edit(
                "infra/cluster/microservice.py",
                "origin_auth.only_from_edge(route, values)",
                "route",
            ),
        ),
    ),
)
