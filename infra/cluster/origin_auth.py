"""Lets only the worker at the edge in through the gateway.

The worker sends a secret in a header, and every HTTPRoute matches on it. A client that finds the
gateway's address and talks to it past Cloudflare gets the gateway's own 404.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, cast

import pulumi

HEADER = "x-serlo-edge"
"""The header's name; `infra/edge/worker/index.js` has it too."""

_EVERYTHING: dict[str, object] = {"path": {"type": "PathPrefix", "value": "/"}}


def only_from_edge(route: Mapping[str, object], secrets: Sequence[str]) -> dict[str, object]:
    """Return the spec of an HTTPRoute that answers only requests with one of the secrets.

    The header goes no further than the gateway. Each secret stays one in Pulumi's state.
    """
    guarded = deepcopy(dict(route))
    rules = cast(list[dict[str, Any]], guarded["rules"])
    for rule in rules:
        rule["matches"] = [
            {
                **match,
                "headers": [
                    *match.get("headers", []),
                    {"type": "Exact", "name": HEADER, "value": pulumi.Output.secret(secret)},
                ],
            }
            for match in cast(list[dict[str, Any]], rule.get("matches") or [_EVERYTHING])
            for secret in secrets
        ]
        rule["filters"] = [
            *rule.get("filters", []),
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": [HEADER]}},
        ]
    return guarded
