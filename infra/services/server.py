"""The API of Serlo (api.serlo.org): one GraphQL endpoint before all of Serlo's services."""

from infra.declaration.release import Channel
from infra.declaration.service import GATEWAY, Amount, EgressTarget, Probes, Resources, Service
from infra.declaration.values import (
    Address,
    EnvironmentValue,
    SecretFile,
    SecretRef,
    Setting,
    Variables,
)

# The enmeshed connector runs in staging only; elsewhere its variables are empty.
_ENMESHED = frozenset({"local", "staging"})

COMMON: Variables = {
    "ENVIRONMENT": EnvironmentValue.ENVIRONMENT,
    # Spreadsheets with the number of donors and the texts that thank them.
    "GOOGLE_SPREADSHEET_API_ACTIVE_DONORS": SecretRef("google-spreadsheet-active-donors"),
    "GOOGLE_SPREADSHEET_API_MOTIVATION": SecretRef("google-spreadsheet-motivation"),
    "GOOGLE_SPREADSHEET_API_SECRET": SecretRef("google-spreadsheet-secret"),
    "ROCKET_CHAT_API_USER_ID": SecretRef("rocket-chat-user-id"),
    "ROCKET_CHAT_API_AUTH_TOKEN": SecretRef("rocket-chat-auth-token"),
    # Staging talks to the production chat as well: there is only one.
    "ROCKET_CHAT_URL": Setting(default="https://community.serlo.org/"),
    # Newsletter subscriptions.
    "MAILCHIMP_API_KEY": SecretRef("mailchimp-api-key"),
    "LOG_LEVEL": Setting(default="INFO"),
    "REDIS_URL": Address("redis", scheme="redis"),
    # One project at Sentry for all environments, told apart by ENVIRONMENT.
    "SENTRY_DSN": SecretRef("sentry-dsn"),
    "SENTRY_RELEASE": EnvironmentValue.VERSION,
    # Shared with legacy serlo.org, whose requests it signs.
    "SERLO_ORG_SECRET": SecretRef("serlo-org-secret"),
    "SERLO_ORG_DATABASE_LAYER_HOST": Address("database-layer"),
    "MYSQL_URI": SecretRef("mysql-uri"),
}
"""The variables that swr-queue-worker, which runs the same code, has as well."""

service = Service(
    name="server",
    namespace="api",
    source="serlo/api.serlo.org",
    image="ghcr.io/serlo/api.serlo.org/server",
    channel=Channel.SEMANTIC,
    target_port=3001,
    port=3000,
    probes=Probes(readiness_path="/health"),
    resources=Resources(requests=Amount("175m", "350Mi"), limits=Amount("200m", "500Mi")),
    # Kratos reports who registered and who logged in; legacy asks as any other client.
    allowed_clients=(GATEWAY, "kratos"),
    depends_on=("db-migration",),
    egress=(
        EgressTarget("the MySQL database", 3306),
        EgressTarget("the database of kratos", 5432),
        EgressTarget("Google, Mailchimp, Sentry, OpenAI, Rocket.Chat"),
        EgressTarget("the enmeshed connector, where there is one", 80, namespace="enmeshed"),
    ),
    host="api",
    env={
        **COMMON,
        # The OAuth server, in production only.
        "SERVER_HYDRA_HOST": Address("hydra", port="admin", scheme="http"),
        "SERVER_KRATOS_PUBLIC_HOST": Address("kratos", scheme="http"),
        "SERVER_KRATOS_ADMIN_HOST": Address("kratos", port="admin", scheme="http"),
        # What kratos shows when it reports.
        "SERVER_KRATOS_SECRET": SecretRef("kratos-secret"),
        "SERVER_KRATOS_DB_URI": SecretRef("kratos-db-uri"),
        # The same secret signs the requests of the worker at the edge (infra/edge/edge.py).
        "SERVER_SERLO_CLOUDFLARE_WORKER_SECRET": SecretRef("cloudflare-worker-secret"),
        "SERVER_SWR_QUEUE_DASHBOARD_USERNAME": SecretRef("swr-queue-dashboard-username"),
        "SERVER_SWR_QUEUE_DASHBOARD_PASSWORD": SecretRef("swr-queue-dashboard-password"),
        "GOOGLE_APPLICATION_CREDENTIALS": "/etc/google_service_account/key.json",
        "ENMESHED_SERVER_HOST": Setting(),
        "ENMESHED_SERVER_SECRET": SecretRef("enmeshed-server-secret", environments=_ENMESHED),
        "ENMESHED_WEBHOOK_SECRET": SecretRef("enmeshed-webhook-secret", environments=_ENMESHED),
        "OPENAI_API_KEY": SecretRef("openai-api-key"),
        "SERVER_SERLO_EDITOR_TESTING_SECRET": SecretRef("editor-testing-secret"),
    },
    files=(
        SecretFile("/etc/google_service_account/key.json", SecretRef("google-service-account-key")),
    ),
)
