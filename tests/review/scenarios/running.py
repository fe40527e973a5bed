"""How services run: how many pods, what they are given, how they are configured."""

from tests.review.scenario import Edit, Scenario, stack

_SERVER = "infra/services/server.py"
_REDIS = "infra/services/redis.py"
_FRONTEND = "infra/services/frontend.py"
_KRATOS = "infra/services/kratos.py"
_SERVER_SIZE = "    server:\n      replicas: {min: 2, max: 5}\n"

SCENARIOS = (
    Scenario(
        "fewer-pods-at-least",
        stack("production", (_SERVER_SIZE, _SERVER_SIZE.replace("min: 2", "min: 1"))),
    ),
    Scenario(
        "fewer-pods-at-most",
        stack("production", (_SERVER_SIZE, _SERVER_SIZE.replace("max: 5", "max: 3"))),
    ),
    Scenario(
        "more-pods",
        stack("production", (_SERVER_SIZE, _SERVER_SIZE.replace("max: 5", "max: 6"))),
    ),
    Scenario(
        "autoscaler-given-up",
        stack("production", (_SERVER_SIZE, _SERVER_SIZE.replace("max: 5", "max: 2"))),
    ),
    Scenario(
        "one-pod-alone",
        stack("production", (_SERVER_SIZE, "    server:\n      replicas: {min: 1, max: 1}\n")),
    ),
    Scenario(
        "more-pods-than-fit",
        stack("production", (_SERVER_SIZE, "    server:\n      replicas: {min: 60, max: 90}\n")),
    ),
    Scenario(
        "more-pods-than-fit-at-the-highest-load",
        stack(
            "staging",
            (
                "    server:\n      replicas: {min: 1, max: 5}\n",
                "    server:\n      replicas: {min: 1, max: 90}\n",
            ),
        ),
        "staging",
    ),
    Scenario(
        "priority-raised", (Edit("infra/cluster/priority_classes.py", "BATCH, -5", "BATCH, -4"),)
    ),
    Scenario(
        "scaled-later",
        (
            Edit(_SERVER, "    host=", "    kind=Deployment(target_cpu=95),\n    host="),
            Edit(_SERVER, "Amount, EgressTarget", "Amount, Deployment, EgressTarget"),
        ),
    ),
    Scenario(
        "memory-lowered",
        (Edit(_SERVER, 'Amount("200m", "500Mi")', 'Amount("200m", "400Mi")'),),
    ),
    Scenario(
        "requests-lowered",
        (Edit(_SERVER, 'Amount("175m", "350Mi")', 'Amount("100m", "200Mi")'),),
    ),
    Scenario(
        "limits-raised",
        (Edit(_SERVER, 'Amount("200m", "500Mi")', 'Amount("400m", "1Gi")'),),
    ),
    Scenario(
        "resources-in-the-stack-file",
        stack(
            "staging",
            (
                "    frontend:\n",
                "    frontend:\n      resources:\n"
                "        requests: {cpu: 50m, memory: 256Mi}\n"
                "        limits: {cpu: 500m, memory: 512Mi}\n",
            ),
        ),
        "staging",
    ),
    Scenario(
        "other-node-pool",
        stack("staging", ("    frontend:\n", "    frontend:\n      node-pool: preemptible\n")),
        "staging",
    ),
    Scenario(
        "disruption-budget-loosened",
        (Edit("infra/cluster/workload.py", '"max_unavailable": 1,', '"max_unavailable": "50%",'),),
    ),
    Scenario(
        "setting-changed",
        stack(
            "staging",
            ('SWR_QUEUE_WORKER_CONCURRENCY: "1"', 'SWR_QUEUE_WORKER_CONCURRENCY: "4"'),
        ),
        "staging",
    ),
    Scenario(
        "variables-in-another-order",
        (
            Edit(
                _FRONTEND,
                '        "NODE_ENV": "production",\n        "PORT": "3000",\n',
                '        "PORT": "3000",\n        "NODE_ENV": "production",\n',
            ),
        ),
    ),
    Scenario(
        "configuration-file-changed",
        (Edit("infra/services/files/kratos.py", '"same_site": "Lax"', '"same_site": "Strict"'),),
    ),
    Scenario(
        "probe-changed",
        (
            Edit(
                _SERVER,
                'Probes(readiness_path="/health")',
                'Probes(readiness_path="/ready", startup_seconds=120)',
            ),
        ),
    ),
    Scenario(
        "longer-to-end",
        (
            Edit(
                _SERVER, '    host="api",\n', '    host="api",\n    termination_grace_seconds=90,\n'
            ),
        ),
    ),
    Scenario(
        "another-command",
        (
            Edit(
                "infra/services/swr_queue_worker.py",
                "    port=3000,",
                '    args=("--slow",),\n    port=3000,',
            ),
        ),
    ),
    Scenario(
        "patched",
        (
            Edit(
                _FRONTEND,
                "    env={\n",
                "    patch=Patch(\n"
                '        spec={"template": {"spec": {"dns_policy": "Default"}}},\n'
                '        reason="It must not ask the DNS of the cluster.",\n'
                "    ),\n"
                "    env={\n",
            ),
            Edit(_FRONTEND, "EgressTarget, Probes", "EgressTarget, Patch, Probes"),
        ),
    ),
    Scenario(
        "schedule-changed",
        (Edit("infra/services/dbdump.py", '"0 0 * * *"', '"30 1 * * *"'),),
    ),
    Scenario(
        "scheduled-in-production-too",
        (Edit("infra/services/db_migration.py", ', environments=frozenset({"staging"})', ""),),
    ),
    Scenario("volume-larger", (Edit(_REDIS, '"10Gi"', '"20Gi"'),)),
    Scenario(
        "address-renamed",
        (Edit(_KRATOS, 'service_name="kratos-public"', 'service_name="kratos"'),),
    ),
    Scenario("port-changed", (Edit(_FRONTEND, "    port=3000,", "    port=3001,"),)),
    Scenario("namespace-changed", (Edit(_FRONTEND, 'namespace="frontend"', 'namespace="web"'),)),
    Scenario(
        "selector-changed",
        (
            Edit(
                "infra/cluster/network.py",
                '"selector": {NAME_LABEL: declared.name},',
                '"selector": {"app.kubernetes.io/part-of": "serlo", NAME_LABEL: declared.name},',
            ),
        ),
    ),
    Scenario(
        "immutable-selector-changed",
        (
            Edit(
                "infra/cluster/workload.py",
                '"strategy": strategy,\n        "selector": {"match_labels": {',
                '"strategy": strategy,\n        "selector": {"match_labels": {"tier": "app", ',
            ),
        ),
    ),
)
