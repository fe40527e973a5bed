"""A real registry on this machine: the reference implementation, with images pushed by tests."""

import base64
import gzip
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import yaml

from rehearsal.cloudflare.runtime import parent_guard
from toolchain.resolver import resolve

_LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@cache
def executable() -> Path:
    """The registry's program, had once: tests move the cache that it is kept in."""
    return resolve("registry").path


class RegistryServer:
    """A running registry. `url` is its address, `host` the same without the scheme."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._token: str | None = None
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "info", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": "127.0.0.1:0", "secret": "of no importance"},
            # So that a handful of tags takes several pages.
            "tags": {"maxtags": 3},
            **(settings or {}),
        }
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump(config))
        guard = [sys.executable, "-S", "-E", str(Path(str(parent_guard.__file__)))]
        command = [str(executable()), "serve", str(file)]
        self._process = subprocess.Popen(
            [*guard, str(os.getpid()), *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={"OTEL_TRACES_EXPORTER": "none", "PATH": os.environ["PATH"]},
        )
        self.log: list[str] = []
        self.host = self._address()
        self.url = f"http://{self.host}"
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            found = _LISTENING.search(line)
            if found is not None:
                threading.Thread(target=self._drain, daemon=True).start()
                return found[1]
        raise AssertionError("".join(self.log))

    def _drain(self) -> None:
        assert self._process.stderr is not None
        self.log.extend(self._process.stderr)

    def authorize(self, token: str) -> None:
        """Push with this token from now on."""
        self._client.headers["Authorization"] = f"Bearer {token}"

    def push(self, repository: str, *tags: str, content: str = "") -> str:
        """Push an image whose one layer holds a file with this content; returns its digest."""
        layer = _layer(content)
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]},
            }
        ).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._blob(repository, config, "application/vnd.oci.image.config.v1+json"),
            "layers": [
                self._blob(repository, layer, "application/vnd.oci.image.layer.v1.tar+gzip")
            ],
        }
        return self._manifests(repository, manifest, tags)

    def push_index(self, repository: str, tag: str, *digests: str) -> str:
        """Push an index over images that are there already; returns its digest."""
        manifests = [
            {
                "mediaType": _MANIFEST,
                "digest": digest,
                "size": len(
                    self._client.get(
                        f"/v2/{repository}/manifests/{digest}", headers={"Accept": _MANIFEST}
                    ).content
                ),
                "platform": {"os": "linux", "architecture": architecture},
            }
            for digest, architecture in zip(digests, ("amd64", "arm64"), strict=False)
        ]
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
        return self._manifests(repository, index, (tag,))

    def close(self) -> None:
        """Stop the registry."""
        self._client.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=20)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _blob(self, repository: str, content: bytes, kind: str) -> dict[str, Any]:
        started = self._client.post(f"/v2/{repository}/blobs/uploads/")
        assert started.status_code == 202, started.text
        target = httpx.URL(urljoin(f"{self.url}/", started.headers["location"]))
        digest = _digest(content)
        done = self._client.put(target.copy_merge_params({"digest": digest}), content=content)
        assert done.status_code == 201, done.text
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def _manifests(self, repository: str, manifest: dict[str, Any], tags: tuple[str, ...]) -> str:
        body = json.dumps(manifest).encode()
        digest = _digest(body)
        for tag in tags or (digest,):
            done = self._client.put(
                f"/v2/{repository}/manifests/{tag}",
                content=body,
                headers={"Content-Type": manifest["mediaType"]},
            )
            assert done.status_code == 201, done.text
        return digest


@contextmanager
def registry_server(folder: Path, **settings: Any) -> Generator[RegistryServer]:
    """A registry for the duration of a block."""
    server = RegistryServer(folder, settings)
    try:
        yield server
    finally:
        server.close()


def docker_config(folder: Path, **content: Any) -> Path:
    """Write Docker's configuration into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content))
    return folder


def auth(user: str, password: str) -> dict[str, str]:
    """An entry of `auths`."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _layer(content: str) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("content")
        member.size = len(content.encode())
        tar.addfile(member, io.BytesIO(content.encode()))
    return gzip.compress(archive.getvalue(), mtime=0)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
