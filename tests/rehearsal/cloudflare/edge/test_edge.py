"""The edge: from host name to worker, origin or error page, with the real Workers runtime."""

import json

import pytest

from tests.rehearsal.cloudflare.emulator import Emulator, Zone

PASS_THROUGH = "export default { fetch(request) { return fetch(request); } };"
NAMED = 'export default { fetch() { return new Response("%s"); } };'
INSPECT = """
export default {
  fetch(request, env) {
    return Response.json({
      url: request.url, method: request.method, cf: request.cf,
      headers: Object.fromEntries(request.headers), env,
    });
  },
};
"""


def test_a_host_of_no_zone(zone: Zone) -> None:
    answer = zone.get("absent.example")
    assert (answer.status_code, answer.json()["error_code"]) == (409, 1001)
    page = zone.get("absent.example", accept="text/html")
    assert page.headers["content-type"].startswith("text/html")
    assert "1001" in page.text


def test_a_host_without_record(zone: Zone) -> None:
    answer = zone.get(zone.host("absent"))
    assert (answer.status_code, answer.json()["error_code"]) == (530, 1016)
    zone.record("dangling", zone.host("nowhere"))
    assert zone.get(zone.host("dangling")).json()["error_code"] == 1016
    zone.record("a", zone.host("b"))
    zone.record("b", zone.host("a"))
    assert zone.get(zone.host("a")).json()["error_code"] == 1016


def test_records_that_lead_to_the_origin(zone: Zone) -> None:
    zone.record("@")
    zone.record("www", zone.name)
    zone.record("*", zone.name)
    zone.record("deep.er", zone.name)
    for host in ("", "www", "anything", "deep.er"):
        answer = zone.get(zone.host(host), "/a%2Fb?x=1&x=%20")
        assert answer.json()["origin"]["path"] == "/a%2Fb?x=1&x=%20"
        assert answer.json()["origin"]["headers"]["host"] == zone.host(host)
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_proxied_requests_carry_cloudflares_headers(zone: Zone) -> None:
    zone.record("www")
    answer = zone.get(zone.host("www"), cf_connecting_ip="192.0.2.66", cf_worker="forged")
    seen = answer.json()["origin"]["headers"]
    assert seen["cf-ray"] == answer.headers["cf-ray"]
    assert seen["cf-connecting-ip"] == seen["x-forwarded-for"] == "127.0.0.1"
    assert (seen["x-forwarded-proto"], seen["cf-visitor"]) == ("https", '{"scheme":"https"}')
    assert "cf-worker" not in seen
    plain = zone.get(zone.host("www"), x_rehearsal_scheme="http").json()["origin"]["headers"]
    assert plain["x-forwarded-proto"] == "http"
    assert not [name for name in plain if name.startswith("x-rehearsal")]


def test_unproxied_hosts_skip_routes_and_headers(zone: Zone) -> None:
    zone.record("direct", proxied=False)
    zone.route(f"*{zone.name}/*", zone.script(NAMED % "worker"))
    answer = zone.get(zone.host("direct"))
    assert "cf-ray" not in answer.json()["origin"]["headers"]
    assert "cf-ray" not in answer.headers


def test_a_pass_through_worker_changes_nothing(zone: Zone) -> None:
    zone.record("@")
    zone.route(f"*{zone.name}/*", zone.script(PASS_THROUGH))
    sent = zone.emulator.edge.request(
        "POST",
        "/graphql?q=%7B%7D",
        headers={"host": zone.name, "cookie": "a=b; c=d", "x-own": "1"},
        content=b"body" * 50_000,
    )
    received = sent.json()["origin"]
    assert (received["method"], received["path"]) == ("POST", "/graphql?q=%7B%7D")
    assert received["body"] == "body" * 50_000
    assert received["headers"]["cookie"] == "a=b; c=d"
    assert received["headers"]["x-own"] == "1"
    assert received["headers"]["host"] == zone.name
    assert received["headers"]["x-forwarded-proto"] == "https"
    assert received["headers"]["cf-worker"] == zone.name
    assert sent.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert zone.emulator.edge.head("/", headers={"host": zone.name}).status_code == 200


def test_a_worker_sees_url_bindings_and_cf(zone: Zone) -> None:
    script = zone.script(
        INSPECT,
        {"type": "plain_text", "name": "TEXT", "text": 'quo"te\\back\nline é'},
        {"type": "secret_text", "name": "SECRET", "text": "s3cret"},
        {"type": "json", "name": "JSON", "json": {"a": [1, None]}},
    )
    zone.record("api")
    zone.route(f"api.{zone.name}/*", script)
    answer = zone.get(
        zone.host("api"), "/p?q=1", x_rehearsal_cf='{"regionCode": "BE"}', user_agent="mine"
    )
    seen = answer.json()
    assert seen["url"] == f"https://{zone.host('api')}/p?q=1"
    assert seen["env"] == {
        "TEXT": 'quo"te\\back\nline é',
        "SECRET": "s3cret",
        "JSON": {"a": [1, None]},
    }
    assert (seen["cf"]["regionCode"], seen["cf"]["country"]) == ("BE", "DE")
    assert seen["headers"]["user-agent"] == "mine"
    assert seen["headers"]["cf-ipcountry"] == "DE"
    assert not [name for name in seen["headers"] if name.startswith("x-rehearsal")]
    assert answer.headers["x-rehearsal-script"] == script
    plain = zone.get(zone.host("api"), x_rehearsal_scheme="http").json()
    assert plain["url"] == f"http://{zone.host('api')}/"


def test_the_most_specific_route_decides(zone: Zone) -> None:
    zone.record("@")
    zone.record("www")
    every, www, secure = (zone.script(NAMED % name) for name in ("every", "www", "secure"))
    zone.route(f"*{zone.name}/*", every)
    zone.route(f"www.{zone.name}/*", www)
    zone.route(f"https://{zone.name}/secure*", secure)
    zone.route(f"*{zone.name}/static/cat.png", None)
    assert zone.get(zone.name, "/").text == "every"
    assert zone.get(zone.host("www"), "/static/cat.png").text == "www"
    assert zone.get(zone.name, "/secure/x?y").text == "secure"
    assert zone.get(zone.name, "/secure", x_rehearsal_scheme="http").text == "every"
    assert zone.get(zone.name, "/static/cat.png").json()["origin"]["path"] == "/static/cat.png"
    assert zone.get(zone.name, "/static/cat.png?x").text == "every"


def test_changes_count_from_the_next_request_on(zone: Zone) -> None:
    zone.record("@")
    name = zone.script(NAMED % "one")
    route = zone.route(f"{zone.name}/*", name)
    assert zone.get(zone.name).text == "one"
    zone.script(NAMED % "two", name=name)
    assert zone.get(zone.name).text == "two"
    zone.client.workers.routes.delete(route, zone_id=zone.id)
    assert "origin" in zone.get(zone.name).json()


def test_a_fetch_to_the_own_zone_goes_to_the_origin(zone: Zone) -> None:
    zone.record("@")
    zone.record("other", proxied=False)
    other = f"https://{zone.host('other')}/y?z"
    code = f"export default {{ fetch() {{ return fetch({json.dumps(other)}); }} }};"
    zone.route(f"*{zone.name}/*", zone.script(code))
    received = zone.get(zone.name).json()["origin"]
    assert (received["path"], received["headers"]["host"]) == ("/y?z", zone.host("other"))
    missing = code.replace("other", "absent")
    zone.route(f"{zone.name}/missing", zone.script(missing))
    assert zone.get(zone.name, "/missing").json()["error_code"] == 1016


def test_a_fetch_to_another_zone_runs_its_worker(zone: Zone) -> None:
    other = Zone(zone.emulator)
    other.record("@")
    other.route(f"{other.name}/*", other.script(INSPECT))
    zone.record("@")
    url = json.dumps(f"https://{other.name}/x")
    code = f"export default {{ fetch() {{ return fetch({url}); }} }};"
    zone.route(f"{zone.name}/*", zone.script(code))
    seen = zone.get(zone.name).json()
    assert seen["url"] == f"https://{other.name}/x"
    assert seen["headers"]["cf-worker"] == zone.name


def test_workers_that_call_each_other_are_stopped(zone: Zone) -> None:
    other = Zone(zone.emulator)
    for here, there in ((zone, other), (other, zone)):
        here.record("@")
        url = json.dumps(f"https://{there.name}/")
        code = f"export default {{ fetch(r) {{ return fetch(new Request({url}, r)); }} }};"
        here.route(f"{here.name}/*", here.script(code))
    assert zone.get(zone.name).json()["error_code"] == 1019


def test_the_rest_of_the_world_is_not_asked(zone: Zone) -> None:
    zone.record("@")
    code = """
        export default { async fetch() {
          const answer = await fetch("https://serlo.github.io/a?b", { method: "POST", body: "x" });
          return Response.json({ stub: await answer.json(), local: await
            (await fetch("http://127.0.0.1:1/")).json() });
        } };
    """
    script = zone.script(code)
    zone.route(f"{zone.name}/*", script)
    answer = zone.get(zone.name).json()
    assert answer["stub"]["host"] == "serlo.github.io"
    assert answer["local"]["host"] == "127.0.0.1:1"
    written = [entry for entry in zone.emulator.audit() if entry["kind"] == "foreign_fetch"]
    assert {(entry["actor"], entry["method"], entry["target"]) for entry in written} >= {
        (script, "POST", "https://serlo.github.io/a?b"),
        (script, "GET", "http://127.0.0.1:1/"),
    }
    zone.record("abroad", "somewhere.vercel.app")
    assert zone.get(zone.host("abroad")).json()["host"] == "somewhere.vercel.app"


def test_a_worker_that_throws(zone: Zone) -> None:
    zone.record("@")
    code = 'export default { fetch() { console.log("before"); throw new Error("it broke"); } };'
    zone.route(f"{zone.name}/*", zone.script(code))
    answer = zone.get(zone.name)
    assert (answer.status_code, answer.json()["error_code"]) == (500, 1101)
    polite = 'export default { fetch() { return new Response("sorry", { status: 500 }); } };'
    zone.route(f"{zone.name}/polite", zone.script(polite))
    assert zone.get(zone.name, "/polite").text == "sorry"


def test_http_becomes_https_if_the_zone_says_so(zone: Zone) -> None:
    zone.record("@")
    zone.client.zones.settings.edit("always_use_https", zone_id=zone.id, value="on")
    answer = zone.get(zone.name, "/a?b", x_rehearsal_scheme="http")
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{zone.name}/a?b")
    assert zone.get(zone.name, "/a?b").status_code == 200


def test_addresses_that_lead_nowhere(zone: Zone) -> None:
    body = {"type": "AAAA", "name": "only", "content": "100::", "proxied": True}
    zone.emulator.raw.post(f"/zones/{zone.id}/dns_records", json=body)
    assert zone.get(zone.host("only")).status_code == 522
    zone.route(f"only.{zone.name}/*", zone.script(NAMED % "worker"))
    assert zone.get(zone.host("only")).text == "worker"


def test_a_dead_origin(tmp_path_factory: pytest.TempPathFactory) -> None:
    emulator = Emulator(
        tmp_path_factory.mktemp("dead"), "http://127.0.0.1:1", "--account", "0" * 32
    )
    try:
        account = emulator.raw.post(
            "/zones", json={"name": "dead.example", "account": {"id": "0" * 32}}
        )
        zone = account.json()["result"]["id"]
        body = {"type": "A", "name": "@", "content": "192.0.2.1", "proxied": True}
        emulator.raw.post(f"/zones/{zone}/dns_records", json=body)
        answer = emulator.edge.get("/", headers={"host": "dead.example"})
        assert (answer.status_code, answer.json()["error_code"]) == (521, 521)
    finally:
        emulator.end()
