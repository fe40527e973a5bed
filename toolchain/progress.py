"""Tell people what takes so long: a live display on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

LINE_EVERY = 15.0
"""Seconds between two lines about the same work where no terminal is attached."""


class Progress(Protocol):
    """What the resolver tells about its work. Safe to call from several threads."""

    def say(self, line: str) -> None:
        """Show one line that stays."""
        ...

    def work(self, what: str, usual: str | None = None) -> AbstractContextManager[None]:
        """Show `what` with its elapsed time until the context ends."""
        ...

    def tick(self) -> None:
        """Be called often while work goes on: the moment to show something, if one is due."""
        ...


def elapsed(seconds: float) -> str:
    """Seconds as people say them: `48 s`, `3 min 12 s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def sentence(what: str, seconds: float, usual: str | None) -> str:
    """One piece of work with its elapsed time and the time it usually takes."""
    expected = f", usually about {usual}" if usual else ""
    return f"{what} … {elapsed(seconds)}{expected}"


class Lines:
    """Plain lines, for logs and pipes."""

    def __init__(self, stream: TextIO, every: float = LINE_EVERY) -> None:
        self._stream = stream
        self._every = every
        self._lock = threading.Lock()
        self._running: dict[object, tuple[str, float, str | None]] = {}
        self._due: dict[object, float] = {}

    def say(self, line: str) -> None:
        """Write one line."""
        print(line, file=self._stream, flush=True)

    @contextmanager
    def work(self, what: str, usual: str | None = None) -> Generator[None]:
        """Write a line at the start, then one every while."""
        key, started = object(), time.monotonic()
        with self._lock:
            self._running[key] = (what, started, usual)
            self._due[key] = started + self._every
        self.say(f"{what} …" + (f" (usually about {usual})" if usual else ""))
        try:
            yield
        finally:
            with self._lock:
                del self._running[key], self._due[key]

    def tick(self) -> None:
        """Write the lines that are due."""
        now = time.monotonic()
        with self._lock:
            due = [key for key, moment in self._due.items() if moment <= now]
            lines: list[str] = []
            for key in due:
                what, started, usual = self._running[key]
                lines.append(sentence(what, now - started, usual))
                self._due[key] = now + self._every
        for line in lines:
            self.say(line)


class _Sentence(ProgressColumn):
    """The whole sentence about one task: what, elapsed, usual."""

    def render(self, task: Task) -> Text:
        usual = task.fields.get("usual")
        return Text(sentence(task.description, task.elapsed or 0, usual))


class LiveProgress:
    """One display of everything that goes on, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._display: RichProgress | None = None
        self._working = 0

    def say(self, line: str) -> None:
        """Write one line above the display."""
        self._console.print(Text(line))

    @contextmanager
    def work(self, what: str, usual: str | None = None) -> Generator[None]:
        """Show the work in the display; the display is there while any work is."""
        with self._lock:
            if self._display is None:
                columns = (SpinnerColumn(), _Sentence(), TextColumn(""))
                self._display = RichProgress(*columns, console=self._console, transient=True)
                self._display.start()
            display, self._working = self._display, self._working + 1
            task = display.add_task(what, total=None, usual=usual)
        try:
            yield
        finally:
            with self._lock:
                display.remove_task(task)
                self._working -= 1
                if self._working == 0:
                    display.stop()
                    self._display = None

    def tick(self) -> None:
        """Nothing to do: the display refreshes itself."""


def on_stderr() -> Progress:
    """The progress for this process's standard error."""
    if sys.stderr.isatty():
        return LiveProgress(Console(stderr=True))
    return Lines(sys.stderr)
