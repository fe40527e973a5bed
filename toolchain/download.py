"""Official downloads: only where they can be reached, only with a checksum that fits."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from toolchain.catalogue import Download
from toolchain.errors import ToolError

PATIENCE = httpx.Timeout(20, connect=3)
PROBE_SECONDS = 4.0
"""How long all hosts together have to answer at all, once per process."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Unavailable(Exception):
    """The download is not to be had here; the next way is tried."""


def this_platform() -> tuple[str, str]:
    """Operating system and architecture in Go's words."""
    machine = platform.machine().lower()
    return ("darwin" if sys.platform == "darwin" else sys.platform, _MACHINES.get(machine, machine))


class Reachability:
    """Which hosts answer. It asks all at once, the first time any is needed."""

    def __init__(self, downloads: Iterable[Download]) -> None:
        self._origins = {_origin(url) for item in downloads for url in (item.url, item.checksums)}
        self._answers: set[str] | None = None
        self._lock = threading.Lock()

    def reachable(self, url: str) -> bool:
        """Whether the host of `url` answered."""
        if os.environ.get("SERLO_TOOLS_DOWNLOAD") == "never":
            return False
        with self._lock:
            if self._answers is None:
                self._answers = self._probe()
            return _origin(url) in self._answers

    def _probe(self) -> set[str]:
        answers: set[str] = set()

        def ask(origin: str) -> None:
            try:
                httpx.head(origin, timeout=httpx.Timeout(PROBE_SECONDS, connect=3))
            except (httpx.HTTPError, OSError):
                return
            answers.add(origin)

        # Daemon threads: a name server that never answers must not hold up anything.
        threads = [
            threading.Thread(target=ask, args=(item,), daemon=True) for item in self._origins
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + PROBE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return set(answers)


def _refuse_plain(url: str) -> None:
    """Raise ToolError for an address without TLS: redirections are held to it as well."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ToolError(f"downloads must use https, not {url}")


def _only_encrypted(request: httpx.Request) -> None:
    _refuse_plain(str(request.url))


def _origin(url: str) -> str:
    _refuse_plain(url)
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def offered(download: Download, reach: Reachability) -> bool:
    """Whether there is a file for this platform, on a host that answers."""
    return "/".join(this_platform()) in download.platforms and reach.reachable(download.url)


def urls(download: Download, system: str, machine: str) -> tuple[str, str]:
    """The addresses of the file and of its published sums for a platform, in Go's words."""
    url, checksums = (
        _fill(text, download, system, machine) for text in (download.url, download.checksums)
    )
    return url, checksums


def _fill(text: str, download: Download, system: str, machine: str) -> str:
    return text.format(
        os=download.system.get(system, system), arch=download.arch.get(machine, machine)
    )


def fetch(
    download: Download, target: Path, tick: Callable[[], None], recorded: Mapping[str, str]
) -> None:
    """Put the executable of `download` at `target`, checked: as a file, or in a folder with what
    is kept beside it.

    `recorded` has the sums that the repository pins, by URL. Raises Unavailable when it cannot be
    had here, and ToolError when what came is not what was recorded or published: that is no reason
    to go on quietly.
    """
    system, machine = this_platform()
    url, checksums = urls(download, system, machine)
    pinned = recorded.get(url)
    if pinned is None and os.environ.get("SERLO_TOOLS_DOWNLOAD") == "pinned":
        raise Unavailable(f"{url}: no sum is recorded in the repository")
    file = target.with_name(f"{target.name}.download")
    with httpx.Client(
        follow_redirects=True,
        timeout=PATIENCE,
        event_hooks={"request": [_only_encrypted]},
    ) as client:
        try:
            expected = pinned or published_sum(client, checksums, url)
            found = _save(client, url, file, tick)
        except httpx.HTTPError as error:
            raise Unavailable(f"{url}: {error}") from None
    if found != expected:
        where = "toolchain/checksums.txt" if pinned else checksums
        raise ToolError(
            f"{url} is not what was published: its SHA-256 is {found}, {where} says {expected}. "
            "The file was deleted. Try again, or do without official downloads: set "
            "SERLO_TOOLS_DOWNLOAD=never."
        )
    if download.member is None:
        file.rename(target)
        target.chmod(0o755)
        return
    members = [
        _fill(member, download, system, machine) for member in (download.member, *download.beside)
    ]
    if download.beside:
        target.mkdir()
    for member in members:
        place = target / Path(member).name if download.beside else target
        _extract(file, member, place, url)
        place.chmod(0o755)
    file.unlink()


def published_sum(client: httpx.Client, checksums: str, url: str) -> str:
    """The SHA-256 sum that a release publishes; raises Unavailable or httpx.HTTPError."""
    response = client.get(checksums).raise_for_status()
    found = find_sum(response.text, url.rsplit("/", 1)[-1])
    if found is None:
        raise Unavailable(f"{checksums} names no SHA-256 sum of {url}")
    return found


def find_sum(text: str, file: str) -> str | None:
    """The SHA-256 sum of `file` in a bare sum, a sha256sum list or a GitHub release document."""
    if re.fullmatch(r"[0-9a-f]{64}", text.strip()):
        return text.strip()
    listed = re.search(rf"^([0-9a-f]{{64}}) [ *](?:\./)?{re.escape(file)}$", text, re.MULTILINE)
    if listed:
        return listed[1]
    try:
        assets = json.loads(text)["assets"]
        digests = [str(item["digest"]) for item in assets if item["name"] == file]
    except (ValueError, KeyError, TypeError):
        return None
    stated = re.fullmatch(r"sha256:([0-9a-f]{64})", digests[0]) if digests else None
    return stated[1] if stated else None


def _save(client: httpx.Client, url: str, file: Path, tick: Callable[[], None]) -> str:
    """Write what `url` gives to `file`; returns its SHA-256."""
    digest = hashlib.sha256()
    with client.stream("GET", url) as response, file.open("wb") as output:
        response.raise_for_status()
        for chunk in response.iter_bytes(1 << 20):
            digest.update(chunk)
            output.write(chunk)
            tick()
    return digest.hexdigest()


def _extract(archive: Path, member: str, target: Path, url: str) -> None:
    try:
        with tarfile.open(archive, "r:gz") as opened:
            source = opened.extractfile(member)
            if source is None:
                raise ToolError(f"{url}: {member} in it is no file")
            with source, target.open("wb") as output:
                shutil.copyfileobj(source, output)
    except (KeyError, tarfile.TarError) as error:
        raise ToolError(f"{url}: no {member} in it: {error}") from None
