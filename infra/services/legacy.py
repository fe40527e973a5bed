"""Legacy serlo.org: the PHP monolith before everything else, and what only it needs.

It answers for every host that no other service has. `serlo:features.legacy` in a stack file
switches all of it on or off. To delete it for good, delete this file and its lines in the stack
files (and in docs/reference/services.md).
"""

from infra.declaration.release import Channel
from infra.declaration.service import (
    GATEWAY,
    Amount,
    Container,
    CronJob,
    Deployment,
    EgressTarget,
    Hardening,
    Probes,
    Replicas,
    Resources,
    Schedule,
    Service,
)
from infra.declaration.values import Address, ConfigFile, EnvironmentValue, SecretRef, Setting

_REGISTRY = "eu.gcr.io/serlo-shared"
_SOURCE = "serlo/serlo.org-legacy"
_HEALTH = "/health.php"

_DEFINITIONS = """<?php
$$env = 'production';
$$services = ['editor_renderer' => '${EDITOR}', 'legacy_editor_renderer' => '${LEGACY_EDITOR}'];
$$db = [
    'host' => '${DATABASE_HOST}', 'port' => '3306', 'database' => 'serlo',
    'username' => 'serlo', 'password' => '${DATABASE_PASSWORD}',
];
$$api_options = ['host' => 'https://api.${domain}', 'secret' => '${API_SECRET}'];
$$recaptcha = ['key' => '${RECAPTCHA_KEY}', 'secret' => '${RECAPTCHA_SECRET}'];
$$smtp_options = [
    'name' => 'smtp.eu.sparkpostmail.com', 'host' => 'smtp.eu.sparkpostmail.com', 'port' => 2525,
    'connection_class' => 'login',
    'connection_config' => ['username' => 'SMTP_Injection', 'password' => '${SMTP_PASSWORD}'],
];
$$newsletter_key = '${NEWSLETTER_KEY}';
$$cronjob_secret = '${CRONJOB_SECRET}';
$$upload_secret = '${UPLOAD_SECRET}';
$$mock_email = ${MOCK_EMAIL};
"""

_VCL = """vcl 4.0;
backend default { .host = "${HOST}"; .port = "80"; .first_byte_timeout = 90s; }
sub vcl_recv {
  unset req.http.X-Forwarded-For;
  set req.http.X-Forwarded-For = req.http.CF-Connecting-IP;
  # Who is logged in gets pages of his own.
  if (req.http.Authorization || req.http.Cookie ~ "authenticated") { return (pass); }
  if (req.method == "GET" || req.method == "HEAD") { return (hash); }
  return (pass);
}
"""

_php = Container(
    name="php",
    image=f"{_REGISTRY}/serlo-org-php",
    port=9000,
    probes=Probes(),
    # Of a node with one processor 0.94 are left for pods, and other pods are there already.
    resources=Resources(requests=Amount("350m", "300Mi"), limits=Amount("1500m", "600Mi")),
    exempt={Hardening.READ_ONLY_ROOT: "It caches compiled pages beside its own code."},
    files=(
        ConfigFile(
            path="/usr/local/apache2/htdocs/src/config/definitions.local.php",
            content=_DEFINITIONS,
            values={
                "EDITOR": Address("editor-renderer", scheme="http"),
                "LEGACY_EDITOR": Address("legacy-editor-renderer", scheme="http"),
                "DATABASE_HOST": Setting(),
                "DATABASE_PASSWORD": SecretRef("mysql-password"),
                "API_SECRET": SecretRef("serlo-org-secret"),
                "RECAPTCHA_KEY": SecretRef("legacy-recaptcha-key"),
                "RECAPTCHA_SECRET": SecretRef("legacy-recaptcha-secret"),
                "SMTP_PASSWORD": SecretRef("smtp-password"),
                "NEWSLETTER_KEY": SecretRef("mailchimp-api-key"),
                "CRONJOB_SECRET": SecretRef("legacy-cronjob-secret"),
                "UPLOAD_SECRET": SecretRef("legacy-upload-secret"),
                # Whether mail is only pretended to be sent: "true" or "false".
                "MOCK_EMAIL": Setting(default="true"),
            },
        ),
    ),
)

_server = Service(
    name="serlo-org",
    namespace="serlo-org",
    source=_SOURCE,
    image=f"{_REGISTRY}/serlo-org-httpd",
    channel=Channel.SEMANTIC,
    feature="legacy",
    service_name="server",
    port=80,
    probes=Probes(readiness_path=_HEALTH, readiness_period_seconds=10),
    resources=Resources(requests=Amount("200m", "200Mi"), limits=Amount("400m", "400Mi")),
    kind=Deployment(replicas=Replicas(min=1, max=15)),
    allowed_clients=("varnish", "session-gc"),
    egress=(
        EgressTarget("the MySQL database", 3306),
        EgressTarget("SparkPost, which sends mail", 2525),
        EgressTarget("the API, by way of Cloudflare; Mailchimp, Sentry"),
    ),
    env={"PHP_HOST": "localhost"},
    empty_dirs=("/tmp", "/usr/local/apache2/logs"),  # noqa: S108 mount points
    init_containers=(
        Container(
            name="migrate",
            image=f"{_REGISTRY}/serlo-org-migrate",
            resources=Resources(requests=Amount("50m", "64Mi"), limits=Amount("200m", "256Mi")),
            env={"DATABASE": SecretRef("legacy-database-uri")},
        ),
    ),
    sidecars=(_php,),
)

_varnish = Service(
    name="varnish",
    namespace="serlo-org",
    source="serlo/infrastructure-images",
    image=f"{_REGISTRY}/varnish",
    channel=Channel.SEMANTIC,
    feature="legacy",
    port=80,
    probes=Probes(readiness_path=_HEALTH),
    resources=Resources(requests=Amount("50m", "500Mi"), limits=Amount("75m", "750Mi")),
    # Each has a cache of its own: more of them help less than they cost.
    kind=Deployment(replicas=Replicas(1, 1)),
    allowed_clients=(GATEWAY,),
    catch_all=True,
    env={"VARNISH_MEMORY": Setting(default="500M")},
    # It compiles its configuration, and keeps its shared memory in the second folder.
    empty_dirs=("/tmp", "/var/lib/varnish"),  # noqa: S108 mount points
    files=(
        ConfigFile(
            path="/etc/varnish/default.vcl", content=_VCL, values={"HOST": "server.serlo-org"}
        ),
    ),
)


def _renderer(name: str, *, caller: str) -> Service:
    """A server that turns the content of an editor into HTML."""
    return Service(
        name=name,
        namespace="serlo-org",
        source="serlo/frontend" if name == "editor-renderer" else _SOURCE,
        image=f"{_REGISTRY}/serlo-org-{name}",
        channel=Channel.SEMANTIC,
        feature="legacy",
        port=3000,
        probes=Probes(readiness_path="/"),
        resources=Resources(requests=Amount("250m", "100Mi"), limits=Amount("375m", "150Mi")),
        allowed_clients=(caller,),
    )


_session_gc = Service(
    name="session-gc",
    namespace="serlo-org",
    source=_SOURCE,
    image=f"{_REGISTRY}/serlo-org-php",
    channel=Channel.SEMANTIC,
    version_of="serlo-org",
    feature="legacy",
    kind=CronJob(schedule=Schedule("0 0 * * *")),
    resources=Resources(requests=Amount("10m", "32Mi"), limits=Amount("100m", "64Mi")),
    command=("sh", "-c"),
    args=('curl --fail --header "Host: $HOST" --data "secret=$SECRET" "$SERVER/session/gc"',),
    env={
        "SERVER": Address("serlo-org", scheme="http"),
        "HOST": EnvironmentValue.GERMAN_HOST,
        "SECRET": SecretRef("legacy-cronjob-secret"),
    },
)

services = (
    _server,
    _varnish,
    _renderer("editor-renderer", caller="serlo-org"),
    _renderer("legacy-editor-renderer", caller="serlo-org"),
    _session_gc,
)
