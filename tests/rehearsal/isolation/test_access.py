"""What an administrator grants, tried on a real API server: what it takes, and no more."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cluster import guardrails
from infra.cluster.rbac import DEPLOYER as ROLE
from infra.cluster.rbac import SUBJECT_LABEL
from k8s import ApiError, Cluster, NotFound
from operations.declared.program import run_program
from operations.declared.rendering import kubernetes_objects
from rehearsal.control_plane.credentials import DEPLOYER, DEPLOYER_USER, READER, READER_USER
from tests.stack_files import stack_file
from toolchain.resolver import resolve

Json = dict[str, Any]
STACK = stack_file("staging")
RBAC = "rbac.authorization.k8s.io/v1"
MANAGER = "somebody"


@dataclass(frozen=True)
class Administrator:
    """The administrator who applies what `serlo access` prints, as the documentation says."""

    kubeconfig: Path

    def kubectl(self, *arguments: str, text: str = "") -> str:
        return _run(
            [str(resolve("kubectl").path), f"--kubeconfig={self.kubeconfig}", *arguments], text
        )

    def grant(self, *arguments: str) -> list[Json]:
        serlo = [sys.executable, "-m", "operations.command", "access", "--stack", str(STACK)]
        rights = _run([*serlo, *arguments])
        self.kubectl("apply", "--server-side", "--filename=-", text=rights)
        return list(yaml.safe_load_all(rights))


@dataclass(frozen=True)
class User:
    """Somebody with rights, and what is declared."""

    context: str
    client: Cluster
    kubeconfig: Path
    objects: list[Json]

    def may(self, verb: str, resource: str, *arguments: str) -> bool:
        """The answer of `kubectl auth can-i`."""
        command = [str(resolve("kubectl").path), "--kubeconfig", str(self.kubeconfig)]
        command += ["--context", self.context, "auth", "can-i", verb, resource, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout.strip() in {"yes", "no"}, done.stderr
        return done.stdout.strip() == "yes"

    def may_all(self, verbs: tuple[str, ...], thing: Json) -> dict[str, bool]:
        """The same of the API for several verbs on an object, without starting a process each."""
        metadata = thing["metadata"]
        *_, resource = self.client.path(
            thing["apiVersion"], thing["kind"], metadata.get("namespace")
        ).split("/")
        group, slash, _ = thing["apiVersion"].partition("/")
        attributes = {
            "group": group if slash else "",
            "resource": resource,
            "namespace": metadata.get("namespace", ""),
        }
        answers: dict[str, bool] = {}
        for verb in verbs:
            named = {} if verb in {"create", "list", "watch"} else {"name": metadata["name"]}
            review = self.client.create(
                {
                    "apiVersion": "authorization.k8s.io/v1",
                    "kind": "SelfSubjectAccessReview",
                    "metadata": {},
                    "spec": {"resourceAttributes": {**attributes, **named, "verb": verb}},
                }
            )
            answers[verb] = review["status"]["allowed"]
        return answers


def _run(command: list[str], text: str = "") -> str:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def administrator(cluster: Cluster, control_plane: Any) -> Iterator[Administrator]:
    """Has given rights in the documented way to a deployer and a reader."""
    admin = Administrator(control_plane.kubeconfig)
    made = admin.grant("--user", DEPLOYER_USER, "--reader", READER_USER)
    yield admin
    for thing in made:
        if "namespace" not in thing["metadata"]:
            cluster.delete(thing["apiVersion"], thing["kind"], thing["metadata"]["name"])


def _user(administrator: Administrator, context: str) -> User:
    client = Cluster.from_kubeconfig(str(administrator.kubeconfig), context)
    objects = kubernetes_objects(run_program(STACK).registrations)
    return User(context, client, administrator.kubeconfig, objects)


@pytest.fixture(scope="module")
def deployer(administrator: Administrator) -> Iterator[User]:
    user = _user(administrator, DEPLOYER)
    yield user
    user.client.close()


@pytest.fixture(scope="module")
def reader(administrator: Administrator) -> Iterator[User]:
    user = _user(administrator, READER)
    yield user
    user.client.close()


def test_everything_that_is_declared_may_be_managed_but_namespaces(deployer: User) -> None:
    verbs = ("get", "list", "watch", "patch", "delete", "create")
    seen: set[str] = set()
    for thing in deployer.objects:
        seen.add(thing["kind"])
        answers = deployer.may_all(verbs, thing)
        expected = {verb: thing["kind"] != "Namespace" or verb == "get" for verb in verbs}
        assert answers == expected, f"{thing['kind']} {thing['metadata']['name']}"
    assert len(seen) > 10


def test_a_reader_reads_all_but_secrets_and_writes_nothing(reader: User) -> None:
    for thing in reader.objects:
        answers = reader.may_all(("get", "patch", "update", "delete", "create"), thing)
        expected = {verb: verb == "get" and thing["kind"] != "Secret" for verb in answers}
        assert answers == expected, f"{thing['kind']} {thing['metadata']['name']}"


ALLOWED = (
    ("get", "namespace/kube-system"),
    ("list", "pods", "--namespace=api"),
    ("watch", "replicasets.apps", "--namespace=api"),
    ("watch", "persistentvolumeclaims", "--namespace=frontend"),
    ("list", "events", "--namespace=api"),
    ("patch", "secrets", "--namespace=api"),
    ("patch", "deployments.apps/server", "--namespace=api"),
)

FORBIDDEN = (
    # Other people's namespaces.
    ("get", "secrets", "--namespace=kube-system"),
    ("list", "secrets", "--all-namespaces"),
    ("list", "pods", "--all-namespaces"),
    ("list", "pods", "--namespace=kube-system"),
    ("create", "deployments.apps", "--namespace=default"),
    # The guardrails.
    ("create", "namespaces"),
    ("patch", "namespace/api"),
    ("update", "namespace/api"),
    ("delete", "namespace/api"),
    ("delete", f"resourcequotas/{guardrails.NAME}", "--namespace=api"),
    ("patch", f"resourcequotas/{guardrails.NAME}", "--namespace=api"),
    ("deletecollection", "resourcequotas", "--namespace=api"),
    ("delete", f"validatingadmissionpolicies.admissionregistration.k8s.io/{guardrails.NAME}"),
    ("delete", f"validatingadmissionpolicybindings.admissionregistration.k8s.io/{guardrails.NAME}"),
    # More rights, or somebody else's.
    ("create", "roles.rbac.authorization.k8s.io", "--namespace=api"),
    ("create", "rolebindings.rbac.authorization.k8s.io", "--namespace=api"),
    ("patch", f"roles.rbac.authorization.k8s.io/{ROLE}", "--namespace=api"),
    ("patch", f"clusterroles.rbac.authorization.k8s.io/{ROLE}"),
    ("escalate", "clusterroles.rbac.authorization.k8s.io"),
    ("bind", "clusterroles.rbac.authorization.k8s.io"),
    ("impersonate", "users"),
    ("create", "serviceaccounts", "--subresource=token", "--namespace=api"),
    # What runs: only through what is declared, never by hand.
    ("create", "pods", "--subresource=exec", "--namespace=api"),
    ("create", "pods", "--subresource=portforward", "--namespace=api"),
    ("patch", "pods", "--subresource=ephemeralcontainers", "--namespace=api"),
    ("get", "pods", "--subresource=log", "--namespace=api"),
    ("create", "pods", "--namespace=api"),
    ("delete", "pods", "--namespace=api"),
    # The cluster itself.
    ("patch", "nodes"),
    ("create", "customresourcedefinitions.apiextensions.k8s.io"),
    ("create", "validatingwebhookconfigurations.admissionregistration.k8s.io"),
    ("delete", "priorityclasses.scheduling.k8s.io/system-cluster-critical"),
    ("deletecollection", "secrets", "--namespace=api"),
    # Kinds that our namespaces do not have.
    ("create", "deployments.apps", "--namespace=gateway"),
    ("create", "gateways.gateway.networking.k8s.io", "--namespace=api"),
)


@pytest.mark.parametrize("question", ALLOWED, ids=" ".join)
def test_allowed(deployer: User, question: tuple[str, ...]) -> None:
    assert deployer.may(*question)


@pytest.mark.parametrize("question", FORBIDDEN, ids=" ".join)
def test_forbidden(deployer: User, reader: User, question: tuple[str, ...]) -> None:
    assert not deployer.may(*question)
    assert not reader.may(*question)


# Not only answers: each is tried.


def _refused(attempt: Callable[[], object]) -> str:
    with pytest.raises(ApiError) as refused:
        attempt()
    assert refused.value.status in {403, 422}
    return refused.value.message


def _namespace(name: str, **labels: str) -> Json:
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _in_api(kind: str, api_version: str = "v1", **rest: object) -> Json:
    metadata = {"name": "attempt", "namespace": "api"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


@pytest.mark.parametrize("who", ["deployer", "reader"])
def test_nobody_makes_relabels_or_deletes_a_namespace(
    who: str, cluster: Cluster, request: pytest.FixtureRequest
) -> None:
    client: Cluster = request.getfixturevalue(who).client
    lax = {"pod-security.kubernetes.io/enforce": "privileged"}
    _refused(lambda: client.apply(_namespace("api", **lax), field_manager=MANAGER, force=True))
    _refused(lambda: client.apply(_namespace("new", **lax), field_manager=MANAGER))
    _refused(lambda: client.create(_namespace("new")))
    _refused(lambda: client.delete("v1", "Namespace", "api"))
    api = cluster.get("v1", "Namespace", "api")
    assert api["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert "deletionTimestamp" not in api["metadata"]
    with pytest.raises(NotFound):
        cluster.get("v1", "Namespace", "new")


def test_a_pod_that_mounts_the_node_never_starts(
    deployer: User, cluster: Cluster, eventually: Callable[..., Any]
) -> None:
    labels = {"app": "attempt"}
    container = {
        "name": "main",
        "image": "example/image:1",
        "securityContext": {"privileged": True},
    }
    pod = {
        "containers": [container],
        "volumes": [{"name": "node", "hostPath": {"path": "/"}}],
        "hostPID": True,
    }
    _refused(lambda: deployer.client.create(_in_api("Pod", spec=pod)))
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    deployer.client.create(_in_api("Deployment", "apps/v1", spec=spec))
    try:

        def failure() -> str:
            status = cluster.get("apps/v1", "Deployment", "attempt", "api").get("status", {})
            return next(
                (
                    c["message"]
                    for c in status.get("conditions", ())
                    if c["type"] == "ReplicaFailure"
                ),
                "",
            )

        said = eventually(failure)
        assert 'violates PodSecurity "restricted' in said
        assert "hostPath" in said
        assert cluster.list("v1", "Pod", "api", label_selector="app=attempt") == []
    finally:
        deployer.client.delete("apps/v1", "Deployment", "attempt", "api")


def test_nobody_gets_a_token_of_a_service_account(
    deployer: User, cluster: Cluster, eventually: Callable[..., Any]
) -> None:
    command = [str(resolve("kubectl").path), f"--kubeconfig={deployer.kubeconfig}"]
    command += [f"--context={DEPLOYER}", "create", "token", "default", "--namespace=api"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "forbidden" in done.stderr

    def asks_for_token() -> Json:
        secret = _in_api("Secret", type="kubernetes.io/service-account-token")
        secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "default"}
        return secret

    def refused() -> bool:
        try:
            cluster.create(asks_for_token(), dry_run=True)
        except ApiError as error:
            return "a Secret may not ask for a token" in error.message
        return False

    # A new policy takes effect a moment after it is there.
    eventually(refused)
    said = _refused(lambda: deployer.client.create(asks_for_token()))
    assert "a Secret may not ask for a token" in said
    assert deployer.client.create(_in_api("Secret"), dry_run=True)


def test_nobody_opens_another_way_into_the_cluster(deployer: User) -> None:
    for kind in ("NodePort", "LoadBalancer"):
        service = _in_api("Service", spec={"type": kind, "ports": [{"port": 80}]})
        assert "exceeded quota" in _refused(lambda service=service: deployer.client.create(service))
    quota = _in_api("ResourceQuota", spec={"hard": {"services.nodeports": "9"}})
    quota["metadata"]["name"] = guardrails.NAME
    _refused(lambda: deployer.client.apply(quota, field_manager=MANAGER, force=True))
    _refused(lambda: deployer.client.delete("v1", "ResourceQuota", guardrails.NAME, "api"))


def test_nobody_gives_rights_to_themselves(deployer: User) -> None:
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": DEPLOYER_USER}
    binding = _in_api(
        "RoleBinding",
        RBAC,
        roleRef={"apiGroup": subject["apiGroup"], "kind": "ClusterRole", "name": "admin"},
        subjects=[subject],
    )
    _refused(lambda: deployer.client.create(binding))
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    role = _in_api("Role", RBAC, rules=[everything])
    _refused(lambda: deployer.client.create(role))
    role["metadata"]["name"] = ROLE
    _refused(lambda: deployer.client.apply(role, field_manager=MANAGER, force=True))


def test_a_reader_sees_no_secret_and_changes_nothing_not_even_in_a_dry_run(
    reader: User, cluster: Cluster
) -> None:
    secret = _in_api("Secret", stringData={"password": "hidden"})
    cluster.create(secret)
    try:
        _refused(lambda: reader.client.get("v1", "Secret", "attempt", "api"))
        _refused(lambda: reader.client.list("v1", "Secret", "api"))
    finally:
        cluster.delete("v1", "Secret", "attempt", "api")
    for thing in reader.objects:
        if thing["kind"] in {"Deployment", "ConfigMap", "PriorityClass", "Gateway"}:
            _refused(lambda t=thing: reader.client.apply(t, field_manager=MANAGER, dry_run=True))
            _refused(lambda t=thing: reader.client.create(t, dry_run=True))


def _subjects(cluster: Cluster) -> set[tuple[str, str, str, str]]:
    """Who is bound: namespace (empty: everywhere), role, kind, name."""
    return {
        (
            binding["metadata"].get("namespace", ""),
            binding["roleRef"]["name"],
            subject["kind"],
            subject["name"],
        )
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in cluster.list(RBAC, kind)
        if binding["roleRef"]["name"].startswith("serlo-")
        for subject in binding["subjects"]
    }


def test_whoever_is_not_named_keeps_their_rights_until_they_are_revoked(
    administrator: Administrator, cluster: Cluster
) -> None:
    before = _subjects(cluster)
    places = {"", "api", "auth", "frontend", "gateway", "serlo-org"}
    group = "principalSet://iam.example/a group%of 2"
    made = administrator.grant("--user", "a@b.org", "--user", "c@d.org", "--group", group)
    assert _subjects(cluster) - before == {
        (place, ROLE, kind, name)
        for place in places
        for kind, name in (("User", "a@b.org"), ("User", "c@d.org"), ("Group", group))
    }
    assert _subjects(cluster) >= before
    (slug,) = {
        thing["metadata"]["labels"][SUBJECT_LABEL]
        for thing in made
        if thing.get("subjects", [{}])[0].get("name") == "a@b.org"
    }
    administrator.kubectl(
        *("delete", "rolebindings,clusterrolebindings", "--all-namespaces"),
        f"--selector={SUBJECT_LABEL}={slug}",
    )
    left = _subjects(cluster)
    assert "a@b.org" not in {name for *_, name in left}
    assert {"c@d.org", group, DEPLOYER_USER} <= {name for *_, name in left}
