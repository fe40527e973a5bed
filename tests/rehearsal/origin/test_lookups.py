"""The API's answers to look-ups of paths, by an origin without a cluster."""

import asyncio
import base64
import json
import time
from typing import Any

import httpx
import pytest

from k8s import JsonObject
from operations.rehearsed import steps
from rehearsal.origin.backends import Snapshot
from rehearsal.origin.lookups import Lookups
from rehearsal.origin.routes import Rule, table
from rehearsal.origin.server import application

GOOD: JsonObject = {"aud": "api.serlo.org", "iss": "serlo.org-cloudflare-worker"}
LOOKUPS = Lookups(steps.LOOKUPS)
ADDITION = "/mathe/1855/addition"


def cluster() -> tuple[list[Rule], Snapshot]:
    """One pod each of the API and of another service."""
    names = ("server", "other")
    key = "shop"
    meta: dict[str, JsonObject] = {name: {"namespace": key, "name": name} for name in names}
    services = {
        (key, name): {"metadata": meta[name], "spec": {"ports": [{"port": 80}]}} for name in names
    }
    slices = {
        (key, name): [{"endpoints": [{"targetRef": {"kind": "Pod", "name": name}}]}]
        for name in names
    }
    pods = {
        (key, name): {
            "metadata": meta[name],
            "spec": {"containers": [{"name": name, "image": f"{name}:1.2.3"}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        for name in names
    }
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    gateways: dict[tuple[str, str], JsonObject] = {
        (key, "public"): {
            "metadata": {"namespace": key, "name": "public"},
            "spec": {"listeners": [listener]},
        }
    }
    routes: dict[tuple[str, str], JsonObject] = {
        (key, name): {
            "metadata": meta[name],
            "spec": {
                "parentRefs": [{"name": "public"}],
                "hostnames": [f"{name}.example.org"],
                "rules": [{"backendRefs": [{"name": name, "port": 80}]}],
            },
        }
        for name in names
    }
    return table(routes, gateways, {}), Snapshot(services, slices, pods, {}, routes)


def token(claims: JsonObject, algorithm: str = "HS256") -> str:
    parts = ({"alg": algorithm}, {"exp": time.time() + 60} | claims)
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(text.rstrip("=") for text in [*texts, "c2lnbmF0dXJl"])


def post(
    body: object, authorization: str | None = "", host: str = "server", path: str = "/graphql"
) -> httpx.Response:
    """Send a POST; with the worker's signature unless another, or None, is given."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"host": f"{host}.example.org"}
    if authorization is not None:
        headers["authorization"] = authorization or f"Serlo Service={token(GOOD)}"

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(application(cluster, LOOKUPS))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.post(path, content=content, headers=headers)

    return asyncio.run(send())


def lookup(path: str, instance: str = "de") -> JsonObject:
    return {"query": "query…", "variables": {"alias": {"instance": instance, "path": path}}}


def found(path: str, instance: str = "de") -> Any:
    answer = post(lookup(path, instance))
    assert answer.status_code == 200
    return answer.json()["data"]["uuid"]


@pytest.mark.parametrize(
    ("path", "typename", "alias"),
    [
        (ADDITION, "Article", ADDITION),
        ("/1855", "Article", ADDITION),
        ("/mathe/1855/any-title", "Article", ADDITION),
        ("/mathe/geometrie/zylinder", "Article", "/mathe/1555/zylinder"),
        ("/mathe/12345/gr%C3%B6%C3%9Fe-und-ma%C3%9F", "Article", "/mathe/12345/größe-und-maß"),
        ("/mathe/schulmathematik", "TaxonomyTerm", "/mathe/5/mathematik"),
        ("/mathe", "Page", "/mathe"),
        ("/user/profile/admin", "User", "/user/1/admin"),
        ("/mathe/18514/2ab31c7f/zweite-seite", "Course", "/mathe/18514/überblick"),
    ],
)
def test_paths_that_the_api_knows(path: str, typename: str, alias: str) -> None:
    uuid = found(path)
    assert (uuid["__typename"], uuid["alias"]) == (typename, alias)


def test_entities_of_another_instance_are_found_by_number_only() -> None:
    assert found("/35598")["instance"] == "en"
    assert found("/mathe/geometrie/zylinder", "en") is None


def test_comments_and_courses_have_what_the_worker_reads() -> None:
    comment = found("/27778")
    assert (comment["trashed"], comment["legacyObject"]) == (False, {"alias": ADDITION})
    assert found("/65049")["trashed"] is True
    content = json.loads(found("/18514")["currentRevision"]["content"])
    assert [len(page["id"]) for page in content["state"]["pages"]] == [36, 36]


@pytest.mark.parametrize("path", ["/", "/nothing", "/999999", "/mathe/999999/x", "//", ""])
def test_unknown_paths_are_null(path: str) -> None:
    assert post(lookup(path)).json()["data"] == {"uuid": None}


def test_the_answer_names_who_gave_it() -> None:
    said = post(lookup(ADDITION)).json()["extensions"]["rehearsal"]
    assert (said["service"], said["version"], said["pod"]) == ("server", "1.2.3", "server")
    assert said["request"]["headers"]["authorization"].startswith("Serlo Service=")


@pytest.mark.parametrize(
    ("authorization", "complaint"),
    [
        (None, "jwt must be provided"),
        ("Bearer x", "jwt must be provided"),
        ("Serlo Service=x.y", "jwt malformed"),
        ("Serlo Service=a.b.c", "jwt malformed"),
        (f"Serlo Service={token(GOOD, 'none')}", "invalid algorithm"),
        (f"Serlo Service={token(GOOD | {'aud': 'else'})}", "jwt aud invalid"),
        (f"Serlo Service={token(GOOD | {'iss': 'else'})}", "jwt iss invalid"),
        (f"Serlo Service={token(GOOD | {'exp': 1})}", "jwt expired"),
    ],
)
def test_unsigned_lookups_are_refused(authorization: str | None, complaint: str) -> None:
    answer = post(lookup(ADDITION), authorization)
    assert answer.status_code == 400
    message = answer.json()["errors"][0]["message"]
    assert f"Invalid service token: {complaint}" in message
    assert "data" not in answer.json()


def is_as_ever(answer: httpx.Response) -> bool:
    said = answer.json()
    return answer.status_code == 200 and "pod" in said and "data" not in said


def test_anything_else_is_answered_as_by_any_pod() -> None:
    bodies = (b"", b"{", b"[1]", b'{"variables": {}}', b'{"variables": {"alias": {"path": 1}}}')
    for body in bodies:
        assert is_as_ever(post(body, None))
    assert is_as_ever(post(lookup(ADDITION), host="other"))
    assert is_as_ever(post(lookup(ADDITION), path="/health"))
    long = post(lookup(ADDITION) | {"query": "x" * 200_000})
    assert is_as_ever(long)
    assert long.json()["request"]["body_bytes"] > 200_000
