"""How a rehearsal's answer differs from those that were declared."""

from dataclasses import replace

import pytest

from infra.edge.simulator.request import EdgeRequest
from operations.declared.snapshot import take
from operations.routing.explain import Trace, trace_declared
from operations.routing.rehearsed import RehearsedAnswer, differences
from tests.stack_files import stack_file

_FRONTEND = RehearsedAnswer(
    status=200,
    rule="donations",
    location=None,
    script="serlo-staging",
    route="*serlo-staging.dev/*",
    service="frontend",
    namespace="frontend",
    pod="frontend-1",
    version="0" * 40,
    asked="frontend.serlo-staging.dev/de/spenden",
)
_REDIRECT = RehearsedAnswer(
    301, "alias", "https://de.serlo-staging.dev/1/x", None, None, None, None, None, None, None
)


@pytest.fixture(scope="module")
def declared() -> Trace:
    """The alias may answer, and else everybody gets the frontend."""
    visit = EdgeRequest.of("https://de.serlo-staging.dev/spenden")
    return trace_declared(take("staging", stack_file("staging")), visit)


@pytest.mark.parametrize("live", [_FRONTEND, _REDIRECT], ids=["frontend", "alias"])
def test_whatever_may_happen_is_no_difference(declared: Trace, live: RehearsedAnswer) -> None:
    assert differences(declared, live) == []


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (
            replace(_FRONTEND, rule="consent"),
            "expected alias or donations to answer, but consent did",
        ),
        (
            replace(_FRONTEND, rule=None),
            "expected alias or donations to answer, but no rule did",
        ),
        (replace(_REDIRECT, status=302), "expected the status to be 301, but it is 302"),
        (
            replace(_FRONTEND, service="varnish", namespace="serlo-org", version="6.0.2"),
            f"expected frontend/frontend in version {'0' * 40} to answer, "
            "but serlo-org/varnish in version 6.0.2 did",
        ),
    ],
    ids=["another rule", "no rule", "another status", "another pod"],
)
def test_a_difference_is_told_of_the_rule_that_answered(
    declared: Trace, live: RehearsedAnswer, said: str
) -> None:
    assert differences(declared, live) == [said]
