"""What comes from package managers: wheels, npm packages, folders of Go modules."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.unit.toolchain.workplace import Workplace
from toolchain.catalogue import Entry, Wheel
from toolchain.errors import ToolError
from toolchain.resolver import resolve

WHEELED = Entry("wheeled", "1.0.0", Wheel("wheeled.txt", "wheeled/bin/wheeled"))


def _describe_wheel(workplace: Workplace, *, good_hash: bool = True) -> None:
    """A real wheel with a shell script in it, and requirements that pin its hash."""
    folder = workplace.folder / "requirements"
    folder.mkdir()
    name = "wheeled-1.0.0-py3-none-any.whl"
    information = "wheeled-1.0.0.dist-info"
    files = {
        "wheeled/bin/wheeled": b"#!/bin/sh\necho wheeled 1.0.0\n",
        f"{information}/METADATA": b"Metadata-Version: 2.1\nName: wheeled\nVersion: 1.0.0\n",
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},{len(content)}"
        for path, content in files.items()
    ]
    files[f"{information}/RECORD"] = "\n".join([*record, f"{information}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, content)
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest() if good_hash else "0" * 64
    (folder / "wheeled.txt").write_text(
        f"--no-index\n--find-links {folder}\nwheeled==1.0.0 --hash=sha256:{digest}\n"
    )


def test_an_executable_is_installed_from_a_pinned_wheel(workplace: Workplace) -> None:
    _describe_wheel(workplace)

    tool = workplace.toolchain(WHEELED).resolve("wheeled")

    assert tool.origin == "wheel"
    assert subprocess.check_output([tool.path], text=True) == "wheeled 1.0.0\n"
    assert workplace.toolchain(WHEELED).find("wheeled") == tool
    assert workplace.left("wheeled") == {"wheeled", "origin.json"}


def test_a_wheel_of_another_hash_is_refused(workplace: Workplace) -> None:
    _describe_wheel(workplace, good_hash=False)

    with pytest.raises(ToolError, match=r"(?is)wheeled 1\.0\.0 failed.*hash.*whole log"):
        workplace.toolchain(WHEELED).resolve("wheeled")

    assert workplace.left("wheeled") == set()


def test_a_worker_answers_from_the_installed_runtime(tmp_path: Path) -> None:
    modules = resolve("miniflare").path
    miniflare = (modules / "miniflare" / "dist" / "src" / "index.js").as_uri()
    script = tmp_path / "worker.mjs"
    script.write_text(f"""
        import miniflare from {json.dumps(miniflare)};
        const worker = `export default {{ fetch: () => new Response("from workerd") }}`;
        const edge = new miniflare.Miniflare({{ modules: true, script: worker }});
        const answer = await edge.dispatchFetch("http://localhost/");
        console.log(answer.status, await answer.text());
        await edge.dispose();
    """)

    node = resolve("node").path
    answer = subprocess.run([node, script], capture_output=True, text=True, check=False)

    assert (answer.stdout, answer.returncode) == ("200 from workerd\n", 0), answer.stderr


def test_the_data_folders_hold_what_the_rehearsal_reads() -> None:
    definitions = resolve("gateway-api").path / "config" / "crd" / "standard"
    assert (definitions / "gateway.networking.k8s.io_httproutes.yaml").is_file()
    stages = resolve("kwok-stages").path
    assert list(stages.glob("pod/fast/*.yaml"))
    assert list(stages.glob("node/fast/*.yaml"))
