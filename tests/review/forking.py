"""Describes one checkout after the other, each in a fork, as each has its own `infra`.

Everything else is imported once, which is what takes long. Reads a JSON list of root and stack in
each line, and answers with a line of JSON.
"""

import importlib
import json
import os
import sys

for _name in (
    *("ada_url", "pulumi", "pulumi.provider", "pulumi.runtime.mocks", "pydantic"),
    *("pulumi_kubernetes", "runpy", "yaml"),
):
    importlib.import_module(_name)


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
