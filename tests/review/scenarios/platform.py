"""What exists at all: services, parts, domains, clusters."""

from tests.review.scenario import Edit, Scenario, stack

_SEARCH = '''"""Full-text search."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, Probes, Resources, Service

service = Service(
    name="search",
    namespace="api",
    source="serlo/search",
    image="ghcr.io/serlo/search",
    channel=Channel.SEMANTIC,
    port=7700,
    probes=Probes(readiness_path="/health"),
    resources=Resources(requests=Amount("50m", "128Mi"), limits=Amount("200m", "256Mi")),
    allowed_clients=("server",),
)
'''
_SEARCH_VERSION = ("    server: 0.52.1\n", "    search: 1.0.0\n    server: 0.52.1\n")
_SEARCH_EVERYWHERE = tuple(
    edit for name in ("local", "staging", "production") for edit in stack(name, _SEARCH_VERSION)
)
_DBDUMP = """    dbdump:
      settings:
        MYSQL_HOST: mysql.invalid # Placeholder.
        POSTGRES_HOST: postgres.invalid # Placeholder.
"""
_SPLITS = """    splits:
      content: {mobile: 100, authenticated: 100, desktop: 100}
"""
_NO_SPLITS = (_SPLITS, "")

SCENARIOS = (
    Scenario(
        "service-added",
        (*_SEARCH_EVERYWHERE, Edit("infra/services/search.py", None, _SEARCH)),
    ),
    Scenario(
        "service-with-a-host-added",
        (
            *_SEARCH_EVERYWHERE,
            Edit(
                "infra/services/search.py",
                None,
                _SEARCH.replace(
                    'allowed_clients=("server",)',
                    'allowed_clients=("gateway",),\n    host="search"',
                ),
            ),
        ),
    ),
    Scenario(
        "service-removed",
        (
            Edit("infra/services/dbdump.py", "", None),
            *stack("production", ("    dbdump: 3.1.2\n", ""), (_DBDUMP, "")),
        ),
    ),
    Scenario(
        "service-only-in-staging-from-now-on",
        (
            Edit(
                "infra/services/swr_queue_worker.py",
                "    depends_on=",
                '    environments=frozenset({"staging", "local"}),\n    depends_on=',
            ),
            *stack(
                "production",
                (
                    "    swr-queue-worker:\n      settings:\n"
                    '        SWR_QUEUE_WORKER_CONCURRENCY: "2"\n',
                    "",
                ),
            ),
        ),
    ),
    Scenario(
        "legacy-switched-off", stack("production", ("legacy: true", "legacy: false"), _NO_SPLITS)
    ),
    Scenario(
        "host-renamed", (Edit("infra/services/kratos.py", 'host="kratos"', 'host="accounts"'),)
    ),
    # Where visitors are divided, the report names the address that one side has.
    Scenario(
        "frontend-host-renamed",
        (Edit("infra/services/frontend.py", 'host="frontend"', 'host="front"'),),
    ),
    Scenario(
        "no-longer-for-every-host",
        (Edit("infra/services/legacy.py", "    catch_all=True,\n", '    host="legacy",\n'),),
    ),
    Scenario(
        "domain-changed",
        stack("staging", ("serlo:domain: serlo-staging.dev", "serlo:domain: serlo-test.dev")),
        "staging",
    ),
    Scenario(
        "gateway-address-changed",
        stack("production", ("address: 192.0.2.30", "address: 203.0.113.7")),
    ),
    Scenario(
        "gateway-address-name-changed",
        stack("production", ("serlo-production-gateway", "serlo-gateway")),
    ),
    Scenario(
        "zone-changed",
        stack(
            "staging",
            (
                "zone-id: 0067b08b108fbcf88ddaeaae4ac3d6ac",
                "zone-id: 1167b08b108fbcf88ddaeaae4ac3d6ac",
            ),
        ),
        "staging",
    ),
    Scenario(
        "cluster-named",
        stack(
            "staging",
            (
                "uid: 00000000-0000-0000-0000-000000000000 # Placeholder.",
                "uid: 6c1f0a52-7f0e-4d55-9f6b-2f1d3c6f1a10",
            ),
        ),
        "staging",
    ),
    Scenario(
        "store-no-longer-protected",
        (
            Edit(
                "infra/cluster/microservice.py",
                "opts.protect = workload.protected",
                "opts.protect = False",
            ),
        ),
    ),
    Scenario(
        "protected-store-gone",
        (
            Edit(
                "infra/services/redis.py",
                'StatefulSet(storage=Storage("/data", "10Gi"))',
                "Deployment(replicas=Replicas(1, 1))",
            ),
            Edit(
                "infra/services/redis.py",
                "import Amount, Probes, Resources, Service, StatefulSet, Storage",
                "import Amount, Deployment, Probes, Replicas, Resources, Service",
            ),
            Edit("infra/services/redis.py", '"--dir", "/data", ', ""),
        ),
    ),
)
