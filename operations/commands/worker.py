"""`serlo worker`: the worker as one file, which miniflare and wrangler run as it is."""

import json as json_format
import sys
from pathlib import Path

from infra.edge.checks.table import RoutingError
from infra.edge.cloudflare.worker_script import (
    COMPATIBILITY_DATE,
    MAIN_MODULE,
    SECRET_BINDINGS,
    Script,
    script,
)
from infra.stack.environment import Environment, StackFileError
from operations.declared.stack_files import stack_file
from operations.routing.own_table import NotOurs, require_own_table
from operations.support.output import page
from rehearsal.files import write_public

STORE = "PATH_INFO_KV"


def worker(*, output: Path, stack: str = "production") -> None:
    """Write the worker of a stack into a folder, so that it runs without Cloudflare.

    index.js is the module that an update uploads, with the routing table built in; miniflare.json
    and wrangler.json have the bindings. Secrets are named only.

    Parameters
    ----------
    output
        The folder; it is made, and files in it are replaced.
    stack
        local, staging, production, or the path of a stack file.
    """
    try:
        environment = Environment.load(stack_file(stack))
        require_own_table(environment)
        declared = script(environment)
        files = {MAIN_MODULE: declared.code, **settings(environment, declared)}
    except (StackFileError, RoutingError, NotOurs) as error:
        sys.exit(f"serlo worker: {error}")
    for name, text in files.items():
        write_public(output / name, text)
    shown = page()
    shown.text(f"The worker of {environment.name} is in {output}/. To run it, either of:")
    shown.command(f"npx wrangler dev --config {output}/wrangler.json --var API_SECRET:<secret>")
    shown.command(f"new Miniflare({{ ...settings, rootPath: {json_format.dumps(str(output))} }})")
    shown.text("where settings is miniflare.json with API_SECRET added to its bindings")
    shown.show()


def settings(environment: Environment, declared: Script) -> dict[str, str]:
    """What miniflare and wrangler are to be told, by file."""
    secrets = [name for name, key in SECRET_BINDINGS.items() if key in environment.secrets]
    return {
        "miniflare.json": _json(
            {
                "name": declared.name,
                "scriptPath": MAIN_MODULE,
                "modules": True,
                "modulesRoot": ".",
                "compatibilityDate": COMPATIBILITY_DATE,
                "bindings": declared.variables,
                "kvNamespaces": [STORE],
                "secrets": secrets,
            }
        ),
        "wrangler.json": _json(
            {
                "name": declared.name,
                "main": MAIN_MODULE,
                "compatibility_date": COMPATIBILITY_DATE,
                "vars": declared.variables,
                "kv_namespaces": [{"binding": STORE, "id": "path-info"}],
            }
        ),
    }


def _json(value: object) -> str:
    return json_format.dumps(value, indent=2)
