"""A rule whose host the request would choose is never executed."""

import json
import uuid
from pathlib import Path

from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site

_BINDINGS = {
    "DOMAIN": "serlo-staging.dev",
    "ENVIRONMENT": "staging",
    "API_ENDPOINT": "https://api.serlo-staging.dev/graphql",
    "FRONTEND_DOMAIN": "frontend.serlo-staging.dev",
}
_HOST_OF_THE_REQUEST = {
    "name": "anywhere",
    "hosts": ["de"],
    "path": {"pattern": "^/(?<host>[a-z.]+)$"},
    "then": {"do": "redirect", "to": "https://{host}/", "status": 301},
}


def test_the_visitor_gets_a_page_and_the_log_the_reason(tmp_path: Path) -> None:
    site = Site(_BINDINGS, {"limits": {}, "rules": [_HOST_OF_THE_REQUEST]})
    mine = str(uuid.uuid4())
    with EdgeRuntime(tmp_path / "edge", {"edge": site}) as runtime:
        answer = runtime.fetch(
            "edge", "https://de.serlo-staging.dev/elsewhere.example", headers={"x-request-id": mine}
        )
        assert answer.status == 500
        assert answer.headers["x-request-id"] == mine
        assert "anywhere" not in answer.text
        (line,) = [line for line in runtime.log().splitlines() if mine in line]
        problem = json.loads(line[line.index("{") :])["problem"]
        assert problem.startswith("Error: the rule anywhere is wrong")
        assert not runtime.calls()
