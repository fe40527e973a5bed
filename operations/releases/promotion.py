"""Plans which versions of one stack go to another."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from infra.declaration.release import Commit
from infra.declaration.service import Service
from infra.services import declared
from operations.declared.stack_files import stack_name
from operations.errors import CommandError
from operations.releases.history import History, VersionPeriod
from operations.releases.plan import (
    Direction,
    Plan,
    VersionChange,
    absent,
    direction,
    find_service,
    history_of,
    judge,
    present,
    release_of,
    shared,
    short,
    subject_of,
    went_back,
)
from operations.releases.stack_file_editor import StackText


@dataclass(frozen=True)
class Promotion:
    """Versions that `source` has and `target` is to get."""

    source: StackText
    target: StackText
    allow_downgrade: bool

    def plan(self, names: tuple[str, ...]) -> Plan:
        """What to change for the services of these names, or for all without names."""
        chosen, reasons = self._chosen(names)
        plan = Plan(self.target, [], read={self.source.path: self.source.data})
        for service in chosen:
            move = self._move(service)
            if isinstance(move, str):
                reasons.append(move)
            elif move is not None:
                plan.moves.append(move)
        against = {move.key: list(self._against(move)) for move in plan.moves}
        for move in plan.moves:
            if self._went_back(move):
                reason = (
                    f"{move.key}: {stack_name(self.target.path)} went back from {short(move.after)}"
                )
                if names:
                    plan.notes.append(reason)
                else:
                    against[move.key].append(f"{reason}; name it to promote it again")
        reasons += [reason for found in against.values() for reason in found]
        plan.moves = [move for move in plan.moves if not against[move.key]]
        if names:
            plan.refusals += reasons
        else:
            plan.notes += [f"left out: {reason}" for reason in reasons]
        plan.notes += shared(plan.moves)
        plan.notes += self._left_behind(plan.moves)
        where = f"{stack_name(self.source.path)} ➔ {stack_name(self.target.path)}"
        if len(plan.moves) == 1:
            plan.subject = f"{plan.moves[0].line} ({stack_name(self.target.path)})"
        else:
            plan.subject = subject_of(plan.moves, where, "Promote")
        return plan

    def _chosen(self, names: tuple[str, ...]) -> tuple[list[Service], list[str]]:
        """The services to look at, one for each version, and what is wrong with the names."""
        if not names:
            known = {service.version_key: service for service in declared()}
            both = self.source.versions.keys() & self.target.versions.keys()
            lacking = self.source.versions.keys() - self.target.versions.keys()
            missing = [
                f"{stack_name(self.target.path)} has no {key}"
                for key in sorted(lacking & known.keys())
            ]
            return [self._keeper(key) for key in sorted(both & known.keys())], missing
        chosen: dict[str, Service] = {}
        wrong: list[str] = []
        for name in names:
            try:
                service = find_service(name)
            except CommandError as error:
                wrong += error.reasons
            else:
                chosen[service.version_key] = service
        return list(chosen.values()), wrong

    @staticmethod
    def _keeper(key: str) -> Service:
        return next(service for service in declared() if service.name == key)

    def _move(self, service: Service) -> VersionChange | str | None:
        """The move of a service, None if there is nothing to move, or why it cannot."""
        key = service.version_key
        reason = absent(self.source, service) or absent(self.target, service)
        if reason:
            return reason
        now, wanted = self.target.versions[key], self.source.versions[key]
        return None if now == wanted else VersionChange(key, now, wanted, present(self.target, key))

    def _against(self, move: VersionChange) -> Iterator[str]:
        """Why a version may not be promoted."""
        source, target = stack_name(self.source.path), stack_name(self.target.path)
        key, service = move.key, move.services[0]
        yield from (r for r in judge(Plan(self.target, [move])) if r not in self._mistakes)
        release = release_of(service, move.after)
        if release is None or (isinstance(release, Commit) and release.is_placeholder):
            return
        committed = self._committed
        if committed is not None and committed.get(key) != move.after:
            yield (
                f"{key}: {source} never ran {short(move.after)}: "
                f"it is in {self.source.file.label}, but not committed"
            )
        if self.allow_downgrade:
            return
        if direction(service, move.before, move.after, self._ran(key)) is Direction.DOWN:
            yield (
                f"{key}: {source} has {short(move.after)}, which is older than "
                f"{short(move.before)} in {target}. To go back: serlo rollback {key} "
                f"--to {move.after} --stack {target}, or --allow-downgrade"
            )

    @cached_property
    def _mistakes(self) -> frozenset[str]:
        """Mistakes that are in the file already: carrying out tells them, once."""
        return frozenset(judge(Plan(self.target, [])))

    @cached_property
    def _history(self) -> History | None:
        return history_of(self.source.path)

    def _went_back(self, move: VersionChange) -> bool:
        here = self.source.path.parent == self.target.path.parent
        history = self._history if here else history_of(self.target.path)
        steps = history.steps(self.target.path.name, move.key, move.before) if history else []
        return went_back(move.services[0], move.after, steps)

    @property
    def _committed(self) -> Mapping[str, str] | None:
        """What the source stack has according to git, None if there is no git to ask."""
        if self._history is None:
            return None
        declared = self._history.declared(self.source.path.name)
        return declared.versions if declared is not None else {}

    def _ran(self, key: str) -> Callable[[], list[VersionPeriod]]:
        name, history = self.source.path.name, self._history
        return lambda: history.steps(name, key) if history else []

    def _left_behind(self, moves: list[VersionChange]) -> Iterator[str]:
        """What the services that move need, and what stays behind."""
        moved = {move.key for move in moves}
        for move in moves:
            needs = {find_service(n).version_key for s in move.services for n in s.depends_on}
            for key in sorted(needs - moved):
                ahead, now = self.source.versions.get(key), self.target.versions.get(key)
                if ahead is not None and now is not None and ahead != now:
                    yield (
                        f"{move.key} needs {key}, which stays at {short(now)}; "
                        f"{stack_name(self.source.path)} has {short(ahead)}"
                    )
