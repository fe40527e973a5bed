"""`serlo access`: a stack's namespaces and the rights in them, for an administrator to apply."""

import sys
from collections.abc import Sequence

import yaml

from infra.cluster.rbac import DEPLOYERS, READERS, Subject
from operations.declared.deployer_rights import access_objects
from operations.declared.program import run_program
from operations.declared.stack_files import existing_stack
from operations.errors import reports_errors
from operations.support.output import working


@reports_errors
def access(
    *,
    stack: str,
    user: Sequence[str] = (),
    group: Sequence[str] = (),
    reader: Sequence[str] = (),
    reader_group: Sequence[str] = (),
) -> None:
    """Print the namespaces of a stack and the rights in them. An administrator applies it:

    serlo access --stack staging --user NAME | kubectl apply --server-side --filename=-

    Apply it again when the program declares a new namespace or a new kind of object; after a new
    namespace, name all users again. Users that you do not name keep their rights.

    Parameters
    ----------
    stack
        local, staging, production, or the path of a stack file.
    user
        Who deploys, such as the address of a Google service account; may be repeated.
    group
        A group whose members deploy; serlo:deployers if you name no user and no group.
    reader
        Who previews and looks for drift, and changes nothing; may be repeated.
    reader_group
        A group of readers; serlo:readers if you name no reader and no group.
    """
    with working(f"reading what {stack} declares"):
        program = run_program(existing_stack(stack))
    deployers = [*(Subject("User", name) for name in user), *(Subject("Group", n) for n in group)]
    readers = [
        *(Subject("User", name) for name in reader),
        *(Subject("Group", name) for name in reader_group),
    ]
    if not deployers and not readers:
        deployers, readers = [DEPLOYERS], [READERS]
    documents = access_objects(program, deployers, readers)
    sys.stdout.write(yaml.safe_dump_all(documents, sort_keys=False))
