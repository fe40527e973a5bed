"""The frontend: a Next.js server. Visitors reach it through the worker at the edge, which asks it
under its own host for every request to a language host (de.serlo.org, en.serlo.org, …).
"""

from infra.declaration.release import Channel
from infra.declaration.service import GATEWAY, Amount, EgressTarget, Probes, Resources, Service
from infra.declaration.values import EnvironmentValue

service = Service(
    name="frontend",
    namespace="frontend",
    source="serlo/frontend",
    image="ghcr.io/serlo/frontend",
    channel=Channel.CONTINUOUS,
    port=3000,
    # It has no path that answers without asking the API, and must not be restarted whenever the API
    # is slow: that it accepts connections has to do.
    probes=Probes(),
    resources=Resources(requests=Amount("100m", "256Mi"), limits=Amount("500m", "512Mi")),
    allowed_clients=(GATEWAY,),
    # It asks the API under its public name, as browsers do.
    egress=(EgressTarget("the API, by way of Cloudflare, and Sentry"),),
    host="frontend",
    empty_dirs=("/tmp", "/app/.next/cache"),  # noqa: S108 a mount point, not our file
    env={
        "ENVIRONMENT": EnvironmentValue.ENVIRONMENT,
        "NODE_ENV": "production",
        "PORT": "3000",
        # Kubernetes sets HOSTNAME to the pod's name, and Next.js would listen on that alone.
        "HOSTNAME": "0.0.0.0",  # noqa: S104 inside the pod
    },
)
