"""`serlo worker`: the worker as one file, which miniflare and wrangler run as it is."""

import json as json_format
from pathlib import Path

from infra.edge.cloudflare.worker_script import (
    MAIN_MODULE,
    script,
)
from infra.stack.environment import Environment
from operations.declared.stack_files import existing_stack
from operations.errors import reports_errors
from operations.routing.managed_worker import require_managed_worker
from operations.routing.worker_folder import settings
from operations.support.output import page
from rehearsal.files import write_public


@reports_errors
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
    environment = Environment.load(existing_stack(stack))
    require_managed_worker(environment)
    declared = script(environment)
    files = {MAIN_MODULE: declared.code, **settings(environment, declared)}
    for name, text in files.items():
        write_public(output / name, text)
    shown = page()
    shown.text(f"The worker of {environment.name} is in {output}/. To run it, either of:")
    shown.command(f"npx wrangler dev --config {output}/wrangler.json --var API_SECRET:<secret>")
    shown.command(f"new Miniflare({{ ...settings, rootPath: {json_format.dumps(str(output))} }})")
    shown.text("where settings is miniflare.json with API_SECRET added to its bindings")
    shown.show()
