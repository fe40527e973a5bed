"""Worker routes: their life, and each way to be wrong."""

from typing import Any

import cloudflare
import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Zone

HELLO = 'export default { fetch() { return new Response("hello"); } };'


def post(zone: Zone, **body: Any) -> tuple[int, Any]:
    answer = zone.emulator.raw.post(f"/zones/{zone.id}/workers/routes", json=body)
    document = answer.json()
    return answer.status_code, document["result"] or document["errors"][0]["code"]


def test_a_route_lives_through_the_official_client(zone: Zone) -> None:
    name, routes = zone.script(HELLO), zone.client.workers.routes
    made = routes.create(zone_id=zone.id, pattern=f"*{zone.name}/*", script=name)
    assert (made.pattern, made.script) == (f"*{zone.name}/*", name)
    assert [route.id for route in routes.list(zone_id=zone.id)] == [made.id]
    assert routes.get(made.id, zone_id=zone.id).pattern == made.pattern
    moved = routes.update(made.id, zone_id=zone.id, pattern=f"{zone.name}/a*", script=name)
    assert (moved.id, moved.pattern) == (made.id, f"{zone.name}/a*")
    without = routes.update(made.id, zone_id=zone.id, pattern=f"{zone.name}/a*")
    assert without.script is None
    assert routes.delete(made.id, zone_id=zone.id).id == made.id
    assert list(routes.list(zone_id=zone.id)) == []
    with pytest.raises(cloudflare.NotFoundError) as caught:
        routes.delete(made.id, zone_id=zone.id)
    assert caught.value.response.json()["errors"][0]["code"] == 10009


def test_one_pattern_is_one_route(zone: Zone) -> None:
    zone.route(f"www.{zone.name}/a*", None)
    assert post(zone, pattern=f"www.{zone.name}/a*") == (409, 10020)
    assert post(zone, pattern=f"WWW.{zone.name}/a*") == (409, 10020)
    assert post(zone, pattern=f"www.{zone.name}/A*")[0] == 200
    zone.route(zone.name, None)
    assert post(zone, pattern=f"{zone.name}/") == (409, 10020)
    other = zone.route(f"{zone.name}/b", None)
    path = f"/zones/{zone.id}/workers/routes/{other}"
    clash = zone.emulator.raw.put(path, json={"pattern": f"{zone.name}/"})
    assert clash.json()["errors"][0]["code"] == 10020
    same = zone.emulator.raw.put(path, json={"pattern": f"{zone.name}/b"})
    assert same.status_code == 200


def test_wrong_routes_are_refused(zone: Zone) -> None:
    assert post(zone, pattern="other.example/*") == (400, 10022)
    assert post(zone, pattern=f"{zone.name}/*.jpg") == (400, 10022)
    assert post(zone, pattern=f"{zone.name}/?a") == (400, 10022)
    assert post(zone, pattern=f"{zone.name}/*", script="absent") == (400, 10019)
    assert post(zone, script="absent") == (400, 10026)
    assert post(zone, pattern=f"{zone.name}/*", script=5) == (400, 10026)


def test_a_script_of_another_account_is_unknown(zone: Zone) -> None:
    path = f"/accounts/{ACCOUNT}/workers/scripts/absent/settings"
    assert zone.emulator.raw.get(path).json()["errors"][0]["code"] == 10007
