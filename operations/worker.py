"""`serlo worker`: the worker as one file, which miniflare and wrangler run as it is."""

import json as json_format
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.edge.script import COMPATIBILITY_DATE, MAIN_MODULE, SECRET_BINDINGS, Script, script
from infra.edge.tablecheck import RoutingError
from infra.environment import Environment, StackFileError
from operations.own_table import NotOurs, require_own_table
from operations.stacks import stack_file
from rehearsal.files import write_public
from toolchain import ToolError, resolve

STORE = "PATH_INFO_KV"
WORKER_MODULE = "worker.mjs"
ROUTES_MODULE = "routes.mjs"

_SECONDS = 60

_ENTRY = f"""\
// Written by `serlo worker`. The worker, with its routing table built in: bindings ROUTES_1, … win.

import {{ ROUTES }} from "./{ROUTES_MODULE}";
import worker from "./{WORKER_MODULE}";

/** The worker keeps what it has read of its bindings as long as they are the same object. */
const complete = new WeakMap();

export default {{
  fetch(request, env, ctx) {{
    return worker.fetch(request, withRoutes(env), ctx);
  }},
}};

function withRoutes(env) {{
  if (env.ROUTES_1 !== undefined) return env;
  if (!complete.has(env)) complete.set(env, {{ ...ROUTES, ...env }});
  return complete.get(env);
}}
"""


def worker(*, output: Path, stack: str = "production") -> None:
    """Write the worker of a stack into a folder, so that it runs without Cloudflare.

    index.js has all modules and the routing table in it; miniflare.json and wrangler.json have the
    bindings. Secrets are named only.

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
        files = {MAIN_MODULE: bundled(modules(declared)), **settings(environment, declared)}
    except (StackFileError, RoutingError, NotOurs, ToolError) as error:
        sys.exit(f"serlo worker: {error}")
    for name, text in files.items():
        write_public(output / name, text)
    print(f"The worker of {environment.name} is in {output}/. To run it, either of:")
    print(f"  npx wrangler dev --config {output}/wrangler.json --var API_SECRET:<secret>")
    print(
        f"  new Miniflare({{ ...settings, rootPath: {json_format.dumps(str(output))} }}), where "
        "settings is miniflare.json with API_SECRET added to its bindings"
    )


def modules(declared: Script) -> dict[str, str]:
    """The worker's modules by name, with an entry that brings the table along."""
    return {
        MAIN_MODULE: _ENTRY,
        WORKER_MODULE: declared.code,
        ROUTES_MODULE: f"export const ROUTES = {_json(declared.table)};\n",
        **declared.modules,
    }


def bundled(sources: Mapping[str, str]) -> str:
    """The modules in one, so that it can be handed on as a file or as a text.

    Raises ToolError.
    """
    node_modules = resolve("miniflare").path
    esbuild = next(node_modules.glob("@esbuild/*/bin/esbuild"), None)
    if esbuild is None:
        raise ToolError(f"{node_modules} has no esbuild")
    with tempfile.TemporaryDirectory(prefix="serlo-worker-") as folder:
        for name, text in sources.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [esbuild, MAIN_MODULE, "--bundle", "--format=esm", "--charset=utf8"],
            cwd=folder,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        raise ToolError(f"esbuild: {done.stderr.decode()}")
    return done.stdout.decode()


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
                "bindings": {**declared.variables, **declared.table},
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
