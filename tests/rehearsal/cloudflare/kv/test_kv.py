"""KV namespaces and values, through the API and from inside a worker."""

import json
import time
from typing import Any

import cloudflare
import httpx
import pytest

from tests.rehearsal.cloudflare.emulator import ACCOUNT, Zone

WORKER = """
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice(1));
    const options = JSON.parse(url.searchParams.get("options") ?? "{}");
    try {
      switch (request.method) {
        case "PUT": await env.KV.put(key, await request.text(), options); return new Response();
        case "DELETE": await env.KV.delete(key); return new Response();
        case "POST": return Response.json(await env.KV.list(options));
        default: return Response.json(await env.KV.getWithMetadata(key));
      }
    } catch (error) {
      return new Response(String(error), { status: 400 });
    }
  },
};
"""


@pytest.fixture
def namespace(zone: Zone) -> str:
    made = zone.client.kv.namespaces.create(account_id=ACCOUNT, title=f"kv of {zone.name}")
    assert made is not None
    return made.id


def path(namespace: str, rest: str = "") -> str:
    return f"/accounts/{ACCOUNT}/storage/kv/namespaces/{namespace}{rest}"


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_namespace_lives_through_the_official_client(zone: Zone) -> None:
    namespaces = zone.client.kv.namespaces
    made = namespaces.create(account_id=ACCOUNT, title=zone.name)
    assert made is not None
    assert made.supports_url_encoding is True
    with pytest.raises(cloudflare.BadRequestError) as caught:
        namespaces.create(account_id=ACCOUNT, title=zone.name)
    assert code(caught.value.response) == (400, 10014)
    renamed = namespaces.update(made.id, account_id=ACCOUNT, title=f"{zone.name} new")
    assert renamed is not None
    assert renamed.title == f"{zone.name} new"
    assert namespaces.get(made.id, account_id=ACCOUNT) == renamed
    assert renamed in list(namespaces.list(account_id=ACCOUNT, per_page=1))
    namespaces.delete(made.id, account_id=ACCOUNT)
    with pytest.raises(cloudflare.NotFoundError) as caught:
        namespaces.get(made.id, account_id=ACCOUNT)
    assert code(caught.value.response) == (404, 10013)


def test_wrong_namespaces_are_refused(zone: Zone) -> None:
    raw = zone.emulator.raw
    assert code(raw.post(path("").rstrip("/"), json={})) == (400, 10019)
    assert code(raw.get(path("no-uuid"))) == (400, 10011)
    assert code(raw.get(path("0" * 32, "/keys"))) == (404, 10013)


def test_a_value_lives_through_the_official_client(zone: Zone, namespace: str) -> None:
    values = zone.client.kv.namespaces.values
    owner: Any = {"account_id": ACCOUNT, "namespace_id": namespace}
    key = "/de/math é?&"
    soon = int(time.time()) + 3600
    values.update(key, value=b"v", metadata=json.dumps({"a": 1}), expiration=soon, **owner)
    got = values.get(key, **owner)
    assert (got.read(), got.headers["expiration"]) == (b"v", str(soon))
    metadata = zone.client.kv.namespaces.metadata.get(key, **owner)
    assert metadata == {"a": 1}
    listed = list(zone.client.kv.namespaces.keys.list(namespace, account_id=ACCOUNT))
    assert [(one.name, one.expiration, one.metadata) for one in listed] == [(key, soon, {"a": 1})]
    values.delete(key, **owner)
    with pytest.raises(cloudflare.NotFoundError) as caught:
        values.get(key, **owner)
    assert code(caught.value.response) == (404, 10009)


def test_raw_bytes_are_a_value(zone: Zone, namespace: str) -> None:
    url, raw = path(namespace, "/values/raw"), zone.emulator.raw
    data = bytes(range(256))
    raw.put(url, content=data, headers={"content-type": "application/octet-stream"})
    assert raw.get(url).content == data


def test_wrong_values_are_refused(zone: Zone, namespace: str) -> None:
    raw, url = zone.emulator.raw, path(namespace, "/values/k")
    assert code(raw.put(f"{url}?expiration_ttl=59", content="v")) == (400, 10034)
    assert code(raw.put(f"{url}?expiration_ttl=x", content="v")) == (400, 10034)
    assert code(raw.put(f"{url}?expiration=1", content="v")) == (400, 10034)
    assert code(raw.put(path(namespace, f"/values/{'k' * 513}"), content="v")) == (414, 10030)
    assert code(raw.put(url, content=b"x" * (25 * 1024 * 1024 + 1))) == (413, 10031)
    form = {"value": (None, "v"), "metadata": (None, "{")}
    assert code(raw.put(url, files=form)) == (400, 10012)
    form["metadata"] = (None, json.dumps("x" * 1024))
    assert code(raw.put(url, files=form)) == (413, 10032)
    assert code(raw.put(path(namespace, "/bulk"), json=[])) == (400, 10029)
    assert code(raw.put(path(namespace, "/bulk"), json={})) == (400, 10012)
    assert code(raw.put(path(namespace, "/bulk"), json=[{"key": "k"}])) == (400, 10012)
    assert code(raw.get(path(namespace, "/keys?limit=9"))) == (400, 10028)
    assert code(raw.get(path(namespace, "/keys?cursor=%00"))) == (400, 10030)
    assert code(raw.get(url)) == (404, 10009)


def test_many_keys_at_once(zone: Zone, namespace: str) -> None:
    namespaces = zone.client.kv.namespaces
    keys = namespaces.keys
    body: Any = [{"key": f"a{number:03}", "value": str(number)} for number in range(25)]
    body += [
        {"key": "b", "value": "aGk=", "base64": True, "metadata": {"m": 1}},
        {"key": "c%_", "value": '{"x": 1}', "expiration_ttl": 60},
    ]
    written = namespaces.bulk_update(namespace, account_id=ACCOUNT, body=body)
    assert written is not None
    assert written.successful_key_count == 27
    pages = keys.list(namespace, account_id=ACCOUNT, prefix="a", limit=10)
    assert [key.name for key in pages] == [f"a{number:03}" for number in range(25)]
    assert [key.name for key in keys.list(namespace, account_id=ACCOUNT, prefix="c%")] == ["c%_"]
    found = namespaces.bulk_get(namespace, account_id=ACCOUNT, keys=["a001", "b"])
    assert found is not None
    assert found.values == {"a001": "1", "b": "hi"}
    removed = namespaces.bulk_delete(namespace, account_id=ACCOUNT, body=["b", "c%_", "absent"])
    assert removed is not None
    assert removed.successful_key_count == 3
    assert len(list(keys.list(namespace, account_id=ACCOUNT))) == 25


def test_worker_and_api_share_a_namespace(zone: Zone, namespace: str) -> None:
    binding = {"type": "kv_namespace", "name": "KV", "namespace_id": namespace}
    script = zone.script(WORKER, binding)
    zone.record("kv")
    zone.route(f"kv.{zone.name}/*", script)
    host, edge = {"host": zone.host("kv")}, zone.emulator.edge
    values = zone.client.kv.namespaces.values
    owner: Any = {"account_id": ACCOUNT, "namespace_id": namespace}

    values.update("from api", value=b"1", metadata=json.dumps({"a": 1}), **owner)
    seen = edge.get("/from%20api", headers=host).json()
    assert (seen["value"], seen["metadata"]) == ("1", {"a": 1})

    options = json.dumps({"expirationTtl": 60, "metadata": {"b": 2}})
    put = edge.put("/from%20w%C3%B6rker", params={"options": options}, headers=host, content="2")
    assert put.status_code == 200, put.text
    assert values.get("from wörker", **owner).read() == b"2"
    assert zone.client.kv.namespaces.metadata.get("from wörker", **owner) == {"b": 2}

    listed = edge.post("/", params={"options": '{"prefix": "from", "limit": 1}'}, headers=host)
    first = listed.json()
    assert ([key["name"] for key in first["keys"]], first["list_complete"]) == (["from api"], False)
    options = json.dumps({"prefix": "from", "cursor": first["cursor"]})
    rest = edge.post("/", params={"options": options}, headers=host).json()
    assert [(key["name"], key["metadata"]) for key in rest["keys"]] == [("from wörker", {"b": 2})]
    assert rest["list_complete"] is True

    edge.delete("/from%20api", headers=host)
    with pytest.raises(cloudflare.NotFoundError):
        values.get("from api", **owner)
    values.delete("from wörker", **owner)
    assert edge.get("/from%20w%C3%B6rker", headers=host).json()["value"] is None


def test_the_binding_refuses_what_cloudflare_refuses(zone: Zone, namespace: str) -> None:
    binding = {"type": "kv_namespace", "name": "KV", "namespace_id": namespace}
    script = zone.script(WORKER, binding)
    zone.record("kv")
    zone.route(f"kv.{zone.name}/*", script)
    for key, options in (("k", {"expirationTtl": 30}), ("k" * 513, {})):
        refused = zone.emulator.edge.put(
            f"/{key}",
            params={"options": json.dumps(options)},
            headers={"host": zone.host("kv")},
            content="v",
        )
        assert "KV PUT failed: 4" in refused.text
