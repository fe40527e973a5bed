"""Looking at a page in a real browser: headless Chromium from the tool cache."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from toolchain.resolver import resolve

WHERE_IT_RUNS = sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")
"""The packed browser is for Linux on x64 alone."""

_SCRIPT = Path(__file__).with_name("browser.mjs")
_SECONDS = 120
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/font-cache</cachedir>
</fontconfig>
"""


def look_at(page: Path, scratch: Path, picture: Path | None = None) -> dict[str, Any]:
    """What a reader finds on a page; `picture` is where a screenshot goes.

    The browser is unpacked into `scratch`, with the libraries that it needs.
    """
    (scratch / "fonts.conf").write_text(_FONTS.format(folder=scratch))
    arguments = [resolve("node").path, _SCRIPT, resolve("playwright-core").path, page]
    done = subprocess.run(
        [str(argument) for argument in (*arguments, *([picture] if picture else []))],
        env={
            **{k: v for k, v in os.environ.items() if "proxy" not in k.lower()},
            "TMPDIR": str(scratch),
            "HOME": str(scratch),
            # The font that comes with it, and for what that lacks those of the machine.
            "FONTCONFIG_FILE": str(scratch / "fonts.conf"),
            # Its libraries come with it, as for Amazon's functions, which it is packed for.
            "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x",
        },
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
