"""What the API says of a path, and what the worker asked it."""

import json

from tests.rehearsal.edge_worker.runtime import Call, EdgeRuntime
from tests.rehearsal.edge_worker.sites import api, frontend

PAGE = {"__typename": "Page", "alias": "/78337/sex-education", "instance": "en"}
ARTICLE = {"__typename": "Article", "alias": "/mathe/1/addition", "instance": "de"}
COMMENT = {
    "__typename": "Comment",
    "id": 65395,
    "alias": "/mathe/65395/65395",
    "trashed": False,
    "legacyObject": {"alias": "/mathe/1573/vektor"},
}


def given(edge: EdgeRuntime, uuid: object, *, containing: str = "") -> None:
    """What the API knows."""
    body = json.dumps({"data": {"uuid": uuid}})
    headers = {"content-type": "application/json"}
    edge.answer(api("today"), body=body, headers=headers, containing=containing)


def questions(edge: EdgeRuntime) -> list[Call]:
    """What the API was asked."""
    return [call for call in edge.calls() if call.url == api("today")]


def page(site: str, label: str, path: str) -> str:
    """Where the frontend has a page."""
    return f"https://{frontend(site)}/{label}{path}"
