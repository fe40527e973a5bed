"""Small programs, the real engine, the official Kubernetes provider, one shared API server."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.control_plane.credentials import CONTEXT
from rehearsal.engine import engine_variables
from rehearsal.plugins.selection import select
from tests.rehearsal.conftest import ControlPlane
from tests.rehearsal.pulumi_project import PulumiProject
from toolchain.resolver import resolve

Json = dict[str, Any]

# Raw resources, as in infra/cluster/registration.py.
PROGRAM = """
import json
from pathlib import Path

import pulumi

document = json.loads(Path("resources.json").read_text())
provider = pulumi.ProviderResource(
    "kubernetes",
    "cluster",
    {"kubeconfig": document["kubeconfig"], "context": document["context"]},
)
for name, manifest, options in document["resources"]:
    aliases = [pulumi.Alias(name=other) for other in options.get("aliases", ())]
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    group = api_version if "/" in api_version else f"core/{api_version}"
    opts = pulumi.ResourceOptions(provider=provider, aliases=aliases)
    pulumi.CustomResource(f"kubernetes:{group}:{kind}", name, manifest, opts)
"""


class Project(PulumiProject):
    """A program that declares the objects that a test gives it."""

    SECONDS = 240

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.folder = folder
        self._kubeconfig = kubeconfig
        (folder / "program").mkdir(parents=True)
        (folder / "state").mkdir()
        (folder / "program" / "__main__.py").write_text(PROGRAM)
        settings = {
            "name": "probe",
            "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
            "main": "program/",
            "plugins": dict(select().project_settings()),
        }
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")}
        self.environment = {
            **kept,
            **engine_variables(folder / "home"),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "for a test",
        }
        self.succeed("stack", "init", "dev")

    def declare(self, *resources: tuple[str, Json] | tuple[str, Json, Json]) -> None:
        """Declare these: (name, manifest[, options]); `aliases` is the only option."""
        document = {
            "kubeconfig": str(self._kubeconfig),
            "context": CONTEXT,
            "resources": [
                [name, thing, *rest] if rest else [name, thing, {}]
                for name, thing, *rest in resources
            ],
        }
        (self.folder / "program" / "resources.json").write_text(json.dumps(document))

    def outputs(self, name: str) -> list[Json]:
        """The outputs of the resources of that name in the state."""
        resources = json.loads(self.succeed("stack", "export"))["deployment"]["resources"]
        return [one["outputs"] for one in resources if one["urn"].endswith(f"::{name}")]

    def steps(self) -> dict[str, str]:
        """What a preview says would be done, by the resource's name; what stays is not in it."""
        output = self.succeed("preview", "--json")
        steps: Sequence[Json] = json.loads(output)["steps"]
        return {s["urn"].rpartition("::")[2]: s["op"] for s in steps if s["op"] != "same"}


@pytest.fixture
def project(tmp_path: Path, control_plane: ControlPlane) -> Project:
    """A project with a stack, on the shared API server."""
    return Project(tmp_path / "project", control_plane.kubeconfig)


@pytest.fixture
def creates_by_post() -> bool:
    """Whether the provider that is there creates by POST, as 4.29 and newer do."""
    version = resolve("pulumi-resource-kubernetes").version.removeprefix("v")
    return tuple(map(int, version.split("."))) >= (4, 29, 0)
