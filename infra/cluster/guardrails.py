"""What an administrator puts around a stack's namespaces, which no deployer can change."""

from collections.abc import Iterable

from infra.cluster.manifest import Manifest, manifest
from infra.cluster.metadata import PART_OF

NAME = "serlo-guardrails"
"""What the objects are called: unlike what a deployment calls its own."""

_API = "admissionregistration.k8s.io/v1"
_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type


def guardrails(namespaces: Iterable[str]) -> list[Manifest]:
    """A quota for each namespace, and the rule that no Secret asks for an account's token."""
    return [*_no_account_tokens(), *(_quota(namespace) for namespace in namespaces)]


def _quota(namespace: str) -> Manifest:
    """No port of a node and no load balancer: the Gateway is the only way in.

    How much may run changes with the declarations, so a deployment brings a quota of its own.
    """
    hard = {"services.loadbalancers": "0", "services.nodeports": "0"}
    return manifest(
        "v1",
        "ResourceQuota",
        NAME,
        namespace=namespace,
        spec={"hard": hard},
    )


def _no_account_tokens() -> list[Manifest]:
    """Kubernetes fills such a Secret with a token that never expires, for every reader of it."""
    policy = manifest(
        _API,
        "ValidatingAdmissionPolicy",
        NAME,
        spec={
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": PART_OF}},
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["secrets"],
                    }
                ],
            },
            "validations": [
                {
                    "expression": f"!has(object.type) || object.type != '{_TOKEN_TYPE}'",
                    "message": "a Secret may not ask for a token of a service account",
                }
            ],
        },
    )
    binding = manifest(
        _API,
        "ValidatingAdmissionPolicyBinding",
        NAME,
        spec={"policyName": NAME, "validationActions": ["Deny"]},
    )
    return [policy, binding]
