"""A worker without a routing table that it can execute says so, to whoever has just started it."""

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site
from tests.rehearsal.edge_worker.sites import API_SECRET, domain

_BINDINGS = {
    "DOMAIN": "serlo-staging.dev",
    "ENVIRONMENT": "staging",
    "API_ENDPOINT": "https://api.serlo-staging.dev/graphql",
    "FRONTEND_DOMAIN": "frontend.serlo-staging.dev",
    "ALLOW_AUTH_FROM_LOCALHOST": "true",
    "API_SECRET": API_SECRET,
}
"""Those of the worker in production use, which has its rules in its code."""
_HOST_OF_THE_REQUEST = {
    "name": "anywhere",
    "hosts": ["de"],
    "path": {"pattern": "^/(?<host>[a-z.]+)$"},
    "then": {"do": "redirect", "to": "https://{host}/", "status": 301},
}
_LOGGED = {
    "none": "ROUTES_1 is missing",
    "torn": "not one JSON document",
    "refused": "the rule anywhere is wrong",
}


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRuntime]:
    refused = json.dumps({"limits": {}, "rules": [_HOST_OF_THE_REQUEST]})
    found = {
        "none": Site(_BINDINGS),
        "torn": Site(_BINDINGS | {"ROUTES_1": refused[:40]}),
        "refused": Site(_BINDINGS | {"ROUTES_1": refused[:40], "ROUTES_2": refused[40:]}),
    }
    with EdgeRuntime(tmp_path_factory.mktemp("edge"), found) as runtime:
        yield runtime


@pytest.mark.parametrize(("site", "logged"), _LOGGED.items())
def test_page_and_log_say_that_there_is_no_table(
    workers: EdgeRuntime, site: str, logged: str
) -> None:
    mine = str(uuid.uuid4())
    url = f"https://de.{domain('staging')}/elsewhere.example"
    answer = workers.fetch(site, url, headers={"x-request-id": mine})
    assert answer.status == 503
    assert answer.headers["retry-after"] == "30"
    assert answer.headers["x-request-id"] == mine
    assert "no routing table (ROUTES_1" in answer.text
    # What is wrong with it is in the log alone.
    assert logged not in answer.text
    (line,) = [line for line in workers.log().splitlines() if mine in line]
    assert logged in json.loads(line[line.index("{") :])["message"]
    assert not workers.calls()
