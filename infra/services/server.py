"""The API of Serlo (api.serlo.org): one GraphQL endpoint before all of Serlo's services."""

from infra.release import Channel
from infra.service import (
    GATEWAY,
    Address,
    Amount,
    Egress,
    Fact,
    Health,
    Replicas,
    Resources,
    Secret,
    SecretFile,
    Service,
    Setting,
)

# The enmeshed connector runs in staging only; elsewhere its variables are empty.
_ENMESHED = frozenset({"local", "staging"})

service = Service(
    name="server",
    namespace="api",
    source="serlo/api.serlo.org",
    image="ghcr.io/serlo/api.serlo.org/server",
    channel=Channel.SEMANTIC,
    port=3001,
    service_port=3000,
    health=Health(path="/health"),
    resources=Resources(requests=Amount("175m", "350Mi"), limits=Amount("200m", "500Mi")),
    replicas=Replicas(min=1, max=5),
    callers=(GATEWAY,),
    egress=(
        Egress("the MySQL database", 3306, private=True),
        Egress("the database of kratos", 5432, private=True),
        Egress("Google, Mailchimp, Sentry, OpenAI, Rocket.Chat", 443),
    ),
    host="api",
    env={
        "ENVIRONMENT": Fact.ENVIRONMENT,
        "GOOGLE_SPREADSHEET_API_ACTIVE_DONORS": Secret("google-spreadsheet-active-donors"),
        "GOOGLE_SPREADSHEET_API_MOTIVATION": Secret("google-spreadsheet-motivation"),
        "GOOGLE_SPREADSHEET_API_SECRET": Secret("google-spreadsheet-secret"),
        "ROCKET_CHAT_API_USER_ID": Secret("rocket-chat-user-id"),
        "ROCKET_CHAT_API_AUTH_TOKEN": Secret("rocket-chat-auth-token"),
        # Staging talks to the production chat as well: there is only one.
        "ROCKET_CHAT_URL": Setting(default="https://community.serlo.org/"),
        "MAILCHIMP_API_KEY": Secret("mailchimp-api-key"),
        "LOG_LEVEL": Setting(default="INFO"),
        "REDIS_URL": Setting(default="redis://redis-master:6379"),
        "SENTRY_DSN": Secret("sentry-dsn"),
        "SENTRY_RELEASE": Fact.VERSION,
        "SERLO_ORG_SECRET": Secret("serlo-org-secret"),
        "SERLO_ORG_DATABASE_LAYER_HOST": Address("database-layer"),
        "SERVER_HYDRA_HOST": Setting(),
        "SERVER_KRATOS_PUBLIC_HOST": Setting(default="http://kratos-public.auth"),
        "SERVER_KRATOS_ADMIN_HOST": Setting(default="http://kratos-admin.auth"),
        "SERVER_KRATOS_SECRET": Secret("kratos-secret"),
        "SERVER_KRATOS_DB_URI": Secret("kratos-db-uri"),
        # The same secret signs the requests of the worker at the edge (infra/components/edge.py).
        "SERVER_SERLO_CLOUDFLARE_WORKER_SECRET": Secret("cloudflare-worker-secret"),
        "SERVER_SWR_QUEUE_DASHBOARD_USERNAME": Secret("swr-queue-dashboard-username"),
        "SERVER_SWR_QUEUE_DASHBOARD_PASSWORD": Secret("swr-queue-dashboard-password"),
        "GOOGLE_APPLICATION_CREDENTIALS": "/etc/google_service_account/key.json",
        "ENMESHED_SERVER_HOST": Setting(),
        "ENMESHED_SERVER_SECRET": Secret("enmeshed-server-secret", only_in=_ENMESHED),
        "ENMESHED_WEBHOOK_SECRET": Secret("enmeshed-webhook-secret", only_in=_ENMESHED),
        "OPENAI_API_KEY": Secret("openai-api-key"),
        "MYSQL_URI": Secret("mysql-uri"),
        "SERVER_SERLO_EDITOR_TESTING_SECRET": Secret("editor-testing-secret"),
    },
    files=(
        SecretFile("/etc/google_service_account/key.json", Secret("google-service-account-key")),
    ),
)
