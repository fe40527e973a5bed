"""`serlo access`: the rights of whoever runs `pulumi up`, for an administrator to apply."""

import sys
from typing import Annotated, Any, Literal, cast

import yaml
from cyclopts import Parameter

from infra.manifests.access import DEPLOYERS, Subject
from infra.manifests.access import access as manifests
from infra.manifests.namespaces import MANAGER
from operations.program import Program, ProgramError, run_program
from operations.render import kubernetes_objects
from operations.stacks import stack_file

FIELD_MANAGER = MANAGER
"""With which these objects are applied: the namespaces are Pulumi's later, under the same name."""


def access(
    stack: str,
    *,
    user: str | None = None,
    group: Annotated[str, Parameter(show_default=True)] = DEPLOYERS.name,
) -> None:
    """Print what a deployer needs in the cluster of a stack. An administrator applies it:

    serlo access staging | kubectl apply --server-side --field-manager=serlo-deployer -f -

    Again whenever `pulumi up` is forbidden something: a new namespace, a new kind of object.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    user
        Who deploys, such as the address of a Google service account.
    group
        Which group deploys, unless a user is given.
    """
    try:
        program = run_program(stack_file(stack))
    except ProgramError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    kind: Literal["User", "Group"] = "User" if user else "Group"
    documents = access_objects(program, Subject(kind, user or group))
    sys.stdout.write(yaml.safe_dump_all(documents, sort_keys=False))


def access_objects(program: Program, subject: Subject = DEPLOYERS) -> list[dict[str, Any]]:
    """The Kubernetes objects that let `subject` deploy what a program declares."""
    return cast(list[dict[str, Any]], manifests(kubernetes_objects(program.registrations), subject))
