"""Which Python interpreter runs a program, after the options of its project file."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


class InterpreterMissingError(Exception):
    """The project names a virtual environment that is not there. The message says what to do."""


def find_interpreter(root: Path, options: Mapping[str, object]) -> Path:
    """The interpreter for the project in folder `root` with these `runtime.options`.

    `virtualenv` names a folder, relative to `root`. Without it, `toolchain: uv` means `.venv`,
    and else the interpreter of the language host itself is taken.
    Raises InterpreterMissingError.
    """
    named = options.get("virtualenv")
    if not named and options.get("toolchain") == "uv" and (root / ".venv").is_dir():
        named = ".venv"
    if not named:
        return Path(sys.executable)
    environment = Path(os.path.normpath(root / str(named)))
    interpreter = environment / "bin" / "python"
    if interpreter.is_file():
        return interpreter
    raise InterpreterMissingError(
        f"the virtual environment {environment} has no bin/python. It is named by "
        f"runtime.options.virtualenv ({named}) of the project in {root}: create it there "
        "(python3 -m venv, or uv sync) and install the project's dependencies into it"
    )


def child_environment(
    environment: Mapping[str, str], interpreter: Path, additions: Mapping[str, str]
) -> dict[str, str]:
    """The environment variables of a program: the host's, its virtual environment's, `additions`.

    PYTHONDONTWRITEBYTECODE is left out: without compiled files the providers' SDKs take
    seconds to import, in every run. The engine is reached without a proxy.
    """
    result = {**environment, **additions}
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME"):
        result.pop(name, None)
    result.setdefault("no_grpc_proxy", "127.0.0.1,localhost")
    folder = interpreter.parent
    if (folder.parent / "pyvenv.cfg").is_file():
        result["VIRTUAL_ENV"] = str(folder.parent)
        result["PATH"] = os.pathsep.join([str(folder), result.get("PATH", os.defpath)])
    return result
