"""Which declared Kubernetes objects exist. kubectl asks, since it knows the clouds' credentials."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from infra.recorder import Registration
from infra.stack.environment import Environment
from infra.stack.schema import NO_UID
from k8s.identity import is_secret
from k8s.manifests import contains_secrets, manifest_of
from k8s.ownership import field_manager
from k8s.planning import plan
from k8s.replacement_rules import refused_paths
from operations.adopt.describing import hide_literals, inputs_of, outputs_of
from operations.adopt.findings import ExistingResource, Findings, InTheWay, label_of
from operations.errors import CommandError
from operations.platform.owning import others_than
from toolchain.errors import ToolError
from toolchain.resolver import resolve

_SECONDS = 300

Object = dict[str, Any]
Key = tuple[str, str, str | None, str]
"""apiVersion, kind, namespace, name."""


class Objects:
    """Reads the objects of an environment's cluster, after it has proved which one it is."""

    def __init__(self, environment: Environment) -> None:
        """Raises CommandError if this is not the cluster that the stack file names."""
        cluster = environment.cluster
        try:
            kubectl = str(resolve("kubectl").path)
        except ToolError as error:
            raise CommandError(f"kubectl: {error}") from None
        self._kubectl = [
            *(kubectl, "--kubeconfig", str(Path(cluster.kubeconfig).expanduser())),
            *("--context", cluster.context, "--request-timeout=30s"),
        ]
        if cluster.uid == NO_UID:
            place = f"{environment.file.label}: serlo:cluster.uid"
            raise CommandError(
                f"{place} does not say yet which cluster this is, so no cluster was read"
            )
        said = json.loads(self._run("get", "namespace", "kube-system", "--output=json"))
        uid = said["metadata"]["uid"]
        if uid != cluster.uid:
            raise CommandError(
                f"this is not the cluster of {environment.name}: its kube-system has the UID "
                f"{uid}, not {cluster.uid}"
            )

    def existing(self, entries: Iterable[Registration]) -> dict[str, Object]:
        """The live objects of those declared that exist, by URN. Raises CommandError."""
        served = {
            path.removeprefix("apis/").removeprefix("api/")
            for path in json.loads(self._run("get", "--raw", "/openapi/v3"))["paths"]
        }
        wanted = {key_of(entry.properties): entry.urn for entry in entries}
        # A kind that the cluster does not know yet has no objects.
        stubs = [_stub(key) for key in wanted if key[0] in served]
        if not stubs:
            return {}
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": stubs})
        answer = self._run(
            *("get", "--filename=-", "--ignore-not-found", "--show-managed-fields"),
            "--output=json",
            typed=text,
        )
        if not answer.strip():
            return {}
        document = cast(Object, json.loads(answer))
        items = cast(list[Object], document["items"] if document["kind"] == "List" else [document])
        return {wanted[key_of(item)]: item for item in items}

    def patch(self, live: Object, operations: Sequence[Object]) -> str:
        """Apply a JSON patch that no field manager owns. Returns why it was refused, or nothing."""
        api_version, kind, namespace, name = key_of(live)
        group, _, version = api_version.rpartition("/")
        place = ["--namespace", namespace] if namespace else []
        try:
            self._run(
                *("patch", f"{kind}.{version}.{group}" if group else kind, name, *place),
                *("--type=json", "--patch-file=/dev/stdin", "--field-manager=serlo-adopt"),
                typed=json.dumps(operations),
            )
        except CommandError as error:
            return str(error)
        return ""

    def _run(self, *arguments: str, typed: str = "") -> str:
        try:
            done = subprocess.run(
                [*self._kubectl, *arguments],
                input=typed,
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandError(f"kubectl: {error}") from None
        if done.returncode:
            raise CommandError(f"kubectl: {done.stderr.strip() or 'it failed and printed nothing'}")
        return done.stdout


def look_at_objects(
    objects: Objects, entries: Iterable[Registration], more: tuple[str, ...] = ()
) -> Findings:
    """Which of the declared objects exist, and which of these an update could not change.

    `more`: further field managers that are people or tools. Raises CommandError.
    """
    declared = [entry for entry in entries if entry.type.startswith("kubernetes:")]
    existing = objects.existing(declared)
    findings = Findings()
    for entry in declared:
        live = existing.get(entry.urn)
        if live is None:
            continue
        obstacle = next(_obstacles(entry, live, more), None)
        if obstacle is None:
            findings.found.append(_adopted(entry, live, more))
            manager = field_manager(entry.urn, manifest_of(dict(entry.properties)))
            findings.managers.update(others_than(live, manager, more))
        else:
            findings.in_the_way.append(obstacle)
    return findings


def key_of(manifest: Mapping[str, Any]) -> Key:
    """What tells an object from every other one."""
    metadata = manifest["metadata"]
    return (
        *(manifest["apiVersion"], manifest["kind"]),
        *(metadata.get("namespace"), metadata["name"]),
    )


def _obstacles(entry: Registration, live: Object, more: tuple[str, ...]) -> Iterator[InTheWay]:
    metadata = live["metadata"]
    label = label_of(entry)
    if metadata.get("deletionTimestamp"):
        yield InTheWay(label, "is being deleted", "wait until it is gone, then look again")
    for owner in metadata.get("ownerReferences") or ():
        reason = f"belongs to {owner['kind']} {owner['name']}, which would write it again"
        yield InTheWay(label, reason, "find out who made that one, and end it there first")
    wanted = manifest_of(dict(entry.properties))
    before = inputs_of(live, wanted, more)
    planned = plan(before, live, wanted, ignored=())
    refused = refused_paths(wanted["apiVersion"], wanted["kind"])
    fixed = sorted(
        {
            ".".join(map(str, change.path))
            for change in planned.changes
            if change.replaces or change.path in refused
        }
    )
    if fixed:
        yield InTheWay(
            label,
            f"is declared with another {', '.join(fixed)}, which Kubernetes cannot change in place",
            "declare it as it is, or delete it when that hurts least: `pulumi up` creates it again",
        )


def _adopted(entry: Registration, live: Object, more: tuple[str, ...]) -> ExistingResource:
    identifier = _identifier(live)
    if contains_secrets(dict(entry.properties)) or is_secret(live):
        # The provider reads it: what is secret in it does not pass through a file.
        return ExistingResource(entry, identifier)
    declared = manifest_of(dict(entry.properties))
    inputs = hide_literals(inputs_of(live, declared, more), declared)
    manager = field_manager(entry.urn, declared)
    outputs = outputs_of(live, declared, inputs, manager)
    return ExistingResource(entry, identifier, inputs=inputs, outputs=outputs)


def _identifier(live: Object) -> str:
    namespace, name = live["metadata"].get("namespace"), live["metadata"]["name"]
    return f"{namespace}/{name}" if namespace else name


def _stub(key: Key) -> Object:
    api_version, kind, namespace, name = key
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place}}
