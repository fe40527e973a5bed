"""What a rehearsed zone has before the stack comes: the part of other people."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from infra.edge.cloudflare.dns_records import KEPT_BY_HAND
from infra.stack.environment import Environment
from operations.errors import CommandError
from rehearsal.supervisor import Endpoints

_DEFAULT_FOLDER = Path(".rehearsal")


def folder_option(folder: Path) -> str:
    """What commands about the rehearsal in `folder`, as the user named it, have to be given."""
    return "" if folder == _DEFAULT_FOLDER else f" --folder {folder}"


class ScriptMissing(CommandError):
    """The stack names a worker that is not published; the message says how to publish it."""


class EmulatedZone:
    """The environment's zone at the emulated Cloudflare, as its owner sees it."""

    def __init__(self, environment: Environment, endpoints: Endpoints, token: str) -> None:
        self._environment = environment
        self._api = httpx.Client(
            base_url=endpoints.cloudflare_api,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._api.close()

    def add_records_kept_by_hand(self) -> None:
        """Make the records of production's zone that are not declared, if it is production.

        Raises httpx.HTTPError.
        """
        if not self._environment.is_production:
            return
        records = f"/zones/{self._environment.cloudflare.zone_id}/dns_records"
        there = {record["name"] for record in self._result(records)}
        for label in KEPT_BY_HAND:
            host = self._environment.host(label)
            if host not in there:
                # Where it leads in truth is not known: the recordings answer for the host.
                wanted = {"type": "CNAME", "name": host, "content": f"{label}.invalid"}
                wanted |= {"proxied": True, "comment": "Kept by hand"}
                self._api.post(records, json=wanted).raise_for_status()

    def require_script(self, folder: Path) -> None:
        """Raise ScriptMissing if the stack names a worker that is not there, or httpx.HTTPError.

        `folder` is the rehearsal's, as the user named it. Cloudflare only says of a route to such a
        script that it is refused.
        """
        name = self._environment.edge.script
        if name is None:
            return
        account = self._environment.cloudflare.account_id
        scripts = self._result(f"/accounts/{account}/workers/scripts")
        if name in {script["id"] for script in scripts}:
            return
        where = folder_option(folder)
        raise ScriptMissing(
            f"serlo:edge.script names the worker {name}, which is not published to this "
            f"rehearsal yet.\nPublish it from its own folder, then run this again:\n"
            f'  eval "$(serlo env{where})"\n'
            f"  wrangler deploy --name {name}\n"
            f"The servers keep running; `serlo down{where}` stops them."
        )

    def _result(self, path: str) -> list[dict[str, Any]]:
        answer = self._api.get(path, params={"per_page": 5000})
        answer.raise_for_status()
        return cast(list[dict[str, Any]], answer.json()["result"])
