"""The world outside our zones: it is never asked; recordings and a stand-in answer for it."""

import json

from rehearsal.cloudflare.edge.answer import Answer
from rehearsal.cloudflare.edge.forwarding import Onward
from rehearsal.cloudflare.edge.recordings import Recordings
from rehearsal.cloudflare.steering import SteeringError
from rehearsal.cloudflare.storage import Storage


class World:
    """Answers for hosts that are not ours, and writes every request to them into the audit."""

    def __init__(self, storage: Storage, recordings: Recordings) -> None:
        self._storage = storage
        self._recordings = recordings

    async def respond(
        self, going: Onward, answer: Answer, *, url: str, caller: str, asked: str | None = None
    ) -> None:
        """Answer a request for `url`; `caller` is the script, or `origin` for a DNS record.

        Such a record leads from `asked`, which may be recorded instead.
        """
        host = url.split("/")[2]
        answer.headers.append(("x-rehearsal-foreign", host))
        try:
            recorded = self._recordings.find(going.method, asked or url)
            if recorded is None and asked is not None:
                recorded = self._recordings.find(going.method, url)
        except SteeringError as error:
            # The file beside the state has a mistake; the person who edited it reads this.
            self._audit(caller, going.method, url, 500)
            await answer.body(500, "text/plain; charset=utf-8", f"{error}\n".encode())
            return
        if recorded is None:
            document = {"rehearsal": "not fetched: this host is outside the rehearsal"}
            document |= {"host": host, "url": url, "method": going.method, "caller": caller}
            self._audit(caller, going.method, url, 200)
            await answer.body(200, "application/json", json.dumps(document).encode())
            return
        self._audit(caller, going.method, url, recorded.status)
        answer.headers.append(("x-rehearsal-recorded", recorded.url))
        answer.headers += [(name.lower(), value) for name, value in recorded.headers.items()]
        await answer.body(recorded.status, recorded.content_type, recorded.content)

    def _audit(self, caller: str, method: str, url: str, status: int) -> None:
        with self._storage.transaction():
            self._storage.audit("foreign_fetch", caller, (method, url), status)
