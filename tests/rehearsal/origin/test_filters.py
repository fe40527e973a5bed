"""What a pod sees of the headers that a route's rule changes."""

import pytest

from k8s import JsonObject
from rehearsal.origin.filters import at_the_pod


def rule(**modifier: object) -> JsonObject:
    return {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": modifier}]}


@pytest.mark.parametrize(
    ("changed_by", "seen"),
    [
        ({}, {"a": "1", "secret": "s"}),
        (rule(remove=["Secret", "absent"]), {"a": "1"}),
        (rule(set=[{"name": "A", "value": "2"}]), {"a": "2", "secret": "s"}),
        (rule(add=[{"name": "a", "value": "2"}]), {"a": "1,2", "secret": "s"}),
        (rule(add=[{"name": "B", "value": "2"}]), {"a": "1", "secret": "s", "b": "2"}),
        ({"filters": [{"type": "ResponseHeaderModifier"}]}, {"a": "1", "secret": "s"}),
    ],
)
def test_headers_change_on_the_way_to_the_pod(changed_by: JsonObject, seen: dict[str, str]) -> None:
    assert at_the_pod(changed_by, {"a": "1", "secret": "s"}) == seen
