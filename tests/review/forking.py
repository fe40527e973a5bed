"""Takes snapshots of one checkout after the other, each in a fork, as each has its own `infra`.

Everything else is imported once, which is what takes long. Reads a JSON list of root, stack and
stack file in each line, and answers with a line of JSON.
"""

import importlib
import io
import json
import os
import sys
import traceback
from contextlib import redirect_stdout

from operations.declared.traceback_tail import reason

for _name in (
    *("ada_url", "cyclopts", "pulumi", "pulumi.provider", "pulumi.runtime.mocks", "pydantic"),
    *("pulumi_kubernetes", "k8s.properties", "runpy", "yaml"),
):
    importlib.import_module(_name)


def _answer(root: str, stack: str, file: str) -> dict[str, object]:
    sys.path.insert(0, root)
    printed = io.StringIO()
    try:
        from operations.declared.snapshot import main  # noqa: PLC0415 it imports `infra`

        with redirect_stdout(printed):
            main([stack, file])
    except BaseException:
        said = reason(traceback.format_exc())
        return {"failed": True, "text": f"its program cannot be run:\n{said}"}
    return {"failed": False, "text": printed.getvalue()}


for _line in sys.stdin:
    if (_child := os.fork()) == 0:
        print(json.dumps(_answer(*json.loads(_line))), flush=True)
        os._exit(0)
    os.waitpid(_child, 0)
