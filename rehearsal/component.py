"""A program that a supervisor keeps running, as data."""

import signal
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """One program: how it is called, when it may start, and how one knows that it is ready."""

    name: str
    command: Callable[[], list[str]]
    """The command line. Asked before each start, so it may prepare files; runs in the
    supervisor, so it must not take long."""
    ready: Callable[[], bool]
    """Whether it does its work. Asked again and again; an exception counts as no."""
    after: tuple[str, ...] = ()
    """Names of the components that must be ready first."""
    announces: bool = False
    """Whether it prints one line of JSON with its endpoints when it is ready."""
    stop_signal: signal.Signals = signal.SIGTERM
    """What ends it; SIGKILL for those that have nothing to lose and take their time."""
    death_signal: signal.Signals = signal.SIGKILL
    """What it gets when the supervisor dies: SIGTERM for those with children of their own."""
    configuration: Callable[[], str] = lambda: ""
    """A fingerprint of what it reads only at its start: it is restarted when that changes."""
    recover: Callable[[], bool] = lambda: False
    """Called when it cannot be started; True when it is worth trying again."""
