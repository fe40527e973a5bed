"""SHA-256 sums of official downloads, recorded in checksums.txt by `serlo tools --pin`.

The file is a sha256sum list whose names are the URLs, so that a new version is a new line. A
recorded sum wins over what the release publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx

from toolchain.catalogue import Download
from toolchain.download import PATIENCE, Unavailable, published_sum, urls
from toolchain.errors import ToolError

_HEADER = "# SHA-256 sums of official downloads. `serlo tools --pin` writes this file.\n"


def read(file: Path) -> dict[str, str]:
    """The recorded sums by URL; raises ToolError for a line that is none."""
    if not file.exists():
        return {}
    recorded: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        digest, _, url = line.partition("  ")
        if len(digest) != 64 or not url:
            raise ToolError(
                f"{file}:{number}: found {line!r}, expected `<SHA-256>  <URL>`; delete the "
                "line, then run `serlo tools --pin`"
            )
        recorded[url] = digest
    return recorded


def pin(downloads: Iterable[Download], file: Path) -> list[str]:
    """Record the sums that releases publish, for every platform; returns what is missing.

    Lines of other versions are removed. Raises ToolError, and writes nothing, if a release
    publishes another sum than the one that was recorded.
    """
    before = read(file)
    now: dict[str, str] = {}
    missing: list[str] = []
    with httpx.Client(follow_redirects=True, timeout=PATIENCE) as client:
        for download in downloads:
            for platform in download.platforms:
                url, checksums = urls(download, *platform.split("/"))
                try:
                    now[url] = published_sum(client, checksums, url)
                except (httpx.HTTPError, Unavailable) as error:
                    missing.append(f"{url}: {error}")
                    if url in before:
                        now[url] = before[url]
    _refuse_changes(before, now, file)
    lines = "".join(f"{digest}  {url}\n" for url, digest in sorted(now.items()))
    file.write_text(_HEADER + lines)
    return missing


def _refuse_changes(before: Mapping[str, str], now: Mapping[str, str], file: Path) -> None:
    changed = [
        f"  {url}: recorded {before[url]}, published {digest}"
        for url, digest in now.items()
        if before.get(url, digest) != digest
    ]
    if changed:
        raise ToolError(
            "Releases were replaced after their sums were recorded. Nothing was written.\n"
            + "\n".join(changed)
            + f"\nFind out why first. To accept a new sum, delete its line in {file}."
        )
