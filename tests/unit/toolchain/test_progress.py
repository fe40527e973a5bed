"""What people see while they wait."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from toolchain.progress import Lines, LiveProgress, elapsed, sentence


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (192, "3 min 12 s")]
)
def test_elapsed_time_as_people_say_it(seconds: float, said: str) -> None:
    assert elapsed(seconds) == said


def test_the_sentence_about_a_build() -> None:
    what = "building kube-apiserver v1.36.3 from Go modules"
    assert sentence(what, 192, "8 min") == f"{what} … 3 min 12 s, usually about 8 min"
    assert sentence(what, 5, None) == f"{what} … 5 s"


def test_a_log_gets_a_line_now_and_then_and_only_while_work_goes_on() -> None:
    log = io.StringIO()
    lines = Lines(log, every=0)

    with lines.work("building etcd", "1 min"):
        lines.tick()
        lines.tick()
    lines.tick()
    with Lines(log, every=3600).work("building kwok"):
        lines.tick()

    assert log.getvalue().splitlines() == [
        "building etcd … (usually about 1 min)",
        "building etcd … 0 s, usually about 1 min",
        "building etcd … 0 s, usually about 1 min",
        "building kwok …",
    ]


def test_a_terminal_shows_all_work_at_once_and_keeps_the_lines() -> None:
    screen = io.StringIO()
    live = LiveProgress(Console(file=screen, force_terminal=True, width=100))

    with live.work("building etcd", "1 min"), live.work("building kwok"):
        live.say("helm is ready")

    shown = screen.getvalue()
    for part in (
        "building etcd … 0 s, usually about 1 min",
        "building kwok … 0 s",
        "helm is ready",
    ):
        assert part in shown
