"""What Python says of a request is what the worker does with it, in workerd."""

from collections.abc import Sequence

import pytest
from ada_url import normalize_url
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from infra.edge.simulator.decide import (
    Decision,
    Fetched,
    PathInfo,
    Redirected,
    Refused,
    Responded,
    Sorted,
    decide,
)
from infra.edge.simulator.request import EdgeRequest
from tests.rehearsal.edge_worker.runtime import Answer, Call, EdgeRuntime, Site
from tests.rehearsal.trace.conftest import NAMES, chosen
from tests.rehearsal.trace.visits import askings, cf

_LONGEST_KEY = 512


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_for_any_request_python_and_workerd_agree(
    edge: EdgeRuntime, name: str, data: st.DataObject
) -> None:
    site = chosen()[name]
    asking = data.draw(askings(site.bindings["DOMAIN"]))
    visit = EdgeRequest.of(
        asking.url, method=asking.method, headers=asking.headers, region=asking.region
    )
    edge.reset()
    if asking.known is not None and (key := _key(site, visit)) is not None:
        edge.kv_put(key, asking.entry)
    answer = edge.fetch(
        name,
        asking.url,
        method=asking.method,
        headers=asking.headers,
        cf=cf(asking.region),
    )
    known = asking.known if _key(site, visit) else None
    assert site.table is not None

    def lookup(_instance: str, _path: str) -> PathInfo | None:
        return known

    decision = decide(site.table, site.bindings, visit, lookup=lookup)
    calls = [call for call in edge.calls() if not _is_lookup(call, site)]
    note(f"{decision}\n{answer.status} {answer.headers}\n{calls}")
    _agrees(decision, visit, answer, calls)


def _key(site: Site, visit: EdgeRequest) -> str | None:
    label = visit.label(site.bindings["DOMAIN"])
    key = f"/{label}{visit.path}"
    return key if label and len(key) <= _LONGEST_KEY else None


def _is_lookup(call: Call, site: Site) -> bool:
    return call.url == site.bindings["API_ENDPOINT"] and b"uuid(alias" in call.body


def _agrees(decision: Decision, visit: EdgeRequest, answer: Answer, calls: Sequence[Call]) -> None:
    assert answer.headers.get("x-serlo-rule") == decision.rule
    outcome = decision.outcome
    match outcome:
        case Redirected():
            assert not calls
            assert (answer.status, answer.headers["location"]) == (outcome.status, outcome.location)
        case Responded():
            assert not calls
            assert answer.status == outcome.status
            assert answer.headers["content-type"] == outcome.content_type
            if outcome.content is not None and answer.body:
                assert answer.text == outcome.content
            cookie = answer.headers.get("set-cookie", "")
            assert cookie.startswith(f"useFrontend={outcome.use_frontend};") == bool(
                outcome.use_frontend
            )
        case Refused():
            assert not calls
            assert answer.status == outcome.status
        case Fetched():
            _asked(outcome, calls, visit)
            if outcome.allowed_origin is not None:
                allowed = answer.headers["access-control-allow-origin"]
                assert allowed == outcome.allowed_origin
        case Sorted():
            cookie = answer.headers.get("set-cookie", "")
            assert outcome.sets_cookie == cookie.startswith("useFrontend=")
            side = outcome.side
            if side is None:
                number = float(cookie.removeprefix("useFrontend=").partition(";")[0])
                side = "frontend" if number <= outcome.probability else "legacy"
            _asked(outcome.frontend if side == "frontend" else outcome.legacy, calls, visit)
        case _:
            raise AssertionError(f"nothing was left open, but {outcome}")


def _asked(fetched: Fetched, calls: Sequence[Call], visit: EdgeRequest) -> None:
    assert calls
    call = calls[0]
    # What is passed through has the form that the visitor chose.
    assert normalize_url(call.url) == fetched.urls[0]
    if fetched.upstream != "thumbnail":
        assert len(calls) == 1
        assert call.method == fetched.method
    for header in fetched.headers:
        if header.value is None or header.value.startswith("["):
            sent = call.headers.get(header.name)
            assert (sent is None) == (header.value is None), header
            assert sent != "forged"
    changed = {header.name for header in fetched.headers}
    for name, value in visit.headers.items():
        assert name in changed or call.headers.get(name) == value.strip(), name
