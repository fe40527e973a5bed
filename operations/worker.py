"""`serlo worker`: the worker's files in a folder, which miniflare and wrangler run as they are."""

import json as json_format
import sys
from pathlib import Path

from infra.edge.compilation import TableError
from infra.edge.script import COMPATIBILITY_DATE, MAIN_MODULE, SECRET_BINDINGS, script
from infra.environment import Environment, StackFileError
from operations.stacks import stack_file
from rehearsal.files import write_public

STORE = "PATH_INFO_KV"
WORKER_MODULE = "worker.mjs"
ROUTES_MODULE = "routes.mjs"

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

    Parameters
    ----------
    output
        The folder; it is made, and files in it are replaced.
    stack
        local, staging, production, or the path of a stack file.
    """
    try:
        environment = Environment.load(stack_file(stack))
        files = worker_files(environment)
    except (StackFileError, TableError) as error:
        sys.exit(f"serlo worker: {error}")
    for name, text in files.items():
        write_public(output / name, text)
    print(f"The worker of {environment.name} is in {output}/. To run it, either of:")
    print(f"  npx wrangler dev --config {output}/wrangler.json --var API_SECRET:<secret>")
    print(
        "  new Miniflare({ ...miniflare.json, rootPath: folder, bindings: { ...its bindings, "
        "API_SECRET } })"
    )


def worker_files(environment: Environment) -> dict[str, str]:
    """The files by name; secrets are named in them, not contained. Raises TableError."""
    declared = script(environment)
    secrets = [name for name, key in SECRET_BINDINGS.items() if key in environment.secrets]
    return {
        MAIN_MODULE: _ENTRY,
        WORKER_MODULE: declared.code,
        ROUTES_MODULE: f"export const ROUTES = {_json(declared.table)};\n",
        **declared.modules,
        "miniflare.json": _json(
            {
                "name": declared.name,
                "scriptPath": MAIN_MODULE,
                "modules": True,
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
