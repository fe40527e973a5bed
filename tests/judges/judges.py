"""Third-party programs that judge Kubernetes objects, and the exceptions we make."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # pyright: ignore[reportMissingTypeStubs]
import yaml
from kubernetes_validate import utils  # pyright: ignore[reportMissingTypeStubs]

from tests.stack_files import STACKS
from toolchain.catalogue import KUBERNETES
from toolchain.resolver import resolve

Manifest = dict[str, Any]

_PERFECT = 10


@dataclass(frozen=True, order=True)
class Finding:
    """What a judge has against an object (`Deployment/api/server`) of a stack."""

    tool: str
    check: str
    stack: str
    object: str
    text: str

    def __str__(self) -> str:
        return f"{self.tool} {self.check}: {self.stack}: {self.object}: {self.text}"


@dataclass(frozen=True)
class Rendered:
    """A stack's Kubernetes objects."""

    stack: str
    objects: Sequence[Manifest]


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """A finding that we live with: which, on which objects (a pattern), where, and why."""

    tool: str
    check: str
    object: str
    reason: str
    stacks: tuple[str, ...] = STACKS

    def covers(self, finding: Finding) -> bool:
        return (
            (self.tool, self.check) == (finding.tool, finding.check)
            and finding.stack in self.stacks
            and fnmatchcase(finding.object, self.object)
        )


def excuses() -> list[Excuse]:
    """All exceptions from the file beside this one."""
    file = Path(__file__).with_name("exceptions.yaml")
    return [Excuse(**entry) for entry in yaml.safe_load(file.read_text())]


def schemas(stacks: Sequence[Rendered]) -> Iterator[Finding]:
    """kubernetes-validate: Kubernetes' own schemas, with no unknown field allowed."""
    # It reads its schemas again for each object, and some are megabytes long.
    utils.schema_contents = cache(utils.schema_contents)
    for rendered in stacks:
        for manifest in rendered.objects:
            for check, text in _against_schema(manifest):
                name = _name(manifest)
                yield Finding("kubernetes-validate", check, rendered.stack, name, text)


def _against_schema(manifest: Manifest) -> Iterator[tuple[str, str]]:
    version = KUBERNETES.removeprefix("v").rpartition(".")[0]
    try:
        used = kubernetes_validate.validate(manifest, version, strict=True)
        assert used == version, f"there are no schemas for {version}, only for {used}"
    except kubernetes_validate.SchemaNotFoundError:
        yield "no-schema", f"there is no schema for {manifest['apiVersion']} {manifest['kind']}"
    except kubernetes_validate.ValidationError as error:
        yield "schema", f"{'.'.join(str(step) for step in error.path)}: {error.message}"


def kube_score(stacks: Sequence[Rendered]) -> Iterator[Finding]:
    """kube-score, with its optional checks; warnings count as well."""
    version = KUBERNETES.rpartition(".")[0]
    options = ["--all-default-optional", "--kubernetes-version", version, "--output-format", "json"]
    for rendered in stacks:
        text = yaml.safe_dump_all(rendered.objects, sort_keys=False)
        report = json.loads(_run(resolve("kube-score").path, "score", *options, "-", asked=text))
        for judged in report:
            name = _name({"kind": judged["type_meta"]["kind"], "metadata": judged["object_meta"]})
            for check in judged["checks"]:
                if not check["skipped"] and check["grade"] < _PERFECT:
                    text = "; ".join(_comment(comment) for comment in check["comments"])
                    yield Finding("kube-score", check["check"]["id"], rendered.stack, name, text)


JUDGES: dict[str, Callable[[Sequence[Rendered]], Iterator[Finding]]] = {
    "kubernetes-validate": schemas,
    "kube-score": kube_score,
}


def _run(executable: Path, *arguments: str, asked: str) -> str:
    """What a judge prints; it ends with 0 or 1, depending on what it thinks."""
    command = [executable, *arguments]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, f"{executable} failed:\n{done.stdout}{done.stderr}"
    assert done.stdout, done.stderr
    return done.stdout


def _comment(comment: dict[str, str]) -> str:
    return ": ".join(part for part in (comment["path"], comment["summary"]) if part)


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    parts = (manifest["kind"], metadata.get("namespace", ""), metadata["name"])
    return "/".join(part for part in parts if part)
