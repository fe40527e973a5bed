"""No request and no answer leads the worker to a host that is neither declared nor the origin."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rehearsal.edge_load import sites
from tests.rehearsal.edge_load.hostile import COOKIE, TOKEN, Attack, attacks
from tests.rehearsal.edge_load.wire import Connection, Reply
from tests.rehearsal.edge_worker.runtime import Call, EdgeRuntime

TABLE = sites.table(50, types=("Article",))
PATHS = sorted(set(sites.paths(TABLE)))
ATTACKS = {
    name: attacks(sites.DOMAINS[name], sites.FRONTENDS[name], sites.labels(TABLE), PATHS)
    for name in sites.ENVIRONMENTS
}
DECLARED = sites.third_parties(TABLE)
# What the frontend, the API and the origin get, and no one else: the visitor's, and our secrets.
PRIVATE = ("cookie", "authorization", "origin", "referer", "x-request-id", "x-from")


@dataclass(frozen=True)
class Target:
    """A zone under attack."""

    name: str
    domain: str
    frontend: str
    connection: Connection

    def is_ours(self, host: str) -> bool:
        return host == self.domain or host.endswith(f".{self.domain}")


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRuntime]:
    both = {name: sites.site(name, TABLE) for name in sites.ENVIRONMENTS}
    with EdgeRuntime(tmp_path_factory.mktemp("edge"), both) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def targets(runtime: EdgeRuntime) -> Iterator[dict[str, Target]]:
    found = {
        name: Target(
            name, sites.DOMAINS[name], sites.FRONTENDS[name], Connection(runtime.port(name))
        )
        for name in sites.ENVIRONMENTS
    }
    yield found
    for target in found.values():
        target.connection.close()


@settings(max_examples=600, deadline=None)
@given(data=st.data(), environment=st.sampled_from(sites.ENVIRONMENTS))
def test_nothing_is_fetched_from_a_host_that_is_not_declared(
    runtime: EdgeRuntime,
    targets: dict[str, Target],
    data: st.DataObject,
    environment: sites.Environment,
) -> None:
    target = targets[environment]
    attack = data.draw(ATTACKS[environment])
    reply = _carried_out(runtime, target, attack)
    asked = (
        attack.message.host.decode().rpartition(":")[0] or attack.message.host.decode()
    ).lower()
    for call in runtime.calls():
        host = urlsplit(call.url).hostname or ""
        declared = {target.frontend, f"api.{target.domain}", *DECLARED}
        is_origin = target.is_ours(host.rstrip(".")) and host.rstrip(".") == asked.rstrip(".")
        assert host in declared or is_origin, call
        assert call.url.startswith("https://"), call
        _keeps_what_is_private(call, host, target)
    _redirects_to_nobody_else(reply, attack, target)


def _carried_out(runtime: EdgeRuntime, target: Target, attack: Attack) -> Reply:
    runtime.reset()
    runtime.answer(
        "https://",
        status=attack.status,
        headers={"location": attack.location, "content-type": "application/json"},
        body=attack.document,
    )
    # The API answers questions about paths, whatever it answers visitors.
    runtime.answer(
        f"https://api.{target.domain}/graphql", body=attack.document, containing="AliasInput"
    )
    path = urlsplit(attack.message.target.decode()).path
    for label in ("de", "en"):
        runtime.kv_put(f"/{label}{path}", attack.stored)
    return target.connection.ask(attack.message)


def _keeps_what_is_private(call: Call, host: str, target: Target) -> None:
    headers = call.headers
    text = " ".join(f"{name}: {value}" for name, value in headers.multi_items())
    assert sites.API_SECRET not in text, call
    if host in DECLARED:
        assert not [name for name in PRIVATE if name in headers], call
        assert not [name for name in headers if name.startswith("x-serlo")], call
        assert COOKIE not in text and TOKEN not in text, call
    elif target.is_ours(host.rstrip(".")):
        # A client that sends this header passes the gateway, so it is never what a visitor guessed.
        assert headers.get_list("x-serlo-edge") == [sites.ORIGIN_SECRET], call
    else:
        assert "x-serlo-edge" not in headers, call


def _redirects_to_nobody_else(reply: Reply, attack: Attack, target: Target) -> None:
    """Where the table itself sends visitors. Redirects of upstreams are theirs."""
    location = reply.first(b"location")
    if location is None or location.decode() == attack.location:
        return
    host = urlsplit(location.decode()).hostname or ""
    assert location.startswith(b"https://"), location
    assert target.is_ours(host) or host in sites.redirect_hosts(TABLE), (attack, location)
