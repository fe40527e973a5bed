"""Where the text of a changelog comes from: a file, an address, or its repository at GitHub."""

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.declaration.release import Channel
from infra.declaration.service import Service
from operations.support.urls import NoAnswer, on_this_machine, trusted
from rehearsal.files import write_private
from toolchain.cache import user_cache

MIRROR = "SERLO_CHANGELOGS"
"""Names the variable that holds a folder or an address with `<owner>/<repository>/CHANGELOG.md`."""

_SECONDS = 10.0
_LARGEST = 8 * 1024 * 1024
KEPT_FOR = 3600
"""Seconds for which a changelog is not fetched again; an older copy serves while offline."""

_NONE = {
    "db-migration": "its versions are not those of the CHANGELOG of serlo/api.serlo.org",
    "dbdump": "serlo/infra keeps none for its images",
    "dbsetup": "serlo/infra keeps none for its images",
    "varnish": "its image is built without one",
    "redis": "its release notes are in a form of their own",
    "editor-renderer": "serlo/frontend keeps none for it",
    "legacy-editor-renderer": "serlo/serlo.org-legacy keeps none for it",
    "serlo-org": "that of serlo/serlo.org-legacy ends long before",
}
"""Services, by version key, whose repository has no changelog that speaks of them, and why."""


class ChangelogUnavailable(NoAnswer):
    """There is no changelog, or it cannot be read now; `reason` is one line for people."""


@dataclass(frozen=True)
class Changelog:
    """The text of a changelog and where it is from; `note` says what is amiss with it, if so."""

    text: str
    origin: str
    note: str | None = None


def changelog_text(service: Service) -> str:
    """The text of a service's changelog; raises ChangelogUnavailable, which never stops anybody."""
    return read_changelog(service).text


def read_changelog(
    service: Service,
    *,
    file: Path | None = None,
    url: str | None = None,
    offline: bool = False,
) -> Changelog:
    """A service's changelog: from `file` or `url` if given, else from where it is kept.

    `offline`: only an earlier copy counts, without the network. Raises
    ChangelogUnavailable.
    """
    fetch = _copied if offline else _fetch
    if file is not None:
        return _read(file)
    if url is not None:
        return fetch(url)
    if service.channel is Channel.CONTINUOUS:
        raise ChangelogUnavailable(
            f"{service.name} is published continuously: its merged pull requests are the record"
        )
    if service.version_key in _NONE:
        raise ChangelogUnavailable(f"{service.name} has no changelog: {_NONE[service.version_key]}")
    name = f"{service.source}/CHANGELOG.md"
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return fetch(f"https://raw.githubusercontent.com/{service.source}/HEAD/CHANGELOG.md")
    if "://" in mirror:
        return fetch(f"{mirror.rstrip('/')}/{name}")
    return _read(Path(mirror) / name)


def _read(file: Path) -> Changelog:
    try:
        return Changelog(file.read_text(encoding="utf-8", errors="replace"), str(file))
    except OSError as error:
        raise ChangelogUnavailable(f"{file} cannot be read: {error.strerror}") from None


def _copied(url: str) -> Changelog:
    kept = _kept(_copy_of(url))
    if kept is None:
        raise ChangelogUnavailable(f"there is no copy of {url}")
    return Changelog(kept[0], url)


def _fetch(url: str) -> Changelog:
    copy = _copy_of(url)
    kept = _kept(copy)
    if kept is not None and kept[1] < KEPT_FOR:
        return Changelog(kept[0], url)
    try:
        text = _get(url)
    except NoAnswer as error:
        if kept is None:
            raise ChangelogUnavailable(error.reason) from None
        hours = round(kept[1] / 3600)
        return Changelog(kept[0], url, f"{error.reason}; shown is a copy of {hours} h ago")
    with suppress(OSError):
        write_private(copy, text)
    return Changelog(text, url)


def _get(url: str) -> str:
    """The text at an address; raises NoAnswer."""
    import httpx  # noqa: PLC0415 slower than all the rest, and not needed for links and files

    def refuse_plain(request: httpx.Request) -> None:
        if not trusted(str(request.url)):
            raise NoAnswer(f"{request.url} is not an https address")

    if not trusted(url):
        raise NoAnswer(f"{url} is not an https address")
    text = bytearray()
    deadline = time.monotonic() + _SECONDS
    try:
        with (
            httpx.Client(
                follow_redirects=True,
                timeout=_SECONDS,
                trust_env=not on_this_machine(url),
                event_hooks={"request": [refuse_plain]},
            ) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != 200:
                raise NoAnswer(f"{url} answers with status {answer.status_code}")
            for piece in answer.iter_bytes():
                text += piece
                if len(text) > _LARGEST or time.monotonic() > deadline:
                    raise NoAnswer(f"{url} answers without end")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NoAnswer(f"{urlsplit(url).netloc} cannot be reached: {error}") from None
    return text.decode("utf-8", errors="replace")


def _copy_of(url: str) -> Path:
    return user_cache("changelogs") / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.md"


def _kept(copy: Path) -> tuple[str, float] | None:
    """An earlier answer, and its age in seconds."""
    try:
        return copy.read_text(encoding="utf-8"), max(0.0, time.time() - copy.stat().st_mtime)
    except (OSError, ValueError):
        return None
