"""Redis: the API's cache, and the queue of cached answers that swr-queue-worker has to renew."""

from infra.declaration.release import Channel
from infra.declaration.service import Amount, Probes, Resources, Service, StatefulSet, Storage

service = Service(
    name="redis",
    namespace="api",
    source="redis/redis",
    image="docker.io/library/redis",
    channel=Channel.SEMANTIC,
    third_party=True,
    kind=StatefulSet(storage=Storage("/data", "10Gi")),
    service_name="redis-master",
    port=6379,
    # A server that still loads its data accepts connections, but does not answer so.
    probes=Probes(command=("sh", "-c", "redis-cli ping | grep -q PONG")),
    resources=Resources(requests=Amount("100m", "500Mi"), limits=Amount("150m", "600Mi")),
    # It has no password, so only these may reach it.
    allowed_clients=("server", "swr-queue-worker", "db-migration"),
    # Written to the volume every minute in which something changed.
    args=("redis-server", "--dir", "/data", "--save", "60", "1"),
    run_as_user=999,
)
