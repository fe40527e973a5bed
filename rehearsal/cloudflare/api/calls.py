"""A request to the API as a handler sees it, and the table that names its handler."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from rehearsal.cloudflare.api.envelope import Reply
from rehearsal.cloudflare.api.refusals import BODY_INVALID
from rehearsal.cloudflare.runtime.workerd import Runtime
from rehearsal.cloudflare.shapes import Json
from rehearsal.cloudflare.storage import Storage

Body = Literal["none", "json", "raw", "upload"]
"""What a route reads: nothing, a JSON document, any bytes, or bytes or a multipart form."""


@dataclass(frozen=True)
class Part:
    """One part of a multipart form; `filename` is empty for a plain field."""

    name: str
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Service:
    """What handlers work with: the state, the Workers runtime, who may call."""

    storage: Storage
    runtime: Runtime
    token: str
    token_id: str
    accounts: Callable[[], set[str]]
    """The ids of the accounts that exist; zones may bring new ones."""


@dataclass(frozen=True)
class Call:
    """One request, authenticated and routed; its ids are well-formed and of existing owners."""

    service: Service
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    parts: list[Part] = field(default_factory=list[Part])

    @property
    def storage(self) -> Storage:
        """The state."""
        return self.service.storage

    def document(self) -> object:
        """The body as JSON. Raises Refused when it is not JSON."""
        try:
            return cast(object, json.loads(self.body))
        except ValueError:
            raise BODY_INVALID.because() from None

    def object(self) -> Json:
        """The body as a JSON object. Raises Refused when it is something else."""
        document = self.document()
        if not isinstance(document, dict):
            raise BODY_INVALID.because()
        return cast(Json, document)


@dataclass(frozen=True)
class Route:
    """One line of an area's route table.

    `{zone_id}` and `{account_id}` in the template are checked before the handler is called;
    other ids are the handler's business. A plain handler runs inside one transaction; an async one
    makes its own.
    """

    method: str
    template: str
    handler: Callable[[Call], Reply | Awaitable[Reply]]
    body: Body = "none"
