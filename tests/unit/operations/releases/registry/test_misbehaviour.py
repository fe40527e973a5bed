"""Registries that refuse, break or lie: always one reason, and never a secret given away."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from operations.releases.registry import Registry, RegistryUnavailable
from tests.unit.operations.releases.registry.stub import Call, Reply, Stub

Start = Callable[[Callable[[Call], Reply]], Stub]

TOKEN = b'{"token": "a-token"}'


def reason(question: Callable[[], object]) -> str:
    with pytest.raises(RegistryUnavailable) as caught:
        question()
    assert "\n" not in caught.value.reason
    return caught.value.reason


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(429, {"Retry-After": "37"}), "takes no more requests (429); try again in 37 s"),
        (Reply(429), "takes no more requests (429)"),
        (Reply(500), "answers with status 500"),
        (Reply(503, body=b"<html>"), "answers with status 503"),
        (Reply(403), "it is private, or does not exist"),
        (Reply(401), "does not say how to authenticate"),
        (Reply(401, {"WWW-Authenticate": 'Basic realm="x"'}), "it is private, or does not exist"),
        (Reply(401, {"WWW-Authenticate": "Negotiate"}), "does not say how to authenticate"),
        (
            Reply(401, {"WWW-Authenticate": 'Bearer realm="http://192.0.2.1/token"'}),
            "wants a token from an address without https",
        ),
        (Reply(body=b"<html>hello</html>"), "does not answer in JSON"),
        (Reply(body=b"[]"), "does not answer in JSON"),
        (Reply(body=b'{"tags": "all"}'), "answers with something else than tags"),
        (Reply(302, {"Location": "http://192.0.2.1/"}), "redirects to an address without https"),
        (Reply(302, {"Location": "https://[::1"}), "Invalid URL in location header"),
        (Reply(302, {"Location": "http://127.0.0.1:99999/"}), "redirects to an address without"),
        (
            Reply(401, {"WWW-Authenticate": 'Bearer realm="https://[x"'}),
            "wants a token from an address without https",
        ),
        (
            Reply(headers={"Link": '<http://[>; rel="next"'}, body=b'{"tags": ["1.0.0"]}'),
            "continues its list of tags elsewhere",
        ),
        (Reply(307, {"Location": "/v2/app/tags/list"}), "redirects in circles"),
        (Reply(body=b" " * 9_000_000), "answers without end"),
        (
            Reply(
                headers={"Link": '<https://elsewhere.example/v2/app/tags/list>; rel="next"'},
                body=b'{"tags": ["1.0.0"]}',
            ),
            "continues its list of tags elsewhere",
        ),
        (
            Reply(
                headers={"Link": '</v2/app/tags/list?last=1.0.0>; rel="next"'},
                body=b'{"tags": ["1.0.0"]}',
            ),
            "the list of tags has no end",
        ),
    ],
)
def test_lists_of_tags(stub: Start, registry: Registry, reply: Reply, expected: str) -> None:
    server = stub(lambda _: reply)
    said = reason(lambda: registry.tags(f"{server.host}/app"))
    assert said.startswith(server.host)
    assert expected in said


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(headers={"Docker-Content-Digest": "sha512:abc"}), "not a sha256"),
        (Reply(headers={"Docker-Content-Digest": "sha256:short"}), "not a sha256"),
        (Reply(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), "no more requests (429)"),
    ],
)
def test_digests(stub: Start, registry: Registry, reply: Reply, expected: str) -> None:
    server = stub(lambda _: reply)
    assert expected in reason(lambda: registry.digest(f"{server.host}/app", "1.0.0"))


def test_a_digest_that_is_not_the_one_asked_for(stub: Start, registry: Registry) -> None:
    server = stub(lambda _: Reply(headers={"Docker-Content-Digest": f"sha256:{'1' * 64}"}))
    asked = f"sha256:{'2' * 64}"
    assert f"answers {asked} with" in reason(lambda: registry.digest(f"{server.host}/app", asked))


def test_a_digest_nobody_names_is_computed(stub: Start, registry: Registry) -> None:
    server = stub(lambda _: Reply(body=b"{}"))
    assert registry.digest(f"{server.host}/app", "1.0.0") == (
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    assert [call.method for call in server.calls] == ["HEAD", "GET"]


def test_names_that_are_no_tags_are_dropped(stub: Start, registry: Registry) -> None:
    tags = ["1.0.0", "\x1b[31m", "a b", "", 7, "-x", "x" * 129]
    server = stub(lambda _: Reply(body=json.dumps({"tags": tags}).encode()))
    assert registry.tags(f"{server.host}/app") == ["1.0.0"]


def test_a_token_never_follows_to_another_host(
    stub: Start, registry: Registry, docker: Path
) -> None:
    other = stub(lambda _: Reply(body=b'{"tags": ["1.0.0"]}'))

    def answer(call: Call) -> Reply:
        if call.path.startswith("/token"):
            return Reply(body=TOKEN)
        if call.authorization is None:
            return Reply(401, {"WWW-Authenticate": 'Bearer realm="/token",service="s"'})
        return Reply(307, {"Location": f"{other.url}/moved"})

    server = stub(answer)
    auths = {server.host: {"auth": "dXNlcjpzZWNyZXQ="}}  # user:secret
    (docker / "config.json").write_text(json.dumps({"auths": auths}))
    assert registry.tags(f"{server.host}/app") == ["1.0.0"]
    assert [call.authorization for call in other.calls] == [None]
    assert [call.authorization for call in server.calls] == [
        None,
        "Basic dXNlcjpzZWNyZXQ=",
        "Bearer a-token",
    ]


def test_a_token_follows_within_its_host(stub: Start, registry: Registry) -> None:
    def answer(call: Call) -> Reply:
        if call.path.startswith("/token"):
            return Reply(body=b'{"access_token": "a-token"}')
        if call.authorization is None:
            return Reply(401, {"WWW-Authenticate": 'Bearer realm="/token"'})
        if call.path == "/moved":
            return Reply(body=b'{"tags": ["1.0.0"]}')
        return Reply(307, {"Location": "/moved"})

    server = stub(answer)
    assert registry.tags(f"{server.host}/app") == ["1.0.0"]
    assert server.calls[-1] == Call("GET", "/moved", "Bearer a-token")


def test_basic_authorization(stub: Start, registry: Registry, docker: Path) -> None:
    def answer(call: Call) -> Reply:
        if call.authorization == "Basic dXNlcjpzZWNyZXQ=":
            return Reply(body=b'{"tags": ["1.0.0"]}')
        return Reply(401, {"WWW-Authenticate": 'Basic realm="registry"'})

    server = stub(answer)
    auths = {server.host: {"username": "user", "password": "secret"}}
    (docker / "config.json").write_text(json.dumps({"auths": auths}))
    assert registry.tags(f"{server.host}/app") == ["1.0.0"]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"token": 7}', b'{"token": "\\u00e4"}', b'{"token": "a\\nb"}', b"no"]
)
def test_tokens_that_are_none(stub: Start, registry: Registry, body: bytes) -> None:
    def answer(call: Call) -> Reply:
        if call.path.startswith("/token"):
            return Reply(body=body)
        return Reply(401, {"WWW-Authenticate": 'Bearer realm="/token"'})

    server = stub(answer)
    said = reason(lambda: registry.tags(f"{server.host}/app"))
    assert "gives no token" in said or "does not answer in JSON" in said


def test_a_registry_that_hangs(stub: Start, registry: Registry, released: threading.Event) -> None:
    server = stub(lambda _: Reply(hang=released))
    assert "did not answer within 1 s" in reason(lambda: registry.tags(f"{server.host}/app"))
    # Once is enough: nobody waits a second time.
    assert "did not answer within 1 s" in reason(lambda: registry.tags(f"{server.host}/other"))
    assert len(server.calls) == 1


def test_a_registry_that_goes_on_for_ever(
    stub: Start, registry: Registry, released: threading.Event
) -> None:
    server = stub(lambda _: Reply(trickle=released))
    assert "did not answer within 1 s" in reason(lambda: registry.tags(f"{server.host}/app"))


def test_nobody_there(stub: Start, registry: Registry) -> None:
    server = stub(lambda _: Reply())
    server.close()
    assert f"{server.host} cannot be reached" in reason(lambda: registry.tags(f"{server.host}/app"))


def test_a_refused_image_does_not_silence_its_registry(stub: Start, registry: Registry) -> None:
    def answer(call: Call) -> Reply:
        return Reply(403) if "private" in call.path else Reply(body=b'{"tags": ["1.0.0"]}')

    server = stub(answer)
    reason(lambda: registry.tags(f"{server.host}/private"))
    assert registry.tags(f"{server.host}/public") == ["1.0.0"]
