"""The worker that renews stale answers in the API's cache (stale while revalidate), from a queue
in Redis. It runs the API's code, so its version is the API's.
"""

from infra.declaration.release import Channel
from infra.declaration.service import (
    Amount,
    Deployment,
    EgressTarget,
    Probes,
    Replicas,
    Resources,
    Service,
)
from infra.declaration.values import Setting
from infra.services.server import COMMON

service = Service(
    name="swr-queue-worker",
    namespace="api",
    source="serlo/api.serlo.org",
    image="ghcr.io/serlo/api.serlo.org/swr-queue-worker",
    channel=Channel.SEMANTIC,
    version_of="server",
    port=3000,
    probes=Probes(readiness_path="/.well-known/health"),
    resources=Resources(requests=Amount("15m", "100Mi"), limits=Amount("35m", "150Mi")),
    # Two at once would renew the same answers twice.
    kind=Deployment(replicas=Replicas(1, 1), strategy="Recreate"),
    depends_on=("db-migration",),
    egress=(
        EgressTarget("the MySQL database", 3306),
        EgressTarget("Google, Mailchimp, Sentry, Rocket.Chat"),
    ),
    env={
        **COMMON,
        # How many answers it renews at the same time.
        "SWR_QUEUE_WORKER_CONCURRENCY": Setting(),
        # Milliseconds it waits after each, to spare the database.
        "SWR_QUEUE_WORKER_DELAY": Setting(default="250"),
        # Milliseconds between searches for jobs that a worker took and never finished.
        "CHECK_STALLED_JOBS_DELAY": Setting(default="600000"),
    },
)
