"""Cloudflare's answer format: `{success, errors, messages, result, result_info}`, and its pages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rehearsal.cloudflare.api.refusals import PAGE_INVALID, Refused
from rehearsal.cloudflare.shapes import Json

Item = TypeVar("Item")


@dataclass(frozen=True)
class Reply:
    """An answer as sent: status, body bytes, headers."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])


def succeeded(
    result: object,
    *,
    status: int = 200,
    result_info: Json | None = None,
    messages: Sequence[Json] = (),
) -> Reply:
    """An envelope with `success: true`."""
    document: Json = {"success": True, "errors": [], "messages": list(messages), "result": result}
    if result_info is not None:
        document["result_info"] = result_info
    return _json(status, document)


def refused(refusal: Refused) -> Reply:
    """An envelope with `success: false`."""
    errors: list[Json] = [{"code": code, "message": message} for code, message in refusal.errors]
    if refusal.chain:
        errors[0]["error_chain"] = [
            {"code": code, "message": message} for code, message in refusal.chain
        ]
    document: Json = {"success": False, "errors": errors, "messages": [], "result": None}
    reply = _json(refusal.status, document)
    return Reply(reply.status, reply.body, reply.headers | refusal.headers)


def paged(
    items: Sequence[Item], query: Mapping[str, str], *, default: int = 20, most: int = 50
) -> tuple[list[Item], Json]:
    """The page that `page` and `per_page` of the query ask for, and its `result_info`.

    `default` and `most` are those of Cloudflare's OpenAPI schema, such as 100 and 5,000,000 for DNS
    records, and 20 and 50 for zones. What Cloudflare does with more is not documented and differs
    between its products; here it is refused, so that no program relies on it.

    Raises Refused when either is not a number in its range.
    """
    page = _number(query, "page", 1, 1, 1_000_000)
    per_page = _number(query, "per_page", default, 1, most)
    chosen = list(items[(page - 1) * per_page : page * per_page])
    info: Json = {
        "page": page,
        "per_page": per_page,
        "count": len(chosen),
        "total_count": len(items),
        "total_pages": -(-len(items) // per_page),
    }
    return chosen, info


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise PAGE_INVALID.because(name=name, value=text)
    return int(text)


def _json(status: int, document: Json) -> Reply:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, {"content-type": "application/json"})
