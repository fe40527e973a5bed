"""The rights that `serlo access` gives, compared with what was asked of the API server."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra.cluster.rbac import DEPLOYER, Subject
from operations.declared.deployer_rights import access_objects
from operations.declared.program import run_program
from rehearsal.control_plane.audit import Request, requests
from rehearsal.control_plane.credentials import DEPLOYER_USER, READER_USER

CREATING = {"create", "patch"}
"""The provider creates by POST since 4.29, before by server-side apply; later changes are a patch.
So either of the two shows that both are needed."""

READING = {"get", "list", "watch"}


class Right(NamedTuple):
    """A verb on a resource; name and namespace are empty if it is on all of them."""

    user: str
    verb: str
    group: str
    resource: str
    namespace: str
    name: str

    def covers(self, request: Request) -> bool:
        """Whether a request needs this right."""
        verbs = CREATING if self.verb in CREATING else {self.verb}
        # One that creates by POST says the name in its body only.
        named = not self.name or not request.name or self.name == request.name
        place = (request.user, request.group, request.resource, request.namespace)
        return (
            named
            and request.verb in verbs
            and place == (self.user, self.group, self.resource, self.namespace)
        )


def granted(stack_file: Path) -> Iterator[Right]:
    """Every right that the deployer and the reader of a stack are given."""
    subjects = [Subject("User", "somebody")]
    for thing in access_objects(run_program(stack_file), subjects, subjects):
        if thing["kind"] not in {"Role", "ClusterRole"}:
            continue
        user = DEPLOYER_USER if thing["metadata"]["name"] == DEPLOYER else READER_USER
        for rule in thing["rules"]:
            for name in rule.get("resourceNames", [""]):
                for verb in rule["verbs"]:
                    (group,), (resource,) = rule["apiGroups"], rule["resources"]
                    namespace = thing["metadata"].get("namespace", "")
                    yield Right(user, verb, group, resource, namespace, name)


def assert_rights_are_what_it_takes(stack_file: Path, audit: Path) -> None:
    """Nothing was refused but the reader's changes, and no right was given for nothing."""
    asked = list(requests(audit))
    refused = {r for r in asked if not r.allowed and not r.is_known_refusal}
    changes = {r for r in refused if r.user == READER_USER and r.verb not in READING}
    assert changes
    assert refused == changes, refused - changes
    assert not [
        str(r) for r in asked if r.user == READER_USER and r.allowed and r.verb not in READING
    ]
    rights = set(granted(stack_file))
    assert len(rights) > 200
    allowed = [request for request in asked if request.allowed]
    unused = [right for right in sorted(rights) if not any(map(right.covers, allowed))]
    assert not unused, "\n".join(map(str, unused))
