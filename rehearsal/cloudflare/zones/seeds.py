"""The zones and accounts that a rehearsal begins with, from arguments and from `zones.json`."""

import sqlite3
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rehearsal.cloudflare.steering import SteeringError, SteeringFile
from rehearsal.cloudflare.storage import Storage
from rehearsal.cloudflare.zones.zone import add_zone

_IDENTIFIER = r"^[0-9a-f]{32}$"


class Seed(BaseModel):
    """One entry of zones.json."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    id: str = Field(pattern=_IDENTIFIER)
    account: str = Field(pattern=_IDENTIFIER)


_SEEDS = TypeAdapter(list[Seed])


class Seeds:
    """Puts the zones into the state, at the start and whenever zones.json changes."""

    def __init__(
        self,
        storage: Storage,
        file: Path,
        zones: tuple[tuple[str, str], ...],
        account: str | None,
    ) -> None:
        """Seed the state. Raises SteeringError."""
        self._storage = storage
        self._account = account
        self._folder = file.parent
        expected = '[{"name": domain, "id": 32 hex digits, "account": 32 hex digits}]'
        self._file = SteeringFile(file, _SEEDS, self._add, expected)
        if zones and account is None:
            raise SteeringError(
                "--zone needs --account, the id of the account that the zones are in"
            )
        given = [{"name": name, "id": identifier, "account": account} for name, identifier in zones]
        try:
            self._add(_SEEDS.validate_python(given))
        except ValidationError as error:
            raise SteeringError(f"--zone or --account: {error}") from None
        self.refresh()

    def refresh(self) -> None:
        """Read zones.json again if it changed. Zones are added or renamed, never removed."""
        self._file.refresh()

    def accounts(self) -> set[str]:
        """The ids of all accounts: the given one and those of the zones."""
        rows = self._storage.all("SELECT DISTINCT account_id FROM zones")
        return {str(row["account_id"]) for row in rows} | ({self._account} - {None})  # pyright: ignore[reportReturnType]

    def _add(self, seeds: list[Seed]) -> None:
        try:
            with self._storage.transaction():
                for seed in seeds:
                    add_zone(self._storage, seed.id, seed.name, seed.account)
        except sqlite3.IntegrityError:
            names = ", ".join(seed.name for seed in seeds)
            raise SteeringError(
                f"one of the zones {names} exists already under another id; use its id, or begin "
                f"with a fresh state folder instead of {self._folder}"
            ) from None
