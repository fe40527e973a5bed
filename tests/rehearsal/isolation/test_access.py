"""What the deployer may do, asked of a real API server: all that deploying takes, and no more."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.access import FIELD_MANAGER
from operations.program import run_program
from operations.render import kubernetes_objects
from rehearsal.control_plane.credentials import DEPLOYER, DEPLOYER_USER
from rehearsal.kubernetes_api import ApiError, Cluster, NotFound
from tests.stack_files import stack_file
from toolchain import resolve

Json = dict[str, Any]
STACK = stack_file("staging")


@dataclass(frozen=True)
class Deployer:
    """The deployer of staging: its client, its kubeconfig, and what it is to deploy."""

    client: Cluster
    kubeconfig: Path
    objects: list[Json]

    def may(self, verb: str, resource: str, *arguments: str) -> bool:
        """The answer of `kubectl auth can-i`."""
        command = [str(resolve("kubectl").path), "--kubeconfig", str(self.kubeconfig)]
        command += ["--context", DEPLOYER, "auth", "can-i", verb, resource, *arguments]
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
def deployer(cluster: Cluster, control_plane: Any) -> Iterator[Deployer]:
    """Given its rights in the documented way, by the administrator."""
    kubeconfig: Path = control_plane.kubeconfig
    serlo = [sys.executable, "-m", "operations.command", "access", str(STACK)]
    rights = _run([*serlo, "--user", DEPLOYER_USER])
    kubectl = [str(resolve("kubectl").path), "--kubeconfig", str(kubeconfig)]
    manager = f"--field-manager={FIELD_MANAGER}"
    _run([*kubectl, "apply", "--server-side", manager, "--filename=-"], rights)
    client = Cluster.from_kubeconfig(str(kubeconfig), DEPLOYER)
    yield Deployer(client, kubeconfig, kubernetes_objects(run_program(STACK).registrations))
    client.close()
    for thing in yaml.safe_load_all(rights):
        if "namespace" not in thing["metadata"]:
            cluster.delete(thing["apiVersion"], thing["kind"], thing["metadata"]["name"])


def test_everything_that_is_declared_may_be_managed(deployer: Deployer) -> None:
    verbs = ("get", "list", "watch", "patch", "delete", "create")
    seen: set[str] = set()
    for thing in deployer.objects:
        seen.add(thing["kind"])
        answers = deployer.may_all(verbs, thing)
        # Namespaces are made by whoever gives rights in them.
        expected = {verb: (verb, thing["kind"]) != ("create", "Namespace") for verb in verbs}
        assert answers == expected, f"{thing['kind']} {thing['metadata']['name']}"
    assert len(seen) > 10


ALLOWED = (
    ("get", "namespace/kube-system"),
    ("list", "namespaces"),
    ("list", "pods", "--namespace=api"),
    ("watch", "replicasets.apps", "--namespace=api"),
    ("list", "events", "--namespace=api"),
    ("list", "endpointslices.discovery.k8s.io", "--namespace=api"),
    ("patch", "secrets", "--namespace=api"),
    ("patch", "deployments.apps/server", "--namespace=api"),
)

FORBIDDEN = (
    # Other people's namespaces.
    ("get", "secrets", "--namespace=kube-system"),
    ("list", "secrets", "--all-namespaces"),
    ("list", "pods", "--namespace=kube-system"),
    ("create", "deployments.apps", "--namespace=default"),
    ("patch", "namespace/kube-system"),
    ("delete", "namespace/default"),
    ("create", "namespaces"),
    # More rights, or somebody else's.
    ("create", "roles.rbac.authorization.k8s.io", "--namespace=api"),
    ("create", "rolebindings.rbac.authorization.k8s.io", "--namespace=api"),
    ("patch", "clusterroles.rbac.authorization.k8s.io/serlo-deployer"),
    ("escalate", "clusterroles.rbac.authorization.k8s.io"),
    ("bind", "clusterroles.rbac.authorization.k8s.io"),
    ("impersonate", "users"),
    ("create", "serviceaccounts", "--subresource=token", "--namespace=api"),
    # What runs: only through what is declared, never by hand.
    ("create", "pods", "--subresource=exec", "--namespace=api"),
    ("create", "pods", "--subresource=portforward", "--namespace=api"),
    ("get", "pods", "--subresource=log", "--namespace=api"),
    ("create", "pods", "--namespace=api"),
    ("delete", "pods", "--namespace=api"),
    # The cluster itself.
    ("patch", "nodes"),
    ("create", "customresourcedefinitions.apiextensions.k8s.io"),
    ("create", "validatingwebhookconfigurations.admissionregistration.k8s.io"),
    ("delete", "priorityclasses.scheduling.k8s.io/system-cluster-critical"),
    ("deletecollection", "secrets", "--namespace=api"),
    # Kinds that a namespace of ours does not have.
    ("create", "deployments.apps", "--namespace=gateway"),
    ("create", "gateways.gateway.networking.k8s.io", "--namespace=api"),
)


@pytest.mark.parametrize("question", ALLOWED, ids=" ".join)
def test_allowed(deployer: Deployer, question: tuple[str, ...]) -> None:
    assert deployer.may(*question)


@pytest.mark.parametrize("question", FORBIDDEN, ids=" ".join)
def test_forbidden(deployer: Deployer, question: tuple[str, ...]) -> None:
    assert not deployer.may(*question)


def test_rights_end_where_they_are_said_to(deployer: Deployer, cluster: Cluster) -> None:
    """Not only answers: the API server acts by them."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "h", "namespace": "api"}}
    assert deployer.client.apply(secret, field_manager="pulumi", dry_run=True)
    for elsewhere in ("default", "kube-system"):
        secret["metadata"] = {"name": "h", "namespace": elsewhere}
        with pytest.raises(ApiError) as refused:
            deployer.client.apply(secret, field_manager="pulumi", dry_run=True)
        assert refused.value.status == 403
    new = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
    with pytest.raises(ApiError) as refused:
        deployer.client.apply(new, field_manager="pulumi")
    assert refused.value.status == 403
    with pytest.raises(NotFound):
        cluster.get("v1", "Namespace", "new")
