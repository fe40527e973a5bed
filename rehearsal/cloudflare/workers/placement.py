"""Which scripts are to run for which zones: those that routes name, and those that they bind."""

from rehearsal.cloudflare.runtime.config import Placed
from rehearsal.cloudflare.storage import Storage
from rehearsal.cloudflare.workers.store import current_version


def placed_scripts(storage: Storage) -> list[Placed]:
    """Every script that a request can reach now, once per zone."""
    rows = storage.all(
        "SELECT DISTINCT routes.script, zones.name, zones.account_id FROM routes"
        " JOIN zones ON zones.id = routes.zone_id WHERE routes.script IS NOT NULL"
    )
    waiting = [(str(row["account_id"]), str(row["script"]), str(row["name"])) for row in rows]
    placed: dict[tuple[str, str, str], Placed] = {}
    while waiting:
        account, script, zone = place = waiting.pop()
        version = current_version(storage, account, script)
        if version is None or place in placed:
            continue
        placed[place] = Placed(script, zone, version)
        waiting += [
            (account, str(binding["service"]), zone)
            for binding in version.bindings
            if binding["type"] == "service"
        ]
    return list(placed.values())
