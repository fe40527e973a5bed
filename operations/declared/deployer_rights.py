"""The rights that deploying a stack, or reading what is deployed, takes."""

from collections.abc import Iterable
from typing import Any, cast

from infra.cluster.rbac import Subject, access
from infra.recorder import Program
from operations.declared.rendering import kubernetes_objects


def access_objects(
    program: Program, deployers: Iterable[Subject], readers: Iterable[Subject] = ()
) -> list[dict[str, Any]]:
    """The Kubernetes objects that let these deploy, or read, what a program declares."""
    objects = kubernetes_objects(program.registrations)
    return cast(list[dict[str, Any]], access(objects, deployers, readers))
