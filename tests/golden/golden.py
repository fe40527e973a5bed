"""The golden files: what each stack of tests/stacks renders to, one file per service.

`python -m tests.golden.golden` rewrites them. What a change of the real stacks does, `serlo
review` tells.
"""

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from infra.cluster.metadata import NAME_LABEL
from infra.edge.bundle import bundled_table
from infra.recorder import Program
from infra.services import declared
from operations.declared.program import run_program
from operations.declared.rendering import text_of
from tests.stack_files import STACKS, stack_file

FOLDER = Path(__file__).parent

_NOTE = "# Written by `make golden`: {what}, with tests/stacks/Pulumi.{stack}.yaml.\n"
_SEPARATOR = "---\n"


def golden_files(stack: str) -> dict[str, str]:
    """The text of each golden file of a stack by its name.

    There is one for each service that runs, `cluster.yaml` for what belongs to no service,
    `edge.json` for everything at Cloudflare, and `routes.jsonl` for the routing table as the worker
    gets it: a rule in each line, in the order in which they are tried.
    """
    program = run_program(stack_file(stack))
    services = {service.name for service in declared()}
    documents: dict[str, list[str]] = {}
    edge: list[dict[str, Any]] = []
    for text in text_of(program).split(f"\n{_SEPARATOR}"):
        document = text.removeprefix(_SEPARATOR).rstrip("\n") + "\n"
        content = yaml.safe_load(document)
        if "apiVersion" not in content:
            edge.append(_without_worker(content))
            continue
        owner = content["metadata"]["labels"][NAME_LABEL]
        documents.setdefault(owner if owner in services else "cluster", []).append(document)
    files = {
        f"{owner}.yaml": _NOTE.format(stack=stack, what=owner) + _SEPARATOR + _SEPARATOR.join(texts)
        for owner, texts in documents.items()
    }
    files["edge.json"] = json.dumps(edge, indent=2, ensure_ascii=False) + "\n"
    files["routes.jsonl"] = "".join(f"{json.dumps(rule)}\n" for rule in _table(program)["rules"])
    return files


def write() -> None:
    """Replace all golden files."""
    for stack in STACKS:
        folder = FOLDER / stack
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in golden_files(stack).items():
            (folder / name).write_text(text)


def _table(program: Program) -> dict[str, Any]:
    """The routing table that is built into the worker."""
    (worker,) = (e for e in program.registrations if e.type.endswith(":WorkersScript"))
    return bundled_table(worker.properties["content"])


def _without_worker(resource: dict[str, Any]) -> dict[str, Any]:
    """The worker's code and table have files of their own; here a fingerprint shows a change."""
    if resource["type"].endswith(":WorkersScript"):
        worker = resource["properties"]
        worker["content"] = _fingerprint(worker["content"])
    return resource


def _fingerprint(text: str) -> str:
    return f"[text with the fingerprint {sha256(text.encode()).hexdigest()[:12]}]"


if __name__ == "__main__":
    write()
