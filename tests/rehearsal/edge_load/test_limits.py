"""The worker and its table stay under Cloudflare's limits, those of the Free plan.

Each limit is named with the page that says so, as read in November 2026. Two are Cloudflare's own
to check: a worker has to start within a second, and may take 10 ms of processor time for a request
(`make bench-edge` tells how much it takes: less than one).
"""

import gzip
from collections.abc import Iterator

import pytest

from benchmarks.edge.contestants import generated
from infra.edge.cloudflare.worker_script import SECRET_BINDINGS, Script, script, worker_code
from infra.stack.environment import Environment
from tests.rehearsal.edge_load import sites
from tests.rehearsal.edge_load.visitors import HTTPS
from tests.rehearsal.edge_load.wire import Connection, Message, Reply
from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site
from tests.stack_files import STACKS, real_stack_file

# https://developers.cloudflare.com/workers/platform/limits/
WORKER_BYTES = 3_000_000
"""Compressed. 10 MB with Workers Paid."""
VARIABLES = 64
"""Secrets included. 128 with Workers Paid."""
VARIABLE_BYTES = 5_000
"""5 KB; Cloudflare does not say which kilobyte it means, so the smaller one."""
SUBREQUESTS = 50
"""Of one request; each one of a chain of redirects counts, and so does the store."""
URL_BYTES = 16_000

# https://developers.cloudflare.com/kv/platform/limits/
KEY_BYTES = 512
VALUE_BYTES = 25_000_000
# https://developers.cloudflare.com/kv/api/write-key-value-pairs/
LEAST_SECONDS = 60
"""Until an entry of the store expires."""

STORE_OPERATIONS = 4
"""Of one request at most: the path is looked up once for its alias and once for its type."""

_REFUSED = '{"data":null,"errors":[{"message":"Invalid service token"}]}'


@pytest.fixture(params=STACKS)
def uploaded(request: pytest.FixtureRequest) -> Script:
    return script(Environment.load(real_stack_file(request.param)))


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRuntime]:
    """Both secrets are there, as while one replaces the other."""
    variables = sites.bindings("production") | {"API_SECRET_SECOND": "the next one"}
    site = Site(variables, sites.table(100))
    with EdgeRuntime(tmp_path_factory.mktemp("edge"), {"edge": site}) as runtime:
        yield runtime


@pytest.mark.real_stacks
def test_the_scripts_size(uploaded: Script) -> None:
    assert len(gzip.compress(uploaded.code.encode())) < WORKER_BYTES


@pytest.mark.real_stacks
def test_number_and_size_of_variables(uploaded: Script) -> None:
    assert len(uploaded.variables) + len(SECRET_BINDINGS) <= VARIABLES
    for name, value in uploaded.variables.items():
        assert len(value.encode()) <= VARIABLE_BYTES, name


def test_a_table_of_a_thousand_rules_fits_as_well() -> None:
    assert len(gzip.compress(worker_code(generated(1000)).encode())) < WORKER_BYTES


@pytest.mark.parametrize(
    ("host", "target", "least"),
    [
        # The look-up is refused every time, then the frontend redirects to itself every time.
        ("de", "/mathe/1555/ableitung", 24 + 6),
        # Somebody else's server redirects every time, and then the same as above.
        ("de", "/api/pdf/1555", 6 + 24 + 6),
        ("de", "/api/stats/quickbar.json", 6 + 24 + 6),
        ("api", "/graphql", 24),
        ("embed", "/?url=https://www.youtube-nocookie.com/embed/x", 2),
        ("embed", "/?url=https://vimeo.com/15", 1),
        ("assets", "/1a2b/name.png", 1),
    ],
)
def test_subrequests_when_everything_goes_wrong(
    runtime: EdgeRuntime, host: str, target: str, least: int
) -> None:
    runtime.reset()
    # A path without an answer of its own redirects to itself, on whatever host.
    runtime.answer("https://", status=302, headers={"location": "?again"})
    runtime.answer("https://api.serlo.org/graphql", status=401, body=_REFUSED)
    _ask(runtime, host, target)
    count = len(runtime.calls())
    assert least <= count
    assert count + STORE_OPERATIONS <= SUBREQUESTS


@pytest.mark.parametrize("found", [True, False], ids=["found", "not found"])
@pytest.mark.parametrize("length", [12, 504, 508, 509, 510, 600, URL_BYTES - 100])
@pytest.mark.parametrize("letter", ["x", "%C3%A4"])
def test_entries_of_the_store(runtime: EdgeRuntime, length: int, letter: str, found: bool) -> None:
    path = "/" + letter * (length // len(letter))
    article = f'{{"__typename":"Article","id":1,"instance":"de","alias":"{path}"}}'
    runtime.reset()
    runtime.answer(
        "https://api.serlo.org/graphql",
        body=f'{{"data":{{"uuid":{article if found else "null"}}}}}',
    )
    reply = _ask(runtime, "de", path)
    assert reply.status == 200
    entries = runtime.kv_entries()
    assert len(entries) == 1
    for key, entry in entries.items():
        assert len(key.encode()) <= KEY_BYTES
        assert len(entry.value.encode()) <= VALUE_BYTES
        assert entry.ttl is not None
        assert entry.ttl >= LEAST_SECONDS


def test_the_longest_url(runtime: EdgeRuntime) -> None:
    for host in ("de", "hydra", "embed", "assets", "www"):
        target = "/" + "a" * 8000 + "?contentOnly&url="
        runtime.reset()
        reply = _ask(runtime, host, target + "b" * (URL_BYTES - 30 - len(target)))
        assert reply.status in (200, 301), host


def _ask(runtime: EdgeRuntime, host: str, target: str) -> Reply:
    connection = Connection(runtime.port("edge"))
    cookie = (b"cookie", b"useFrontend=0")
    reply = connection.ask(
        Message(f"{host}.serlo.org".encode(), target.encode(), headers=[HTTPS, cookie])
    )
    connection.close()
    return reply
