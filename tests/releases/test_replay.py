"""A year of daily work, replayed: over 500 changes through the commands, held against a model.

The model knows nothing of files, git or YAML. Each service climbs a ladder of versions; the model
keeps for every stack which rung it is on and which it could go back to.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.commands.bump import bump
from operations.commands.promote import promote
from operations.commands.rollback import rollback
from operations.commands.versions import versions
from operations.support.git import blobs

from .repository import Repository

STEPS = 510
STACKS = ("staging", "production")
START = datetime(2023, 7, 12, 8, tzinfo=UTC)
FIRST_COMMIT = "8" * 40

# Lines written in every way that people write them.
WRITTEN = {
    "staging": {
        "server: 0.52.1": 'server: "0.52.1"   # shared with swr-queue-worker',
        "redis: 6.0.10": "redis: '6.0.10'",
        "varnish: 6.0.2": "varnish:    6.0.2 # as old as it looks",
        "0" * 40: FIRST_COMMIT,
        "kratos: v0.13.0": "kratos: v0.13.0-pre.0",
    },
    "production": {
        f'"{"0" * 40}"': f"'{FIRST_COMMIT}'",
        "database-layer: 0.3.66": "database-layer: 0.3.66 # ➔ see the runbook",
        "kratos: v0.13.0": "kratos: v0.13.0-pre.0 #pinned",
        "  serlo:features:": "  serlo:prereleases: {kratos: Not released yet}\n  serlo:features:",
        "editor-renderer: 13.4.4": "editor-renderer: 13.5.0",
        "legacy-editor-renderer: 3.0.4": "legacy-editor-renderer: 3.1.0",
    },
}
STARTED = {
    "database-layer": "0.3.66",
    "db-migration": "0.1.0",
    "editor-renderer": "13.5.0",
    "frontend": FIRST_COMMIT,
    "kratos": "v0.13.0-pre.0",
    "legacy-editor-renderer": "3.1.0",
    "redis": "6.0.10",
    "serlo-org": "19.2.1",
    "server": "0.52.1",
    "varnish": "6.0.2",
}
SHARED = {
    "server": ("server", "swr-queue-worker"),
    "kratos": ("kratos", "kratos-courier", "kratos-migration"),
    "serlo-org": ("serlo-org", "session-gc"),
}
ONLY = {
    "staging": {"dbsetup": "3.0.3"},
    "production": {"dbdump": "3.1.2", "hydra": "v2.1.2", "hydra-migration": "v2.1.2"},
}
BUSY = ("server", "database-layer", "frontend", "server", "kratos", *STARTED)


@dataclass
class Model:
    """What should be where: rungs by stack and key, and the rungs that a rollback leads to."""

    random: random.Random
    ladders: dict[str, list[str]] = field(
        default_factory=lambda: {key: [text] for key, text in STARTED.items()}
    )
    trails: dict[str, dict[str, list[int]]] = field(
        default_factory=lambda: {stack: {key: [0] for key in STARTED} for stack in STACKS}
    )
    since: dict[str, dict[str, int]] = field(
        default_factory=lambda: {stack: dict.fromkeys(STARTED, 0) for stack in STACKS}
    )
    ran: dict[str, set[int]] = field(default_factory=lambda: {key: {0} for key in STARTED})
    """Rungs that production was ever on."""
    arrived: list[int] = field(default_factory=lambda: [0])
    """Rungs of the frontend in the order in which staging first had them."""

    def rung(self, stack: str, key: str) -> int:
        return self.trails[stack][key][-1]

    def text(self, stack: str, key: str) -> str:
        return self.ladders[key][self.rung(stack, key)]

    def is_pre(self, key: str, rung: int) -> bool:
        return "-" in self.ladders[key][rung]

    def new_rung(self, key: str) -> int:
        """Somebody releases another version; where it stands on the ladder."""
        ladder = self.ladders[key]
        if key == "frontend":
            ladder.append(f"{self.random.getrandbits(160):040x}")
        else:
            ladder.append(self._next(key, ladder[-1]))
        return len(ladder) - 1

    def _next(self, key: str, last: str) -> str:
        prefix, numbers, pre = re.fullmatch(r"(v?)([0-9.]+)(?:-\w+\.(\d+))?", last).groups()  # type: ignore[union-attr]
        major, minor, patch = map(int, numbers.split("."))
        if pre is not None and (key == "kratos" or self.random.random() < 0.4):
            return f"{prefix}{numbers}-pre.{int(pre) + 1}"
        if pre is not None:
            return f"{prefix}{numbers}"
        drawn = self.random.random()
        if drawn < 0.1:
            return f"{prefix}{major + 1}.0.0"
        if drawn < 0.4:
            return f"{prefix}{major}.{minor + 1}.0-pre.0"
        if drawn < 0.6:
            return f"{prefix}{major}.{minor + 1}.0"
        return f"{prefix}{major}.{minor}.{patch + 1}"

    def go(self, stack: str, key: str, rung: int, commit: int) -> None:
        trail = self.trails[stack][key]
        if key == "frontend":  # only what ran before leads back
            self.trails[stack][key] = (
                trail[: trail.index(rung) + 1] if rung in trail else [*trail, rung]
            )
        else:
            self.trails[stack][key] = [*(other for other in trail if other < rung), rung]
        self.since[stack][key] = commit
        if stack == "production":
            self.ran[key].add(rung)
        if key == "frontend" and stack == "staging" and rung not in self.arrived:
            self.arrived.append(rung)

    def is_back(self, key: str, before: int, after: int) -> bool:
        if key == "frontend":
            seen = {before, after} <= set(self.arrived)
            return seen and self.arrived.index(after) < self.arrived.index(before)
        return after < before

    def snapshot(self) -> dict[str, dict[str, tuple[str, int]]]:
        """By service and stack: the version, and the number of the commit that brought it."""
        services: dict[str, dict[str, tuple[str, int]]] = {}
        for stack in STACKS:
            for key in STARTED:
                for service in SHARED.get(key, (key,)):
                    services.setdefault(service, {})[stack] = (
                        self.text(stack, key),
                        self.since[stack][key],
                    )
            for service, text in ONLY[stack].items():
                services.setdefault(service, {})[stack] = (text, 0)
        return services


@dataclass
class Replay:
    """Performs drawn steps, on the repository and on the model, which says what must come out."""

    repository: Repository
    model: Model
    random: random.Random
    commits: list[str]
    done: dict[str, int] = field(default_factory=dict[str, int])

    def perform(self, what: str, step: Callable[[], bool]) -> bool:
        if not step():
            return False
        self.done[what] = self.done.get(what, 0) + 1
        return True

    def bump(self) -> bool:
        stack = "staging" if self.random.random() < 0.85 else "production"
        key = self.random.choice(BUSY)
        rung = self.model.new_rung(key)
        forbidden = stack == "production" and key != "kratos" and self.model.is_pre(key, rung)
        name = self.random.choice(SHARED.get(key, (key,)))
        self._run(
            lambda: bump(name, self.model.ladders[key][rung], **self._stack(stack)), not forbidden
        )
        if not forbidden:
            self.model.go(stack, key, rung, len(self.commits) - 1)
        return not forbidden

    def promote_some(self) -> bool:
        keys = sorted(set(self.random.sample(sorted(STARTED), self.random.choice((1, 1, 2, 3)))))
        moving = [key for key in keys if self._differs(key)]
        allowed = all(self._may_be_promoted(key) for key in moving)
        names = [self.random.choice(SHARED.get(key, (key,))) for key in keys]
        self._run(lambda: promote(*names, **self._both()), allowed, changes=bool(moving))
        if allowed:
            self._moved(moving)
        return allowed and bool(moving)

    def promote_all(self) -> bool:
        down = self.random.random() < 0.3
        moving = [
            key
            for key in STARTED
            if self._differs(key)
            and self._may_be_promoted(key, down=down)
            and not self._given_up(key)
        ]
        self._run(lambda: promote(allow_downgrade=down, **self._both()), True, changes=bool(moving))
        self._moved(moving)
        return bool(moving)

    def roll_back(self) -> bool:
        stack, key = self.random.choice(STACKS), self.random.choice(BUSY)
        trail = self.model.trails[stack][key]
        possible = [r for r in trail[:-1] if self._may_run(stack, key, r)]
        name = self.random.choice(SHARED.get(key, (key,)))
        self._run(lambda: rollback(name, **self._stack(stack)), bool(possible))
        if possible:
            self.model.go(stack, key, possible[-1], len(self.commits) - 1)
        return bool(possible)

    def roll_back_to(self) -> bool:
        stack, key = self.random.choice(STACKS), self.random.choice(BUSY)
        now = self.model.rung(stack, key)
        if key == "frontend":
            choices = self.model.trails[stack][key][:-1]
        else:
            choices = [r for r in range(now) if r >= now - 5]
        if not choices:
            return False
        rung = self.random.choice(choices)
        allowed = self._may_run(stack, key, rung)
        text = self.model.ladders[key][rung]
        self._run(lambda: rollback(key, to=text, **self._stack(stack)), allowed)
        if allowed:
            self.model.go(stack, key, rung, len(self.commits) - 1)
        return allowed

    def mistake(self) -> bool:
        stack, key = self.random.choice(STACKS), self.random.choice(sorted(STARTED))
        now = self.model.text(stack, key)
        older = self.model.ladders[key][: self.model.rung(stack, key)]
        wrong = [
            "latest",
            "production",
            "1.2",
            "^1.2.3",
            "",
            "1.2.3 # no",
            "1.2.3+build",
            f"{now}_",
        ]
        if older and key != "frontend":
            wrong.append(self.random.choice(older))
        self._run(lambda: bump(key, self.random.choice(wrong), **self._stack(stack)), False)
        return True

    def _may_run(self, stack: str, key: str, rung: int) -> bool:
        # Production's allowance for kratos is for a pre-release, and every rung of it is one.
        return stack == "staging" or key == "kratos" or not self.model.is_pre(key, rung)

    def _differs(self, key: str) -> bool:
        return self.model.rung("staging", key) != self.model.rung("production", key)

    def _may_be_promoted(self, key: str, *, down: bool = False) -> bool:
        rung = self.model.rung("staging", key)
        back = self.model.is_back(key, self.model.rung("production", key), rung)
        return self._may_run("production", key, rung) and (down or not back)

    def _given_up(self, key: str) -> bool:
        """Whether production went back from what staging has."""
        rung = self.model.rung("staging", key)
        return rung in self.model.ran[key] and rung not in self.model.trails["production"][key]

    def _moved(self, keys: list[str]) -> None:
        for key in keys:
            self.model.go("production", key, self.model.rung("staging", key), len(self.commits) - 1)

    def _run(self, command: Callable[[], None], allowed: bool, *, changes: bool = True) -> None:
        before = self.repository.bytes()
        if allowed:
            command()
        else:
            with pytest.raises(SystemExit) as refused:
                command()
            assert refused.value.code == 1
        if allowed and changes:
            self.commits.append(
                (self.repository.folder / ".git/refs/heads/main").read_text().strip()
            )
            assert self.commits[-1] != self.commits[-2]
            assert self.repository.bytes() != before
        else:
            assert self.repository.bytes() == before

    def _stack(self, stack: str) -> dict[str, Any]:
        return {"stack": self.repository.name(stack), "commit": True, "offline": True}

    def _both(self) -> dict[str, Any]:
        names = {"from_": self.repository.name("staging"), "to": self.repository.name("production")}
        return {**names, "commit": True, "offline": True}


def _clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    now = START
    while True:
        now += timedelta(hours=7)
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            monkeypatch.setenv(name, now.isoformat())
        yield


def test_a_year_of_changes_and_what_git_knows_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = _clock(monkeypatch)
    next(clock)
    repository = Repository.create(tmp_path, WRITTEN)
    original = repository.bytes()
    drawn = random.Random(7)
    replay = Replay(repository, Model(drawn), drawn, [repository.head()])
    snapshots = [replay.model.snapshot()]
    kinds = {
        "bump": (replay.bump, 10),
        "promotion": (replay.promote_some, 4),
        "promotion of all": (replay.promote_all, 1),
        "rollback": (replay.roll_back, 3),
        "rollback to": (replay.roll_back_to, 2),
        "mistake": (replay.mistake, 1),
    }

    while len(replay.commits) <= STEPS:
        next(clock)
        (name,) = drawn.choices(list(kinds), [weight for _, weight in kinds.values()])
        replay.perform(name, kinds[name][0])
        if len(replay.commits) > len(snapshots):
            snapshots.append(replay.model.snapshot())
            if len(snapshots) % 60 == 0:  # as git does by itself now and then
                repository.git("repack", "-a", "-d", "--quiet")
    capsys.readouterr()

    assert all(replay.done[name] * 40 >= STEPS for name in kinds), replay.done
    for number, (commit, snapshot) in enumerate(zip(replay.commits, snapshots, strict=True)):
        versions(*map(repository.name, STACKS), at=commit, json=True)
        shown = {row["service"]: row for row in json.loads(capsys.readouterr().out)}
        assert shown.keys() == snapshot.keys()
        for service, expected in snapshot.items():
            row = shown[service]
            assert row["versions"] == {s: text for s, (text, _) in expected.items()}, number
            assert {s: r["commit"] for s, r in row["since"].items()} == {
                s: replay.commits[at] for s, (_, at) in expected.items()
            }, (number, service)
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("rev-list", "--count", "HEAD") == str(STEPS + 1)
    for stack in STACKS:
        name = repository.file(stack).name
        expected = _without_versions(original[name])
        assert {_without_versions(content) for content in _contents(repository, stack)} == {
            expected
        }


def _contents(repository: Repository, stack: str) -> list[bytes]:
    """Every state in which a stack file was ever committed."""
    log = repository.git("log", "--format=", "--raw", "--no-abbrev", "--", repository.name(stack))
    return list(blobs(repository.folder, [line.split()[3] for line in log.splitlines()]).values())


def _without_versions(content: bytes) -> bytes:
    """A stack file without the characters of its versions, in the block that holds them."""
    text = content.decode()
    start = text.index("serlo:versions:")
    end = text.index("\n  serlo:", start)
    block, count = re.subn(r"(?m)^(    [a-z-]+: *[\"']?)[0-9a-zA-Z.-]+", r"\1", text[start:end])
    assert count >= len(STARTED)
    return (text[:start] + block + text[end:]).encode()
