"""The functions getZone and getZones."""

from collections.abc import Mapping
from typing import Any

from k8s.properties import PropertyMap
from rehearsal.plugins.resource_cloudflare.api import Api, path_of
from rehearsal.plugins.resource_cloudflare.schema import from_api, result_of

GET_ZONE = "cloudflare:index/getZone:getZone"
GET_ZONES = "cloudflare:index/getZones:getZones"


class LookupFailedError(Exception):
    """A look-up that does not lead to exactly one zone. The message says why."""


def get_zone(api: Api, arguments: Mapping[str, Any]) -> PropertyMap:
    """One zone, by `zoneId` or by a `filter`. Raises ApiError and LookupFailedError."""
    zone_id = arguments.get("zoneId")
    wanted: Mapping[str, Any] | None = arguments.get("filter")
    if (zone_id is None) is (wanted is None):
        raise LookupFailedError("either zoneId or filter is required, and not both")
    if wanted is None:
        document = api.call("GET", path_of("/zones/{id}", {"id": zone_id})).result
    else:
        found = list(api.pages("/zones", query=_query(wanted)))
        if len(found) != 1:
            raise LookupFailedError(f"failed to find exactly one zone: found {len(found)}")
        document = found[0]
    result = from_api(document, result_of(GET_ZONE))
    result |= {"zoneId": document["id"], "id": document["id"]}
    return result if wanted is None else {**result, "filter": wanted}


def get_zones(api: Api, arguments: Mapping[str, Any]) -> PropertyMap:
    """Every zone that the arguments let through. Raises ApiError."""
    most = int(arguments.get("maxItems") or 1000)
    found: list[Any] = []
    for document in api.pages("/zones", query=_query(arguments)):
        if len(found) == most:
            break
        found.append(document)
    return {**arguments, **from_api({"results": found}, result_of(GET_ZONES))}


def _query(wanted: Mapping[str, Any]) -> dict[str, Any]:
    query = {
        name: wanted[name]
        for name in ("name", "status", "match", "order", "direction")
        if wanted.get(name) is not None
    }
    account: Mapping[str, Any] = wanted.get("account") or {}
    query |= {f"account.{name}": value for name, value in account.items() if value is not None}
    if wanted.get("types"):
        query["type"] = ",".join(wanted["types"])
    return query
