"""The Pulumi project of a rehearsal: same program, other addresses and secret values.

`.rehearsal/project/` holds a Pulumi.yaml that runs the checkout's `infra/`, and a stack file that
names the real one and holds what replaces the cluster, Cloudflare's address and the secrets.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

import infra
from infra.stack.file import StackFileError, read
from infra.stack.overlay import REHEARSES, overlay_of
from operations.rehearsed.secrets import set_by_hand, stand_ins
from rehearsal.engine import engine_variables
from rehearsal.files import write_private, write_public
from rehearsal.plugins.selection import Plugins
from rehearsal.supervisor import Endpoints, read_endpoints
from rehearsal.supervisor.processes import mark

CHECKOUT = Path(__file__).resolve().parents[2]
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
    def state(self) -> Path:
        """The folder of Pulumi's state; it exists."""
        folder = self.rehearsal / "state"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

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
        self.endpoints()
        return engine_variables(self.rehearsal / "pulumi-home") | {
            "KUBECONFIG": str(self.rehearsal / "kubeconfig"),
            "PATH": f"{self.rehearsal / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PULUMI_BACKEND_URL": self.state.as_uri(),
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
        # A killed engine leaves providers: the mark lets the next start or stop end them.
        return kept | self.variables() | mark(self.rehearsal)


def derive(
    project: DerivedProject,
    source: Path,
    plugins: Plugins,
    *,
    cluster: Mapping[str, str],
    cloudflare: str,
    domain: str,
    secret_names: Iterable[str],
    known_secrets: Mapping[str, str],
) -> list[str]:
    """Write the derived project; unchanged inputs give unchanged files.

    `source` is the real stack file; `cluster` replaces its `serlo:cluster`, and the URL
    `cloudflare` that of Cloudflare's API; `domain` goes into the gateway's certificate;
    `secret_names` are the secrets that the program needs, of which `known_secrets` are given and
    the others get random stand-ins that stay the same from run to run. Secrets that somebody has
    set in the rehearsal stay as well. Returns what else was set there, which is lost.
    """
    store = project.rehearsal / "secrets.json"
    given, lost = _found_in(project.stack_file)
    kept = set_by_hand(store, given)
    secrets = stand_ins(
        store, project.rehearsal / "passphrase", secret_names, known_secrets, domain=domain
    )
    of_rehearsal = {name: secrets.encrypted[name] for name in known_secrets}
    config = cast(Settings, yaml.safe_load(source.read_text())["config"])
    derived: Settings = {
        "config": {
            REHEARSES: str(source.resolve()),
            "serlo:cluster": dict(cluster),
            "serlo:cloudflare": {"base-url": cloudflare},
            "serlo:secrets": secrets.encrypted | kept | of_rehearsal,
            **{key: value for key, value in config.items() if key.startswith("pulumi:")},
        },
        "encryptionsalt": secrets.salt,
    }
    project.stack_file.parent.mkdir(parents=True, exist_ok=True)
    write_private(project.stack_file, yaml.safe_dump(derived, sort_keys=False))
    write_private(project.rehearsal / "stack", f"{project.stack}\n")
    _write_project_file(project, plugins)
    return lost


def _found_in(derived: Path) -> tuple[dict[str, Any], list[str]]:
    """The secrets of a derived stack file, and what else it says that it should not."""
    if not derived.is_file():
        return {}, []
    try:
        overlay = overlay_of(read(derived))
    except StackFileError as error:
        return {}, [str(problem) for problem in error.problems]
    return (overlay.model_dump()["secrets"] if overlay else {}), []


def current_stack(rehearsal: Path) -> str | None:
    """Return the stack that the folder rehearses, None when there is none."""
    marker = rehearsal / "stack"
    return marker.read_text().strip() if marker.is_file() else None


def current_plugins(project: DerivedProject) -> Any:
    """Return the section `plugins` of the derived Pulumi.yaml, None when there is none yet."""
    file = project.folder / "Pulumi.yaml"
    return yaml.safe_load(file.read_text()).get("plugins") if file.is_file() else None


def link_tools(project: DerivedProject, tools: Mapping[str, Path]) -> None:
    """Fill `.rehearsal/bin` with the pinned tools."""
    folder = project.rehearsal / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in tools.items():
        link = folder / name
        if not link.is_symlink() or link.readlink() != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def _write_project_file(project: DerivedProject, plugins: Plugins) -> None:
    settings = cast(Settings, yaml.safe_load((PROGRAM.parent / "Pulumi.yaml").read_text()))
    settings["main"] = os.path.relpath(PROGRAM, project.folder)
    settings["runtime"] = {
        "name": "python",
        "options": {"toolchain": "pip", "virtualenv": sys.prefix},
    }
    settings["plugins"] = dict(plugins.project_settings())
    write_public(project.folder / "Pulumi.yaml", yaml.safe_dump(settings, sort_keys=False))
