"""The rehearsal's copy of the Pulumi project: same program, other addresses and secret values.

`.rehearsal/project/` holds a Pulumi.yaml that runs the checkout's `infra/` and a stack file in
which only the cluster, the Cloudflare address and the secrets are replaced.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

import infra
from operations.stand_ins import stand_ins
from rehearsal.engine import engine_variables
from rehearsal.files import write_private, write_public
from rehearsal.supervisor import Endpoints, read_endpoints

CHECKOUT = Path(__file__).resolve().parent.parent
PLUGINS = CHECKOUT / "rehearsal" / "plugins" / "bin"
PROGRAM = Path(infra.__file__).resolve().parent
"""The program that is rehearsed: this checkout's, unless PYTHONPATH names another one."""

Settings = dict[str, Any]


@dataclass(frozen=True)
class DerivedProject:
    """Where the derived project of a rehearsal is and how to run Pulumi on it."""

    rehearsal: Path
    """The rehearsal's state folder, absolute."""
    stack: str

    @property
    def folder(self) -> Path:
        """The folder of the derived Pulumi.yaml."""
        return self.rehearsal / "project"

    @property
    def full_name(self) -> str:
        """The stack's name for the state back end: organization, project, stack."""
        return f"organization/serlo/{self.stack}"

    @property
    def stack_file(self) -> Path:
        """The derived stack file."""
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def state_token(self) -> str:
        """What the state service asks of its clients. Raises FileNotFoundError."""
        return (self.rehearsal / "state" / "token").read_text().strip()

    def endpoints(self) -> Endpoints:
        """Return where the rehearsal's servers are. Raises FileNotFoundError when it is down."""
        endpoints = read_endpoints(self.rehearsal)
        if endpoints is None:
            raise FileNotFoundError(f"no rehearsal runs in {self.rehearsal}")
        return endpoints

    def variables(self) -> dict[str, str]:
        """Return the environment variables with which `pulumi` and `kubectl` see the rehearsal.

        Raises FileNotFoundError when it is down.
        """
        return engine_variables(self.rehearsal / "pulumi-home") | {
            "KUBECONFIG": str(self.rehearsal / "kubeconfig"),
            "PATH": f"{self.rehearsal / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PULUMI_ACCESS_TOKEN": self.state_token,
            "PULUMI_BACKEND_URL": self.endpoints().state,
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.rehearsal / "passphrase"),
            "PULUMI_OPTION_CWD": str(self.folder),
            "PULUMI_OPTION_STACK": self.full_name,
        }

    def environment(self) -> dict[str, str]:
        """Return the whole environment for a child process: ours, less what would interfere."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PULUMI_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        return kept | self.variables()


def derive(
    project: DerivedProject,
    source: Path,
    *,
    overrides: Mapping[str, Mapping[str, str]],
    secret_names: Iterable[str],
    known_secrets: Mapping[str, str],
) -> None:
    """Write the derived project; unchanged inputs give unchanged files.

    `source` is the stack file; `overrides` maps a `serlo:` key to the members to replace, such as
    {"cluster": {"uid": …}}; `secret_names` are the secrets that the program needs, of which
    `known_secrets` are given and the others get random stand-ins that stay the same from run to
    run.
    """
    project.stack_file.parent.mkdir(parents=True, exist_ok=True)
    stack = cast(Settings, yaml.safe_load(source.read_text()))
    config = cast(Settings, stack["config"])
    secrets = stand_ins(
        project.rehearsal / "secrets.json",
        project.rehearsal / "passphrase",
        secret_names,
        known_secrets,
        domain=config["serlo:domain"],
    )
    for key, members in overrides.items():
        config[f"serlo:{key}"] = {**config.get(f"serlo:{key}", {}), **members}
    config["serlo:secrets"] = secrets.encrypted
    stack["encryptionsalt"] = secrets.salt
    stack.pop("secretsprovider", None)
    write_private(project.stack_file, yaml.safe_dump(stack, sort_keys=False))
    write_private(project.rehearsal / "stack", f"{project.stack}\n")
    _write_project_file(project)


def current_stack(rehearsal: Path) -> str | None:
    """Return the stack that the folder rehearses, None when there is none."""
    marker = rehearsal / "stack"
    return marker.read_text().strip() if marker.is_file() else None


def link_tools(project: DerivedProject, tools: Mapping[str, Path]) -> None:
    """Fill `.rehearsal/bin` with the pinned tools."""
    folder = project.rehearsal / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in tools.items():
        link = folder / name
        if not link.is_symlink() or link.readlink() != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def _write_project_file(project: DerivedProject) -> None:
    settings = cast(Settings, yaml.safe_load((PROGRAM.parent / "Pulumi.yaml").read_text()))
    settings["main"] = os.path.relpath(PROGRAM, project.folder)
    settings["runtime"] = {
        "name": "python",
        "options": {"toolchain": "pip", "virtualenv": sys.prefix},
    }
    settings["plugins"] = {
        "languages": [{"name": "python", "path": str(PLUGINS)}],
        "providers": [
            {"name": name, "path": str(PLUGINS)} for name in ("kubernetes", "cloudflare")
        ],
    }
    write_public(project.folder / "Pulumi.yaml", yaml.safe_dump(settings, sort_keys=False))
