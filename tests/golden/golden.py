"""The golden files: what each stack renders to, one file per service, for reviewers to read.

`python -m tests.golden.golden` writes them anew.
"""

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from infra.manifests import NAME_LABEL
from infra.services import declared
from operations.program import run_program
from operations.render import text_of

FOLDER = Path(__file__).parent
STACKS = ("local", "staging", "production")

_NOTE = "# Written by `make golden`: what `serlo render {stack}` prints about {what}.\n"
_SEPARATOR = "---\n"


def golden_files(stack: str) -> dict[str, str]:
    """The text of each golden file of a stack by its name.

    There is one for each service that runs, `cluster.yaml` for what belongs to no service, and
    `edge.json` for everything at Cloudflare.
    """
    program = run_program(FOLDER.parents[1] / "stacks" / f"Pulumi.{stack}.yaml")
    services = {service.name for service in declared()}
    documents: dict[str, list[str]] = {}
    edge: list[dict[str, Any]] = []
    for text in text_of(program).split(f"\n{_SEPARATOR}"):
        document = text.removeprefix(_SEPARATOR).rstrip("\n") + "\n"
        content = yaml.safe_load(document)
        if "apiVersion" not in content:
            edge.append(_without_code(content))
            continue
        owner = content["metadata"]["labels"][NAME_LABEL]
        documents.setdefault(owner if owner in services else "cluster", []).append(document)
    files = {
        f"{owner}.yaml": _NOTE.format(stack=stack, what=owner) + _SEPARATOR + _SEPARATOR.join(texts)
        for owner, texts in documents.items()
    }
    return files | {"edge.json": json.dumps(edge, indent=2, ensure_ascii=False) + "\n"}


def write() -> None:
    """Replace all golden files."""
    for stack in STACKS:
        folder = FOLDER / stack
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in golden_files(stack).items():
            (folder / name).write_text(text)


def _without_code(resource: dict[str, Any]) -> dict[str, Any]:
    """The worker's code has a file of its own in infra/; here a fingerprint shows a change."""
    code = resource["properties"].get("content")
    if resource["type"].endswith(":WorkersScript"):
        fingerprint = sha256(code.encode()).hexdigest()[:12]
        resource["properties"]["content"] = f"[code with the fingerprint {fingerprint}]"
    return resource


if __name__ == "__main__":
    write()
