"""DNS records: what is stored, what is refused and with which code, how they are found."""

from typing import Any

import pytest

from tests.rehearsal.cloudflare.emulator import Zone


def post(zone: Zone, **body: Any) -> tuple[int, Any]:
    answer = zone.emulator.raw.post(f"/zones/{zone.id}/dns_records", json=body)
    document = answer.json()
    return answer.status_code, document["result"] or document["errors"][0]["code"]


def test_a_record_lives_through_the_official_client(zone: Zone) -> None:
    records = zone.client.dns.records
    made = records.create(
        zone_id=zone.id,
        type="A",
        name="WWW",
        content="192.0.2.1",
        ttl=300,
        comment="ours",
        tags=["b:2", "a:1"],
    )
    assert made is not None
    assert (made.name, made.ttl, made.proxied) == (zone.host("www"), 300, False)
    assert (made.comment, made.tags) == ("ours", ["a:1", "b:2"])
    assert records.get(made.id, zone_id=zone.id) == made
    edited = records.edit(
        made.id,
        zone_id=zone.id,
        type="A",
        name=made.name,
        content="192.0.2.2",
        ttl=1,
        proxied=True,
    )
    assert edited is not None
    assert (edited.content, edited.proxied, edited.comment) == ("192.0.2.2", True, "ours")
    assert edited.created_on == made.created_on
    assert edited.modified_on > made.modified_on
    replaced = records.update(
        made.id, zone_id=zone.id, type="A", name="www", content="192.0.2.3", ttl=60
    )
    assert replaced is not None
    assert (replaced.ttl, replaced.proxied, replaced.comment) == (60, False, None)
    deleted = records.delete(made.id, zone_id=zone.id)
    assert deleted is not None
    assert deleted.id == made.id
    assert zone.emulator.raw.get(f"/zones/{zone.id}/dns_records/{made.id}").status_code == 404


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({"type": "AAAA", "content": "2001:DB8:0::1"}, {"content": "2001:db8::1"}),
        ({"type": "CNAME", "content": "Target.Example."}, {"content": "target.example"}),
        ({"type": "TXT", "content": '"v=spf1 -all"'}, {"content": '"v=spf1 -all"'}),
        ({"type": "MX", "content": "mx.example", "priority": 10}, {"priority": 10}),
        ({"type": "NS", "content": "ns1.example"}, {"content": "ns1.example"}),
        (
            {"type": "CAA", "data": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}},
            {"content": '0 issue "letsencrypt.org"'},
        ),
        (
            {
                "type": "SRV",
                "data": {"priority": 1, "weight": 5, "port": 5060, "target": "sip.example"},
            },
            {"content": "1 5 5060 sip.example"},
        ),
        ({"type": "A", "content": "192.0.2.1", "proxied": True, "ttl": 300}, {"ttl": 1}),
    ],
)
def test_types_are_stored_and_parse_strictly(
    zone: Zone, body: dict[str, Any], stored: dict[str, Any]
) -> None:
    status, result = post(zone, name="x", **body)
    assert status == 200, result
    assert {name: result[name] for name in stored} == stored
    assert zone.client.dns.records.get(result["id"], zone_id=zone.id) is not None


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("@", ""),
        ("", ""),
        ("www", "www"),
        ("www.", "www"),
        ("*.dev", "*.dev"),
        ("_acme-challenge.www", "_acme-challenge.www"),
        ("bücher", "xn--bcher-kva"),
    ],
)
def test_names_are_made_full(zone: Zone, name: str, full: str) -> None:
    assert post(zone, type="A", name=name, content="192.0.2.1")[1]["name"] == zone.host(full)
    again = post(zone, type="A", name=zone.host(full), content="192.0.2.2")[1]
    assert again["name"] == zone.host(full)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "A", "content": "300.1.1.1"}, 9005),
        ({"type": "A", "content": "2001:db8::1"}, 9005),
        ({"type": "A"}, 9005),
        ({"type": "AAAA", "content": "192.0.2.1"}, 9006),
        ({"type": "CNAME", "content": "no host name"}, 9007),
        ({"type": "MX", "content": "192.0.2.1", "priority": 1}, 9009),
        ({"type": "MX", "content": "mx.example"}, 1004),
        ({"type": "NS", "content": "x"}, 9010),
        ({"type": "TXT", "content": ""}, 9011),
        ({"type": "CAA", "content": ""}, 1004),
        ({"type": "CAA", "data": {"flags": 0}}, 1004),
        ({"type": "SRV", "data": {"priority": 1, "weight": 1, "port": 1}}, 1004),
        ({"type": "NOPE", "content": "x"}, 1004),
        ({"content": "x"}, 1004),
        ({"type": "A", "content": "192.0.2.1", "ttl": 59}, 9021),
        ({"type": "A", "content": "192.0.2.1", "ttl": 86401}, 9021),
        ({"type": "A", "content": "192.0.2.1", "ttl": "auto"}, 9021),
        ({"type": "TXT", "content": "x", "proxied": True}, 9004),
        ({"type": "A", "content": "10.0.0.1", "proxied": True}, 9003),
        ({"type": "AAAA", "content": "::1", "proxied": True}, 9003),
        ({"type": "A", "content": "192.0.2.1", "proxied": "yes"}, 1004),
        ({"type": "A", "content": "192.0.2.1", "tags": "a"}, 1004),
        ({"type": "A", "content": "192.0.2.1", "name": "a b"}, 9000),
        ({"type": "A", "content": "192.0.2.1", "name": "-a"}, 9000),
        ({"type": "A", "content": "192.0.2.1", "name": "x" * 64}, 9000),
        ({"type": "A", "content": "192.0.2.1", "name": 5}, 9000),
    ],
)
def test_wrong_records_are_refused(zone: Zone, body: dict[str, Any], code: int) -> None:
    assert post(zone, **({"name": "x"} | body)) == (400, code)
    assert list(zone.client.dns.records.list(zone_id=zone.id)) == []


def test_an_alias_cannot_lead_to_itself(zone: Zone) -> None:
    body = {"type": "CNAME", "name": "x", "content": f"X.{zone.host('')}."}
    assert post(zone, **body) == (400, 9039)
    assert post(zone, **body | {"name": "y"})[0] == 200


def test_a_zone_is_exported_as_a_zone_file(zone: Zone) -> None:
    name = zone.host("")
    post(zone, type="A", name="www", content="192.0.2.1", proxied=True, comment="ours")
    post(zone, type="A", name="a", content="192.0.2.2", ttl=300, tags=["b:2", "a:1"])
    post(zone, type="CNAME", name="c", content="target.example")
    post(zone, type="MX", name="@", content="mx.example", priority=10)
    post(zone, type="TXT", name="@", content='say "x"', comment="why")
    text = zone.client.dns.records.export(zone_id=zone.id)
    assert text.startswith(f";;\n;; Domain:     {name}.\n;; Exported:   2")
    _, _, records = text.partition(";; A Records\n")
    assert records.splitlines() == [
        f"a.{name}.\t300\tIN\tA\t192.0.2.2 ; cf_tags=a:1,b:2,cf-proxied:false",
        f"www.{name}.\t1\tIN\tA\t192.0.2.1 ; ours cf_tags=cf-proxied:true",
        "",
        ";; CNAME Records",
        f"c.{name}.\t1\tIN\tCNAME\ttarget.example. ; cf_tags=cf-proxied:false",
        "",
        ";; MX Records",
        f"{name}.\t1\tIN\tMX\t10 mx.example.",
        "",
        ";; TXT Records",
        f'{name}.\t1\tIN\tTXT\t"say \\"x\\"" ; why',
    ]


def test_neighbours_of_one_name(zone: Zone) -> None:
    zone.record("a", "192.0.2.1")
    assert post(zone, type="A", name="a", content="192.0.2.1", proxied=False) == (400, 81058)
    assert post(zone, type="A", name="a", content="192.0.2.2")[0] == 200
    assert post(zone, type="TXT", name="a", content="x")[0] == 200
    assert post(zone, type="CNAME", name="a", content="b.example") == (400, 81053)
    zone.record("c", "b.example")
    assert post(zone, type="CNAME", name="c", content="d.example") == (400, 81053)
    assert post(zone, type="AAAA", name="c", content="2001:db8::1") == (400, 81054)
    assert post(zone, type="NS", name="n", content="ns.example")[0] == 200
    assert post(zone, type="A", name="n", content="192.0.2.1") == (400, 81056)


def test_an_update_keeps_the_rules(zone: Zone) -> None:
    zone.record("a", "192.0.2.1")
    other = zone.record("a", "192.0.2.2")
    path = f"/zones/{zone.id}/dns_records/{other}"
    identical = zone.emulator.raw.patch(path, json={"content": "192.0.2.1"})
    assert identical.json()["errors"][0]["code"] == 81058
    retyped = zone.emulator.raw.patch(path, json={"type": "TXT", "content": "x", "proxied": False})
    assert retyped.json()["errors"][0]["code"] == 1004
    missing = zone.emulator.raw.patch(path[:-1] + "g", json={})
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, 81044)
    assert zone.emulator.raw.get(path).json()["result"]["content"] == "192.0.2.2"


def test_records_of_another_zone_are_not_found(zone: Zone) -> None:
    record, other = zone.record("a"), Zone(zone.emulator)
    answer = zone.emulator.raw.delete(f"/zones/{other.id}/dns_records/{record}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 81044)


def test_filters_order_and_pages(zone: Zone) -> None:
    for number in range(7):
        zone.record(f"r{number}", f"192.0.2.{number}", proxied=number % 2 == 0)
    zone.record("alias", zone.name)
    client = zone.client

    def found(**filters: Any) -> list[str]:
        records = client.dns.records.list(zone_id=zone.id, **filters)
        return [record.name.removesuffix(f".{zone.name}") for record in records]

    everything = ["alias", *(f"r{number}" for number in range(7))]
    assert found() == everything
    assert found(per_page=3) == everything
    assert found(name={"exact": zone.host("R3")}) == ["r3"]
    assert found(name={"startswith": "r"}, type="A", proxied=False) == ["r1", "r3", "r5"]
    assert found(content={"endswith": ".6"}) == ["r6"]
    assert found(type="CNAME") == ["alias"]
    assert found(match="any", type="CNAME", content={"exact": "192.0.2.2"}) == ["alias", "r2"]
    assert found(order="content", direction="desc")[:2] == ["alias", "r6"]
    assert found(search="ALIAS") == ["alias"]
    page = client.dns.records.list(zone_id=zone.id, page=2, per_page=5)
    info = page.result_info
    assert info is not None
    assert info.model_dump() == {
        "page": 2,
        "per_page": 5,
        "count": 3,
        "total_count": 8,
        "total_pages": 2,
    }


def test_a_batch_happens_whole_or_not_at_all(zone: Zone) -> None:
    kept, gone = zone.record("kept", "192.0.2.1"), zone.record("gone", "192.0.2.2")
    done = zone.client.dns.records.batch(
        zone_id=zone.id,
        deletes=[{"id": gone}],
        patches=[
            {"id": kept, "type": "A", "name": "kept", "content": "192.0.2.9", "ttl": 1},
        ],
        posts=[{"type": "A", "name": "gone", "content": "192.0.2.2", "ttl": 1}],
    )
    assert done is not None
    assert [len(items or []) for items in (done.deletes, done.patches, done.posts)] == [1, 1, 1]
    path = f"/zones/{zone.id}/dns_records"
    failed = zone.emulator.raw.post(
        f"{path}/batch",
        json={
            "deletes": [{"id": kept}],
            "posts": [{"type": "A", "name": "gone", "content": "192.0.2.2"}],
        },
    )
    assert failed.json()["errors"][0]["code"] == 81058
    assert zone.emulator.raw.get(f"{path}/{kept}").json()["result"]["content"] == "192.0.2.9"
