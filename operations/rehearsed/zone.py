"""What a rehearsed zone has before the stack comes: the part of other people."""

from pathlib import Path

from infra.edge.cloudflare.dns_records import KEPT_BY_HAND
from infra.stack.environment import Environment
from operations.errors import CommandError
from operations.support.cloudflare import CloudflareApi

_DEFAULT_FOLDER = Path(".rehearsal")


def folder_option(folder: Path) -> str:
    """What commands about the rehearsal in `folder`, as the user named it, have to be given."""
    return "" if folder == _DEFAULT_FOLDER else f" --folder {folder}"


class ScriptMissing(CommandError):
    """The stack names a worker that is not published; the message says how to publish it."""


def add_records_kept_by_hand(api: CloudflareApi, environment: Environment) -> None:
    """Create the records of production's zone that are not declared, if it is production.

    Raises CommandError.
    """
    if not environment.is_production:
        return
    records = f"/zones/{environment.cloudflare.zone_id}/dns_records"
    there = {record["name"] for record in api.all(records)}
    for label in KEPT_BY_HAND:
        host = environment.host(label)
        if host not in there:
            # Where it leads in truth is not known: the recordings answer for the host.
            record = {"type": "CNAME", "name": host, "content": f"{label}.invalid"}
            api.create(records, record | {"proxied": True, "comment": "Kept by hand"})


def require_script(api: CloudflareApi, environment: Environment, folder: Path) -> None:
    """Raise ScriptMissing if the stack names a worker that is not there, or CommandError.

    `folder` is the rehearsal's, as the user named it. Cloudflare's refusal of a route to such a
    script does not say how to publish it.
    """
    name = environment.edge.script
    if name is None:
        return
    scripts = api.all(f"/accounts/{environment.cloudflare.account_id}/workers/scripts")
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
