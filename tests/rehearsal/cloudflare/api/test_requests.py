"""Who may ask, and what every endpoint answers to a malformed request."""

import json
import stat

import cloudflare
import httpx
import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, OTHER_ACCOUNT, Emulator, Zone

UNKNOWN = "0" * 32


def codes(answer: httpx.Response) -> tuple[int, int]:
    body = answer.json()
    assert body["success"] is False
    assert body["result"] is None
    assert body["messages"] == []
    return answer.status_code, body["errors"][0]["code"]


def test_the_token_is_private_and_verifies(emulator: Emulator) -> None:
    assert stat.S_IMODE((emulator.state / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE((emulator.state / "state.sqlite").stat().st_mode) == 0o600
    verified = emulator.client().user.tokens.verify()
    assert verified is not None
    assert verified.status == "active"


def test_accounts_and_memberships(emulator: Emulator) -> None:
    client = emulator.client()
    assert [account.id for account in client.accounts.list()] == [ACCOUNT]
    memberships = list(client.memberships.list())
    assert [one.account.id for one in memberships if one.account] == [ACCOUNT]
    assert emulator.raw.get("/user").json()["result"]["suspended"] is False


@pytest.mark.parametrize(
    ("header", "path", "expected"),
    [
        (None, "/zones", (400, 9106)),
        ("Basic abc", "/zones", (400, 6003)),
        ("Bearer", "/zones", (400, 6003)),
        ("Bearer wrong", "/zones", (403, 9109)),
        ("Bearer wrong", "/user/tokens/verify", (401, 1000)),
        ("Bearer wrong", f"/accounts/{ACCOUNT}/workers/scripts", (401, 10000)),
    ],
)
def test_bad_credentials(
    emulator: Emulator, header: str | None, path: str, expected: tuple[int, int]
) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = httpx.get(emulator.api_url + path, headers=headers, trust_env=False)
    assert codes(answer) == expected


def test_the_audit_needs_the_token_too(emulator: Emulator) -> None:
    url = emulator.api_url.replace("/client/v4", "/__rehearsal/audit")
    assert codes(httpx.get(url, trust_env=False)) == (400, 9106)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing/here", (404, 7003)),
        ("GET", "/zones/not-an-id/dns_records", (404, 7003)),
        ("GET", f"/zones/{UNKNOWN}/dns_records", (404, 1001)),
        ("GET", f"/zones/{UNKNOWN}/workers/routes", (404, 1001)),
        ("GET", f"/accounts/{OTHER_ACCOUNT}/workers/scripts", (403, 10000)),
        ("PUT", "/zones", (405, 7001)),
        ("GET", "/zones?page=0", (400, 6003)),
        ("GET", "/zones?per_page=51", (400, 6003)),
        ("GET", "/zones?per_page=x", (400, 6003)),
    ],
)
def test_bad_paths(emulator: Emulator, method: str, path: str, expected: tuple[int, int]) -> None:
    assert codes(emulator.raw.request(method, path)) == expected


def test_an_unknown_path_names_itself(emulator: Emulator) -> None:
    errors = emulator.raw.get("/nothing").json()["errors"]
    assert errors == [
        {
            "code": 7003,
            "message": "Could not route to /nothing, perhaps your object identifier is invalid?",
        },
        {"code": 7000, "message": "No route for that URI"},
    ]


def test_bad_bodies(zone: Zone) -> None:
    path = f"/zones/{zone.id}/dns_records"
    json_type = {"content-type": "application/json"}
    raw = zone.emulator.raw
    assert codes(raw.post(path, content=b"{", headers=json_type)) == (400, 6007)
    assert codes(raw.post(path, content=b"[]", headers=json_type)) == (400, 6007)
    assert codes(raw.post(path, content=b"{}", headers={"content-type": "text/plain"}))[0] == 415
    assert codes(raw.post(path, content=b"{}"))[0] == 415


def test_zones_are_filtered_and_paged(emulator: Emulator) -> None:
    mine = sorted(Zone(emulator).name for _ in range(5))
    client = emulator.client()
    assert [zone.name for zone in client.zones.list(name=mine[0])] == [mine[0]]
    assert list(client.zones.list(name="absent.example")) == []
    assert [zone.name for zone in client.zones.list(name=f"contains:{mine[1][:9]}")] == [mine[1]]
    page = client.zones.list(per_page=5, account={"id": ACCOUNT})
    assert page.result_info is not None
    assert (page.result_info.page, page.result_info.per_page) == (1, 5)
    names = [zone.name for zone in client.zones.list(per_page=5)]
    assert names == sorted(names)
    assert set(mine) <= set(names)


def test_a_zone_is_made_once(zone: Zone) -> None:
    with pytest.raises(cloudflare.BadRequestError) as caught:
        zone.client.zones.create(account={"id": ACCOUNT}, name=zone.name)
    assert codes(caught.value.response) == (400, 1061)
    with pytest.raises(cloudflare.BadRequestError) as caught:
        zone.client.zones.create(account={"id": ACCOUNT}, name="no domain")
    assert codes(caught.value.response) == (400, 1097)
    assert zone.client.zones.delete(zone_id=zone.id) is not None
    with pytest.raises(cloudflare.NotFoundError):
        zone.client.zones.get(zone_id=zone.id)


def test_every_change_is_written_down(zone: Zone) -> None:
    record = zone.record("www")
    refused = zone.emulator.raw.post(f"/zones/{zone.id}/dns_records", json={"type": "A"})
    entries = [entry for entry in zone.emulator.audit() if zone.id in entry["target"]]
    assert [(entry["method"], entry["status"]) for entry in entries] == [
        ("POST", 200),
        ("POST", refused.status_code),
    ]
    actors = {entry["actor"] for entry in entries}
    assert len(actors) == 1
    assert zone.emulator.token not in actors
    assert "9000" in entries[1]["detail"]
    zone.client.dns.records.delete(record, zone_id=zone.id)
    assert zone.emulator.audit()[-1]["method"] == "DELETE"


def order(emulator: Emulator, *faults: dict[str, object]) -> None:
    # Replaced, not rewritten: the emulator must never read half a file.
    part = emulator.state / "faults.part"
    part.write_text(json.dumps(faults))
    part.replace(emulator.state / "faults.json")


def test_clients_get_over_ordered_faults(zone: Zone) -> None:
    order(
        zone.emulator,
        {"status": 429, "count": 1, "path": zone.id, "retry_after": 0},
        {"status": 502, "count": 1, "path": zone.id},
    )
    first = zone.emulator.raw.get(f"/zones/{zone.id}")
    assert (first.status_code, first.headers["retry-after"]) == (429, "0")
    assert codes(first) == (429, 971)
    second = zone.emulator.raw.get(f"/zones/{zone.id}")
    assert (second.status_code, second.headers["content-type"]) == (502, "text/html")
    assert zone.emulator.raw.get(f"/zones/{zone.id}").status_code == 200

    order(zone.emulator, {"status": 429, "count": 2, "path": zone.id, "retry_after": 0})
    with pytest.raises(cloudflare.RateLimitError):
        zone.emulator.client(retries=1).zones.get(zone_id=zone.id)
    order(zone.emulator, {"status": 429, "count": 2, "path": zone.id, "retry_after": 0})
    assert zone.emulator.client(retries=2).zones.get(zone_id=zone.id)


def test_a_wrong_faults_file_says_why(zone: Zone) -> None:
    order(zone.emulator, {"status": 429})
    answer = zone.emulator.raw.get("/zones")
    assert codes(answer) == (500, 10002)
    assert "faults.json: expected" in answer.json()["errors"][0]["message"]
    (zone.emulator.state / "faults.json").unlink()
    assert zone.emulator.raw.get("/zones").status_code == 200


def test_an_answer_can_be_lost_after_the_change(zone: Zone) -> None:
    order(
        zone.emulator,
        {"status": 500, "count": 1, "method": "POST", "path": zone.id, "after": True},
    )
    body = {"type": "A", "name": "www", "content": "192.0.2.1"}
    lost = zone.emulator.raw.post(f"/zones/{zone.id}/dns_records", json=body)
    assert codes(lost) == (500, 10002)
    assert [record.name for record in zone.client.dns.records.list(zone_id=zone.id)] == [
        zone.host("www")
    ]
