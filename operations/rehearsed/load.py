"""A bounded stream of requests to a rehearsal's edge, and what became of each."""

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

MOST = 20_000
"""Requests of one stream, at most."""
_SENDERS = 4
_PAUSE = 0.01  # seconds between two requests of a sender
_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True)
class Sample:
    """A request: method and URL."""

    method: str
    url: str

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


@dataclass
class Outcome:
    """What became of the requests: how many were sent, and those that were lost, by reason."""

    sent: int = 0
    lost: dict[str, int] = field(default_factory=dict[str, int])
    answers: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """The statuses that each sample got, in the order in which they first came."""

    @property
    def lost_in_all(self) -> int:
        """How many requests got no answer from us, or one that reports a failure."""
        return sum(self.lost.values())


class Stream:
    """Sends the samples in turn until `stop` is called."""

    def __init__(self, edge: str, samples: Sequence[Sample]) -> None:
        self._edge = edge
        self._turn = itertools.cycle(samples)
        self._samples = samples
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._outcome = Outcome()
        self._pool = ThreadPoolExecutor(_SENDERS)
        self._senders: list[Future[None]] = []

    def __enter__(self) -> "Stream":
        self._senders = [self._pool.submit(self._send) for _ in range(_SENDERS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pool.shutdown()

    def outcome(self) -> Outcome:
        """What became of the requests, once the stream has ended."""
        for sender in self._senders:
            sender.result()
        return self._outcome

    def _send(self) -> None:
        with httpx.Client(trust_env=False, timeout=_TIMEOUT, follow_redirects=False) as client:
            while not self._ended.wait(_PAUSE):
                with self._lock:
                    if self._outcome.sent >= MOST:
                        return
                    self._outcome.sent += 1
                    sample = next(self._turn)
                status, problem = _asked(client, self._edge, sample)
                with self._lock:
                    self._note(sample, status, problem)

    def _note(self, sample: Sample, status: int, problem: str) -> None:
        seen = self._outcome.answers.setdefault(str(sample), [])
        if status not in seen:
            seen.append(status)
        if problem:
            key = f"{sample}: {problem}"
            self._outcome.lost[key] = self._outcome.lost.get(key, 0) + 1


def _asked(client: httpx.Client, edge: str, sample: Sample) -> tuple[int, str]:
    parts = urlsplit(sample.url)
    query = f"?{parts.query}" if parts.query else ""
    headers = {"Host": parts.netloc, "x-rehearsal-scheme": parts.scheme}
    try:
        url = f"{edge}{parts.path or '/'}{query}"
        answer = client.request(sample.method, url, headers=headers)
    except httpx.HTTPError as error:
        return 0, type(error).__name__
    return answer.status_code, str(answer.status_code) if answer.status_code >= 500 else ""
