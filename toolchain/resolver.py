"""Find a pinned tool: in the cache, on PATH, as an official download; else make it."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from toolchain import cache, checksums, download, found, sources
from toolchain.catalogue import CATALOGUE, Entry, GoBuild, GoFolder, Npm, Wheel
from toolchain.commands import Runner
from toolchain.errors import Cancelled, ToolError
from toolchain.progress import Progress, elapsed, on_stderr

JOBS = min(2, os.cpu_count() or 1)
"""How many tools are made at once. A Go build uses every core by itself for most of its time."""


@dataclass(frozen=True)
class Tool:
    """A tool that is there."""

    name: str
    version: str
    path: Path
    """The executable, or the folder of what is no executable."""
    origin: str
    """Where it came from: `path`, `download`, `build`, `module`, `wheel`, `npm`, or `cache` when
    it was found in the cache without a record."""
    note: str = ""
    """What is to be known about it: that it is an older release than the pinned one."""


class Toolchain:
    """Resolves the tools of a catalogue.

    Safe in several threads and processes at once: who makes a tool holds its lock, and the others
    wait for it and take what it made.
    """

    def __init__(
        self,
        catalogue: Mapping[str, Entry] = CATALOGUE,
        *,
        root: Path | None = None,
        folder: Path = Path(__file__).parent,
        progress: Progress | None = None,
    ) -> None:
        """`root` is the cache's folder, `folder` holds the go.mod folders and lock files."""
        self._catalogue = catalogue
        self._root = root or cache.default_root()
        self._folder = folder
        self._progress = progress or on_stderr()
        self._cancelled = threading.Event()
        self._reach = download.Reachability(
            entry.download for entry in catalogue.values() if entry.download
        )
        self._resolved: dict[str, Tool] = {}

    def names(self, *needed_for: str) -> list[str]:
        """The names in the catalogue, all or those needed for the given purposes."""
        return [
            entry.name
            for entry in self._catalogue.values()
            if not needed_for or entry.needed_for in needed_for
        ]

    def entry(self, name: str) -> Entry:
        """The catalogue's entry. Raises ToolError for an unknown name."""
        if name not in self._catalogue:
            known = ", ".join(sorted(self._catalogue))
            raise ToolError(f"there is no tool {name!r} in the catalogue; it has: {known}")
        return self._catalogue[name]

    def find(self, name: str) -> Tool | None:
        """The tool if it is there already, in the cache or on PATH. Nothing is made."""
        entry = self.entry(name)
        return self._cached(entry) or self._on_path(entry)

    def resolve(self, name: str) -> Tool:
        """The tool, downloaded or made if need be.

        Raises ToolError, whose message is for people, when it cannot be had.
        """
        known = self._resolved.get(name)
        if known is None or not known.path.exists():
            known = self.find(name) or self._obtain(self.entry(name))
            self._resolved[name] = known
        return known

    def renew(self, name: str) -> None:
        """Get the pinned release of a tool of which there is an older one, if it can be had now.

        Raises ToolError when what came is not what was published.
        """
        entry = self.entry(name)
        tool = self.find(name)
        if entry.older is not None and tool is not None and tool.version == entry.older.version:
            self._obtain_in(entry, self._slot(entry), build=False)
            self._resolved.pop(name, None)

    def pin(self) -> list[str]:
        """Record the sums of all official downloads in checksums.txt; returns what is missing.

        Raises ToolError if a release publishes another sum than the recorded one.
        """
        downloads = [entry.download for entry in self._catalogue.values() if entry.download]
        return checksums.pin(downloads, self._folder / "checksums.txt")

    def resolve_all(self, names: Iterable[str]) -> dict[str, Tool]:
        """All the tools, by name; what is missing is made, two at a time, under one display.

        Raises one ToolError that names every tool that failed.
        """
        wanted = list(dict.fromkeys(names))
        entries = [self.entry(name) for name in wanted]
        missing = [entry for entry in entries if self.find(entry.name) is None]
        futures: list[Future[Tool]] = []
        try:
            with self._builds_ahead(missing), ThreadPoolExecutor(JOBS) as pool:
                try:
                    futures += [pool.submit(self.resolve, entry.name) for entry in missing]
                    self._wait_for(futures)
                except BaseException:  # Ctrl-C: end what runs, start nothing more
                    self._cancelled.set()
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            self._cancelled.clear()
        failures = [error for future in futures if (error := future.exception()) is not None]
        for error in failures:
            if not isinstance(error, ToolError):
                raise error
        if failures:
            raise ToolError("\n\n".join(str(error) for error in failures))
        return {name: self.resolve(name) for name in wanted}

    def _builds_ahead(self, missing: list[Entry]) -> AbstractContextManager[object]:
        """Keep what Go compiled from one build to the next."""
        return cache.go_caches(self._root) if missing else nullcontext()

    def clean(self) -> list[Path]:
        """Remove what no pinned version needs from the cache. Returns what was removed."""
        needed: list[cache.Slot] = []
        for entry in self._catalogue.values():
            slots = self._slots(entry)
            there = [slot for slot in slots if slot.payload.exists()]
            needed += there[:1] or slots
        return cache.remove_unneeded(self._root, needed)

    def _wait_for(self, futures: list[Future[Tool]]) -> None:
        """Wait in short steps, so that Ctrl-C is noticed."""
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)

    # --- What is there already ---

    def _slot(self, entry: Entry) -> cache.Slot:
        version = entry.version
        lock = self._lock(entry)
        if lock is not None:  # two locks may well name one version
            version = f"{version}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
        return cache.Slot(self._root, entry.name, version)

    def _slots(self, entry: Entry) -> list[cache.Slot]:
        """Where the tool may be in the cache: the pinned release, then the older one."""
        older = [cache.Slot(self._root, entry.name, entry.older.version)] if entry.older else []
        return [self._slot(entry), *older]

    def _lock(self, entry: Entry) -> Path | None:
        """The file that pins what else comes with a tool, if there is any."""
        match entry.source:
            case Npm(folder=folder):
                return self._folder / folder / "package-lock.json"
            case _:
                return None

    def _path_in(self, entry: Entry, payload: Path) -> Path:
        """What a tool's path is, within what the cache holds."""
        match entry.source:
            case Wheel(executable=executable):
                return payload / executable
            case Npm():
                return payload / "node_modules"
            case GoFolder():
                return payload
            case GoBuild() | None:  # a folder where the release has other files beside it
                return payload / entry.name if payload.is_dir() else payload

    def _tool(self, entry: Entry, slot: cache.Slot, origin: str) -> Tool:
        path = self._path_in(entry, slot.payload)
        if entry.older is None or slot.version != entry.older.version:
            return Tool(entry.name, entry.version, path, origin)
        note = f"of {entry.older.date}; {entry.version} cannot be downloaded here"
        return Tool(entry.name, entry.older.version, path, origin, note)

    def _cached(self, entry: Entry) -> Tool | None:
        tools = (self._cached_in(entry, slot) for slot in self._slots(entry))
        return next((tool for tool in tools if tool is not None), None)

    def _cached_in(self, entry: Entry, slot: cache.Slot) -> Tool | None:
        path = self._path_in(entry, slot.payload)
        if not path.exists():
            return None
        origin = slot.origin()
        if origin is None:
            # Put there by hand, or damaged: an executable must prove itself once.
            if entry.tells_version and self._complaint(entry, path):
                return None
            with suppress(OSError):
                slot.adopt()
            origin = "cache"
        return self._tool(entry, slot, origin)

    def _on_path(self, entry: Entry) -> Tool | None:
        if not entry.tells_version:
            return None
        hit = found.on_path(entry, os.environ.get("PATH", ""))
        return Tool(entry.name, hit[1], hit[0], "path") if hit else None

    # --- What must be had ---

    def _obtain(self, entry: Entry) -> Tool:
        release, *older = self._slots(entry)
        tool = self._obtain_in(entry, release, build=not older and entry.source is not None)
        if tool is None and older:
            tool = self._obtain_in(entry, older[0], build=True)
        if tool is None:
            raise ToolError(
                f"{entry.name} {entry.version} cannot be downloaded here, and it is not in the "
                "package registries"
            )
        return tool

    def _obtain_in(self, entry: Entry, slot: cache.Slot, *, build: bool) -> Tool | None:
        """The tool in this place of the cache, downloaded or, with `build`, made."""
        with slot.locked(self._progress, self._cancelled):
            tool = self._cached_in(entry, slot)  # somebody else may have made it while we waited
            if tool is not None:
                return tool
            with slot.staged() as stage:
                made = stage / slot.name
                origin = self._download(entry, made) if slot == self._slot(entry) else None
                if origin is None and build:
                    origin = self._make(entry, slot, made)
                if origin is None:
                    return None
                slot.publish(made, origin)
        return self._tool(entry, slot, origin)

    def _download(self, entry: Entry, target: Path) -> str | None:
        if entry.download is None or not download.offered(entry.download, self._reach):
            return None
        try:
            with self._progress.work(f"downloading {entry.name} {entry.version}"):
                recorded = checksums.read(self._folder / "checksums.txt")
                download.fetch(entry.download, target, self._keep_going(entry), recorded)
        except download.Unavailable:
            return None
        self._verify(entry, self._path_in(entry, target))
        return "download"

    def _keep_going(self, entry: Entry) -> Callable[[], None]:
        def tick() -> None:
            if self._cancelled.is_set():
                raise Cancelled(f"{entry.name} {entry.version}: interrupted")
            self._progress.tick()

        return tick

    def _make(self, entry: Entry, slot: cache.Slot, target: Path) -> str:
        what = f"{entry.name} {slot.version}"
        slot.log.unlink(missing_ok=True)
        runner = Runner(what, slot.log, self._progress, self._cancelled)
        if isinstance(entry.source, GoBuild | GoFolder):
            self.resolve("go")  # first, so that its own work is not told as part of this one
        if isinstance(entry.source, Npm):
            self.resolve("node")
        started = time.monotonic()
        with cache.go_caches(self._root) as go_caches:
            workshop = sources.Workshop(
                self._folder, runner, lambda name: self.resolve(name).path, go_caches
            )
            origin = self._make_in(workshop, entry, what, target)
        self._verify(entry, self._path_in(entry, target))
        self._progress.say(f"{what} is ready ({origin}, {elapsed(time.monotonic() - started)})")
        return origin

    def _make_in(self, workshop: sources.Workshop, entry: Entry, what: str, target: Path) -> str:
        match entry.source:
            case GoBuild() as source:
                with self._progress.work(f"building {what} from Go modules", source.usual):
                    sources.go_build(source, workshop, target)
                return "build"
            case GoFolder() as source:
                with self._progress.work(f"fetching {what} as a Go module"):
                    sources.go_folder(source, entry.version, workshop, target)
                return "module"
            case Wheel() as source:
                with self._progress.work(f"installing {what} from a wheel"):
                    sources.wheel(source, workshop, target)
                return "wheel"
            case Npm() as source:
                with self._progress.work(f"installing {what} with npm"):
                    sources.npm(source, workshop, target)
                return "npm"
            case None:
                raise ToolError(f"{what} can only be downloaded")

    def _complaint(self, entry: Entry, path: Path) -> str | None:
        """What is wrong with an executable, from running it; None when nothing is."""
        answer = found.ask(entry, path)
        return None if found.names_exact_version(entry, answer) else answer.text

    def _verify(self, entry: Entry, path: Path) -> None:
        if not path.exists():
            raise ToolError(f"{entry.name} {entry.version} was built, but has no {path.name}")
        if entry.tells_version and (complaint := self._complaint(entry, path)) is not None:
            asked = " ".join([entry.name, *entry.version_arguments])
            raise ToolError(
                f"{entry.name} was built, but is not {entry.version}: `{asked}` says: {complaint}"
            )


_DEFAULTS: dict[Path, Toolchain] = {}


def default() -> Toolchain:
    """The toolchain of this repository and this user."""
    root = cache.default_root()  # follows $XDG_CACHE_HOME, which tests set
    return _DEFAULTS.setdefault(root, Toolchain(root=root))


def resolve(name: str) -> Tool:
    """The tool `name` of the catalogue, found or made: see `Toolchain.resolve`."""
    return default().resolve(name)


def resolve_all(names: Iterable[str]) -> dict[str, Tool]:
    """Several tools by name, what is missing made together: see `Toolchain.resolve_all`."""
    return default().resolve_all(names)
