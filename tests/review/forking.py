"""Describes one checkout after the other, each in a fork, as each has its own `infra`.

Everything else is imported once, which is what takes long. Reads a JSON list of root and stack in
each line, and answers with a line of JSON.
"""

import gc
import importlib
import json
import os
import sys

for _name in (
    *("ada_url", "pulumi", "pulumi.provider", "pulumi.runtime.mocks", "pydantic"),
    *("pulumi_cloudflare", "runpy", "yaml"),
    *(
        f"pulumi_kubernetes.{group}"
        for group in (
            *("apiextensions", "apps.v1", "autoscaling.v2", "batch.v1", "core.v1", "meta.v1"),
            *("networking.v1", "policy.v1", "rbac.v1", "scheduling.v1"),
        )
    ),
):
    importlib.import_module(_name)
# A fork neither copies nor searches what was imported.
gc.freeze()


def _describe(root: str, stack: str) -> None:
    sys.path.insert(0, root)
    from infra.describe import main  # noqa: PLC0415 of that checkout

    main([stack])
    print(flush=True)


for _line in sys.stdin:
    if (_child := os.fork()) == 0:
        _describe(*json.loads(_line))
        os._exit(0)
    os.waitpid(_child, 0)
